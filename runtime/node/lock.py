"""One controller a site: the lock on its run directory."""

import fcntl
import os
from pathlib import Path

from runtime.core.fault import ConfigFault


class SiteLock:
    """Held while this supervisor lives; the kernel releases it with the process, however that ends."""

    def __init__(self, run_dir: Path, site: str) -> None:
        """Take the lock. Raises ConfigFault when another controller has it."""
        run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = (run_dir / "lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise ConfigFault(
                f"site '{site}' is already run by the process {owner}",
                where=str(run_dir),
                mend=f"look at it with `voltscan status --site {site}` or stop it with `kill {owner}`; "
                "a second controller on one machine needs a site name of its own",
            ) from taken
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Give the lock back."""
        self._file.close()
