"""Where running controllers are found: one directory a site under the run base directory, with a locked file in it.

The supervisor holds an exclusive `flock` on `<run>/lock` as long as it lives; the kernel drops it with the process,
so that a directory left behind by a crash is not taken for a running controller. Looking takes a shared lock for some
microseconds: whoever wants the exclusive one tries again for a moment before giving up.
"""

import fcntl
import os
import re
from pathlib import Path

from runtime.core.fault import ConfigFault

LOCK_NAME = "lock"
PLANT_OF_NAME = "plant_of"
"""File in the run directory of a simulated plant: the name of the site whose plant it is."""
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
SITE_NAME_MAX = 40
"""Characters of a site's name: it is part of a socket path, of which Linux allows 107 bytes in all."""


def run_base() -> Path:
    """The directory of all run directories of this user: per session, per system, or under /tmp."""
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if session and os.access(session, os.W_OK | os.X_OK):
        return Path(session) / "voltscan"
    if os.geteuid() == 0 and os.access("/run", os.W_OK | os.X_OK):
        return Path("/run/voltscan")
    return Path(f"/tmp/voltscan-{os.getuid()}")  # noqa: S108 (make_run_dir refuses one that is not ours)


def run_dir(site: str) -> Path:
    """The run directory of a site. It need not exist.

    Raises ConfigFault when the name cannot be one directory's name.
    """
    if not _SITE.fullmatch(site) or len(site) > SITE_NAME_MAX:
        raise ConfigFault(
            f"{site!r} is no name of a site",
            mend=f"use letters, digits, `_`, `-` and `.`, at most {SITE_NAME_MAX}, a letter or digit first",
        )
    return run_base() / site


def make_run_dir(site: str) -> Path:
    """The run directory of a site, made when missing, readable for its owner alone.

    Raises ConfigFault when a directory of that name belongs to somebody else.
    """
    run = run_dir(site)
    make_own(run.parent)
    make_own(run)
    return run


def make_own(directory: Path) -> None:
    """Make a directory that its owner alone can read. Raises ConfigFault when somebody else has made it before."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.stat(follow_symlinks=False)
    if status.st_uid != os.geteuid() or directory.is_symlink():
        raise ConfigFault(
            "the run directory belongs to another user",
            where=str(directory),
            mend="remove it, or set XDG_RUNTIME_DIR to a directory of your own",
        )
    directory.chmod(0o700)


def is_running(run: Path) -> bool:
    """True while a supervisor holds the lock of this run directory."""
    try:
        descriptor = os.open(run / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def running_sites() -> dict[str, Path]:
    """Every running controller of this user: site name and run directory, by name."""
    base = run_base()
    if not base.is_dir():
        return {}
    return {run.name: run for run in sorted(base.iterdir()) if is_running(run)}


def find_site(site: str | None) -> tuple[str, Path]:
    """The named controller, or the only one that runs; a simulated plant has to be named.

    Raises ConfigFault when it does not run, or when there are several to choose from.
    """
    running = running_sites()
    names = ", ".join(running) or "none"
    if site is not None:
        if site in running:
            return site, running[site]
        raise ConfigFault(
            f"no controller runs for site {site!r} (running: {names})",
            where=str(run_dir(site)),
            mend="start it: voltscan run SITE.toml",
        )
    controllers = {name: run for name, run in running.items() if not (run / PLANT_OF_NAME).exists()} or running
    if len(controllers) == 1:
        return next(iter(controllers.items()))
    if not running:
        raise ConfigFault("no controller is running", where=str(run_base()), mend="start one: voltscan run SITE.toml")
    raise ConfigFault(f"several controllers run: {names}", mend="name one: --site NAME")
