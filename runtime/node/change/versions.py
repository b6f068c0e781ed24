"""Versions of a controller's programs: each in a folder of its own in the run directory, with a number and a name.

    RUN_DIR/versions/start          what `voltscan run` prepared
    RUN_DIR/versions/download-…     what `voltscan download` prepared
    RUN_DIR/versions/unpacked-…     what came in a package: from the other controller of a pair, or from a former run
    RUN_DIR/version.json            which of them runs
    STATE_DIR/version.json          the same, for whoever asks when the machine has been started again

A number counts the changes since the controller started, from 1; a rollback counts too. The name is a hash over all
that decides what a version does: code, layout, initial values, map; not over the site's name, so that it is the same at
both controllers of a pair.
"""

import json
import os
import pwd
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runtime.node.change.package import content_hash
from runtime.scan.wholefile import write_whole
from runtime.wire.messages import Severity

VERSIONS = "versions"
START = "start"
NOTE = "version.json"
_DOWNLOAD = "download-"
_UNPACKED = "unpacked-"
_HASH_LEN = 12
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class VersionNote:
    """Which version runs, since when, and who brought it. `folder` holds its files."""

    number: int
    hash: str
    since_wall_ns: int
    by: str
    folder: str

    def save(self, *directories: Path) -> None:
        """Write it into run directory and state directory, whole or not at all. Raises OSError."""
        for directory in directories:
            write_whole(directory / NOTE, json.dumps(asdict(self)).encode())

    @classmethod
    def load(cls, directory: Path) -> "VersionNote":
        """The note of a running controller, or of the last one. Raises OSError when there is none."""
        told: dict[str, Any] = json.loads((directory / NOTE).read_text())
        return cls(**told)


def told_of_last(state_dir: Path, now: VersionNote) -> tuple[tuple[Severity, str], ...]:
    """What to say at a start when the controller before this one ended in another version."""
    try:
        last = VersionNote.load(state_dir)
    except (OSError, ValueError, TypeError):  # none yet, or of another release: it only serves to tell
        return ()
    if last.hash == now.hash:
        return ()
    since = datetime.fromtimestamp(last.since_wall_ns / _NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return (("warning", f"version {now.hash} starts; version {last.hash} ran last, brought by {last.by} at {since}"),)


def new_versions_folder(run_dir: Path) -> Path:
    """The folder of the version to start with, empty; those of an earlier controller are removed."""
    versions = run_dir / VERSIONS
    if versions.exists():
        shutil.rmtree(versions)
    folder = versions / START
    folder.mkdir(parents=True, mode=0o700)
    return folder


def new_download_folder(run_dir: Path) -> Path:
    """A folder of its own for a version that is being prepared; it tells which process does so."""
    return Path(tempfile.mkdtemp(prefix=f"{_DOWNLOAD}{os.getpid()}-", dir=run_dir / VERSIONS))


def new_unpacked_folder(run_dir: Path, name: str) -> Path:
    """A folder of its own for a version that comes in a package: the same version may run in another one."""
    return Path(tempfile.mkdtemp(prefix=f"{_UNPACKED}{name}-", dir=run_dir / VERSIONS))


def keep_only(run_dir: Path, kept: set[Path]) -> None:
    """Remove the folders of versions that nobody can go back to, but those that are still being prepared, and the first
    one: a simulated plant that comes back starts from there."""
    for folder in (run_dir / VERSIONS).iterdir():
        if folder not in kept and folder.name != START and not _is_being_prepared(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_being_prepared(folder: Path) -> bool:
    """True while the process that made it lives. At worst its number is somebody else's, and a folder stays."""
    maker = folder.name.removeprefix(_DOWNLOAD).partition("-")[0]
    return maker.isdigit() and Path("/proc", maker).exists()


def version_hash(folder: Path) -> str:
    """The name of the version in a folder."""
    return content_hash(folder)[:_HASH_LEN]


def user_name(uid: int | None = None) -> str:
    """Who that is, as people know them."""
    number = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
