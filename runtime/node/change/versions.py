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

import os
import shutil
import tempfile
from pathlib import Path

from runtime.node.change.package import content_hash

VERSIONS = "versions"
START = "start"
_DOWNLOAD = "download-"
_UNPACKED = "unpacked-"
_HASH_LEN = 12


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
