"""A scan process for tests: run directory, control fd, image fd."""

import logging
import sys
from pathlib import Path

from runtime.image.manifest import Manifest
from runtime.node.statedir import cache_dir
from runtime.scan.process import run_scan
from runtime.scan.realtime import RealtimeSettings

if __name__ == "__main__":
    run_dir = Path(sys.argv[1])
    logging.basicConfig(level=logging.INFO)
    run_scan(
        manifest=Manifest.load(run_dir / "manifest.json"),
        object_code=(run_dir / "programs.o").read_bytes(),
        initial=(run_dir / "initial.bin").read_bytes(),
        control_fd=int(sys.argv[2]),
        image_fd=int(sys.argv[3]),
        realtime=RealtimeSettings(priority=int(sys.argv[4])),
        eventfds=[int(fd) for fd in sys.argv[5:]],
        cache_dir=cache_dir(),
    )
    heavy = sorted({"lark", "pydantic", "runtime.lang.llvm", "runtime.lang.interp"} & set(sys.modules))
    print(f"imported: {heavy}", file=sys.stderr)
