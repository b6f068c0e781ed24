"""The log of one process, bounded: whatever it prints, however often it is started."""

from io import BufferedWriter
from pathlib import Path

LOG_SIZE_MAX = 1_000_000
"""A process's log is started anew past this size, with one older one kept beside it."""


def open_log(log: Path) -> BufferedWriter:
    """The log, to append to, for a process about to start. Raises OSError when it cannot be written."""
    if log.exists() and log.stat().st_size > LOG_SIZE_MAX:
        log.replace(log.with_name(f"{log.stem}.1.log"))
    return log.open("ab")
