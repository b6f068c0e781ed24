"""One controller a site: the locks on its run directory and on its state directory."""

import fcntl
import os
import time
from pathlib import Path

from runtime.core.fault import ConfigFault
from runtime.wire.rundir import LOCK_NAME

LOOKERS_GONE_WITHIN_S = 0.3
"""`voltscan status` takes the lock, shared, for some microseconds to see whether a controller runs: try again then."""


class SiteLock:
    """Held while this supervisor lives; the kernel releases it with the process, however that ends."""

    def __init__(self, directory: Path, site: str) -> None:
        """Take the lock in an existing directory. Raises ConfigFault when another controller has it."""
        self._file = (directory / LOCK_NAME).open("a+")
        if not self._taken():
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise ConfigFault(
                f"site '{site}' is already run by process {owner}",
                where=str(directory),
                mend=f"look at it: voltscan status --site {site}; or stop it: kill {owner}; "
                "a second controller on this machine needs another `name` in its site file",
            )
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def _taken(self) -> bool:
        give_up = time.monotonic() + LOOKERS_GONE_WITHIN_S
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    return False
                time.sleep(0.01)
            else:
                return True

    def release(self) -> None:
        """Give the lock back."""
        self._file.close()
