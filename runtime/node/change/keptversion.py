"""The version that a controller of a pair ran last, in its state directory: it starts in that again.

    STATE_DIR/pair_version.bin     the package
    STATE_DIR/pair_version.json    what version that is, and what the site's files were then

A download changes both controllers, but the files of one at most. So a controller comes back in what it ran last, for
as long as its files are those of then; once somebody has put other files there it starts with these, and if the other
controller leads with something else it is brought to that.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.core.fault import ConfigFault
from runtime.node import runplan
from runtime.node.change.package import unpack
from runtime.node.change.versions import new_followed_folder
from runtime.node.runplan import RunPlan
from runtime.scan.wholefile import write_whole

_PACKAGE, _NOTE = "pair_version.bin", "pair_version.json"


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """`hash` names the version, `files` the one that the site's files made when it was kept."""

    hash: str
    files: str
    version: int

    def save(self, folder: Path, state_dir: Path) -> None:
        """Keep the version in a folder; package first: a note without its package is found out. Raises OSError."""
        write_whole(state_dir / _PACKAGE, (folder / runplan.PACKAGE).read_bytes())
        write_whole(state_dir / _NOTE, json.dumps(asdict(self)).encode())


def start_folder(files_folder: Path, files_hash: str, run_dir: Path) -> tuple[Path, str]:
    """The folder of the version to start with, and what to tell of it: that of the files, or of what ran last."""
    own = RunPlan.load(files_folder)
    state_dir = Path(own.state_dir)
    try:
        told: dict[str, Any] = json.loads((state_dir / _NOTE).read_text())
        kept = KeptVersion(**told)
    except FileNotFoundError:
        return files_folder, ""
    except (OSError, ValueError, TypeError) as fault:
        return files_folder, f"the version that ran last cannot be read ({fault}): the site's files are started"
    if kept.hash == files_hash or kept.files != files_hash:
        return files_folder, ""
    folder = new_followed_folder(run_dir, 1)
    try:
        unpack((state_dir / _PACKAGE).read_bytes(), kept.version, own, folder)
    except (ConfigFault, OSError) as fault:
        return files_folder, f"the version that ran last cannot be read ({fault}): the site's files are started"
    told_of = f"version {kept.hash} of the pair is started, as it ran last; the site's files are version {files_hash}"
    return folder, f"{told_of} (voltscan download changes both controllers)"
