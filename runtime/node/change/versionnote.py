"""Which version of its programs a controller runs, since when, and who brought it: a note beside its files.

Every process of a controller may read it, so it imports little: what a package is made of is in package.py.
"""

import json
import os
import pwd
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runtime.scan.wholefile import write_whole
from runtime.wire.messages import Severity

NOTE = "version.json"
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


def user_name(uid: int | None = None) -> str:
    """Who that is, as people know them."""
    number = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
