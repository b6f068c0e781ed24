"""Versions of a controller's programs: each in a folder of its own in the run directory, with a number and a name.

    RUN_DIR/versions/start          what `voltscan run` prepared
    RUN_DIR/versions/download-…     what `voltscan download` prepared
    RUN_DIR/version.json            which of them runs

A number counts the changes since the controller started, from 1; a rollback counts too. The name is a hash over all
that decides what a version does: code, layout, initial values, map.
"""

import hashlib
import json
import os
import pwd
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.node import runplan

VERSIONS = "versions"
START = "start"
NOTE = "version.json"
_HASH_LEN = 12
_DECISIVE = (runplan.MANIFEST, runplan.INITIAL, runplan.OBJECT, runplan.IO_PLAN, runplan.SCADA_MAP)


@dataclass(frozen=True, slots=True)
class VersionNote:
    """Which version runs, since when, and who brought it. `folder` holds its files."""

    number: int
    hash: str
    since_wall_ns: int
    by: str
    folder: str

    def save(self, run_dir: Path) -> None:
        """Write it whole or not at all."""
        partial = run_dir / (NOTE + ".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(run_dir / NOTE)

    @classmethod
    def load(cls, run_dir: Path) -> "VersionNote":
        """The note of a running controller. Raises OSError when there is none."""
        told: dict[str, Any] = json.loads((run_dir / NOTE).read_text())
        return cls(**told)


def new_versions_folder(run_dir: Path) -> Path:
    """The folder of the version to start with, empty; those of an earlier controller are removed."""
    versions = run_dir / VERSIONS
    if versions.exists():
        shutil.rmtree(versions)
    folder = versions / START
    folder.mkdir(parents=True, mode=0o700)
    return folder


def new_download_folder(run_dir: Path) -> Path:
    """A folder of its own for a version that is being prepared."""
    return Path(tempfile.mkdtemp(prefix="download-", dir=run_dir / VERSIONS))


def keep_only(run_dir: Path, kept: set[Path]) -> None:
    """Remove the folders of versions that nobody can go back to."""
    for folder in (run_dir / VERSIONS).iterdir():
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def version_hash(folder: Path) -> str:
    """The name of the version in a folder."""
    digest = hashlib.sha256()
    for name in _DECISIVE:
        path = folder / name
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:_HASH_LEN]


def user_name(uid: int | None = None) -> str:
    """Who that is, as people know them."""
    number = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
