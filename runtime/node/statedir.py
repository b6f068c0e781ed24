"""What outlives a controller: its state directory, with the boot count and the logs."""

import os
from pathlib import Path

from runtime.core.fault import ConfigFault
from runtime.scan.wholefile import write_whole
from runtime.wire.rundir import make_own, run_base

BOOT_COUNT_FILE = "boot_count"
CACHE_IN_RUN_BASE = ".cache"
"""No site can have this name."""


def default_state_dir(site: str) -> Path:
    """`$XDG_STATE_HOME/voltscan/SITE`, or `/var/lib/voltscan/SITE` for root, or `~/.local/state/voltscan/SITE`."""
    base = os.environ.get("XDG_STATE_HOME")
    if base:
        return Path(base) / "voltscan" / site
    if os.geteuid() == 0:
        return Path("/var/lib/voltscan") / site
    return Path.home() / ".local" / "state" / "voltscan" / site


def cache_dir() -> Path:
    """Where object code is kept between starts: `$XDG_CACHE_HOME/voltscan` or `~/.cache/voltscan`.

    Beside the run directories when that cannot be written: a service often has no home, or a read-only one.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(base) if base else Path.home() / ".cache") / "voltscan"
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        usable = os.access(cache, os.W_OK | os.X_OK)
    except OSError:
        usable = False
    if usable:
        return cache
    make_own(run_base())  # what lies in the cache is executed: nobody else may own the way to it
    return run_base() / CACHE_IN_RUN_BASE


def make_state_dir(state_dir: Path) -> Path:
    """The state directory, made when missing. Raises ConfigFault when it cannot be."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as bad:
        raise _unwritable(state_dir, bad) from bad
    if not os.access(state_dir, os.W_OK | os.X_OK):
        raise _unwritable(state_dir, PermissionError(13, "Permission denied"))
    return state_dir


def next_term(state_dir: Path) -> int:
    """Count this start in an existing state directory and return the count: the term of a single controller.

    Written, synced and renamed before it is used, so that a sink never meets a term twice. Raises ConfigFault when the
    directory cannot be written or the file is not a number (a term that went back would be refused by every sink).
    """
    path = state_dir / BOOT_COUNT_FILE
    try:
        count = int(path.read_text()) + 1 if path.exists() else 1
        write_whole(path, f"{count}\n".encode())
    except ValueError as bad:
        raise ConfigFault(
            f"the boot count is not a number: {bad}",
            where=str(path),
            mend="write into it a number larger than any boot count this site has had (see the log), or delete it",
        ) from bad
    except OSError as bad:
        raise _unwritable(state_dir, bad) from bad
    return count


def _unwritable(state_dir: Path, bad: OSError) -> ConfigFault:
    return ConfigFault(
        f"the state directory cannot be written: {bad.strerror}",
        where=str(state_dir),
        mend="give the user who runs Voltscan write access, or set state_dir in the site file",
    )
