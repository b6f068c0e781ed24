"""Entry of a site's simulated plant: `python -m runtime.node.plant PREPARED_FOLDER PLANT_OF PARENT_PID`.

A second Voltscan with processes of its own, from what the controller's start has checked and compiled already: killed,
it is back as quickly as an interpreter starts.
"""

import shutil
import signal
import sys
from functools import partial
from pathlib import Path

from runtime.core.fault import PlcFault
from runtime.node.children.parent import end_with_parent
from runtime.node.run import Controller, RunOptions
from runtime.node.runplan import RunPlan


def main(argv: list[str]) -> int:
    """Run the plant until it is told to end."""
    folder, plant_of, parent_pid = argv
    end_with_parent(signal.SIGTERM, int(parent_pid))
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    prepared = Path(folder)
    site = RunPlan.load(prepared).site
    try:
        controller = Controller(site, partial(_copy, prepared), RunOptions(of_files=True, plant_of=plant_of))
    except PlcFault as fault:
        sys.stderr.write(f"error: {fault}\n")
        return 1
    try:
        controller.run(_log, lambda _: None)
    finally:
        controller.close()
    return 0


def _copy(prepared: Path, run_dir: Path) -> None:
    shutil.copytree(prepared, run_dir, dirs_exist_ok=True)


def _log(severity: str, text: str) -> None:
    sys.stderr.write(f"{severity}: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
