"""How long a large program takes from its text to a machine ready to scan: cold, and from the cache.

usage: python tools/bench/compile_time.py [--n 1000] [--shape flat cell]

Each figure is of a process of its own, imports of the compiler included, Python's own start not. Cold also means that
the grammar's table is made anew, as on the first start of an installation.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE)]

COLD_S_MAX = 10.0
CACHED_S_MAX = 0.3


def ready_s(folder: Path, text: Path) -> tuple[float, float]:
    """Seconds until the program of a file could scan, with a cache in a folder: on the wall, and of the processor."""
    began, worked = time.perf_counter(), time.process_time()
    from runtime.core.diagnostic import Source
    from runtime.core.objectcache import ObjectCache
    from runtime.lang.cache.objectcode import object_code_for
    from runtime.lang.cache.sourcecache import compile_cached
    from runtime.lang.native import Native

    cache = ObjectCache(folder)
    application = compile_cached([Source("bench.st", text.read_text())], cache).application
    assert application is not None
    Native(application, object_code_for(application, cache))
    return time.perf_counter() - began, time.process_time() - worked


def in_own_process(folder: Path, text: Path) -> tuple[float, float]:
    """The same, in a process that has imported nothing yet."""
    command = [sys.executable, __file__, "--one", str(folder), str(text)]
    wall_s, work_s = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(wall_s), float(work_s)


def main() -> int:
    """Exit code 1 when a figure is past what was promised."""
    parser = argparse.ArgumentParser(description="compile time, cold and cached")
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--shape", nargs="+", default=["flat", "cell"], choices=["flat", "cell"])
    parser.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(*ready_s(*options.one))
        return 0
    from workload import workload

    slow = False
    with tempfile.TemporaryDirectory() as name:
        for shape in options.shape:
            folder, text = Path(name) / shape, Path(name) / f"{shape}.st"
            text.write_text(workload("mix", options.n, shape))
            cold, cached = in_own_process(folder, text), min(in_own_process(folder, text) for _ in range(3))
            slow |= cold[0] > COLD_S_MAX or cached[0] > CACHED_S_MAX
            print(f"mix {shape:4} N={options.n}   ", end="")
            print(f"cold {cold[0]:.2f} s, {cold[1]:.2f} s of the processor (at most {COLD_S_MAX:g})   ", end="")
            print(f"from the cache {cached[0]:.3f} s, {cached[1]:.3f} s of the processor (at most {CACHED_S_MAX:g})")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
