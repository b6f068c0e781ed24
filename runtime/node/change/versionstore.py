"""The versions that ran last, in a controller's state directory: it goes on with the newest and can go back to others.

    STATE_DIR/versions/1a2b3c4d5e6f.bin     a package, under the name of its version
    STATE_DIR/versions/ran.json             which of them ran, and how the last run ended

A version is kept before any process changes over to it, and noted before whoever asked for it hears that it runs. Both
are synced: a power cut at any instant leaves the version that ran or the one that was coming, whole.

What a start takes, as a PLC boots what was downloaded: after a kill or a power cut the version that ran last, whatever
the site's files say by then. After an orderly stop the same, for as long as the files are those of then; once somebody
has put other files there, it takes these. A pair goes by that too: a download changes both controllers, but the files
of one at most; a controller that starts with something else than its leader runs is brought to that.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runtime.core.fault import ConfigFault
from runtime.image.layout import ABI_VERSION
from runtime.node import runplan
from runtime.node.change.package import unpack
from runtime.node.change.versions import new_unpacked_folder, version_hash
from runtime.node.runplan import RunPlan
from runtime.scan.wholefile import write_whole

VERSIONS_KEPT = "versions"
KEPT_MAX = 3
"""The one that runs, the one that a rollback goes back to, and the one before."""
_NOTE, _PACKAGE = "ran.json", ".bin"


def _release() -> str:
    """What can read the packages that it has made itself."""
    return f"{version('voltscan')}, image ABI {ABI_VERSION}"


@dataclass(frozen=True, slots=True)
class RanLast:
    """`ran`: names of versions, the newest first. `files`: the version that the site's files made when it was brought.
    `is_ended`: the controller was stopped in order, not killed. `release`: of Voltscan."""

    ran: tuple[str, ...]
    files: str
    is_ended: bool
    release: str


class VersionStore:
    """The versions of one controller; only the process that has the lock on its state directory writes here."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / VERSIONS_KEPT

    def last(self) -> RanLast | None:
        """What ran last; None when nothing has. Raises ConfigFault when that cannot be read or used."""
        path = self._folder / _NOTE
        try:
            told: dict[str, Any] = json.loads(path.read_text())
            last = RanLast(**(told | {"ran": tuple(told["ran"])}))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as fault:
            raise ConfigFault(f"it is not known which version ran last ({fault})", where=str(path)) from fault
        if last.release != _release():
            what = f"what ran last was made by Voltscan {last.release}, this is {_release()}"
            raise ConfigFault(what, where=str(path))
        return last

    def former(self) -> str | None:
        """The version that ran before the last one, by its name. Raises ConfigFault as `last` does."""
        last = self.last()
        return last.ran[1] if last is not None and len(last.ran) > 1 else None

    def keep(self, folder: Path) -> None:
        """Keep the version in a folder; it survives a power cut when this returns. Raises ConfigFault when it cannot be
        written."""
        name, packed = version_hash(folder), (folder / runplan.PACKAGE).read_bytes()
        path = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if not path.exists() or path.read_bytes() != packed:
                write_whole(path, packed)
        except OSError as fault:
            with suppress(OSError):  # half a package only takes room
                path.with_suffix(".partial").unlink(missing_ok=True)
            raise ConfigFault(
                f"version {name} cannot be kept for the next start: {fault.strerror or fault}",
                where=str(self._folder),
                mend=f"make room for {(len(packed) >> 10) + 1} kB, or let the user who runs Voltscan write there",
            ) from fault

    def runs(self, name: str, *, files: str) -> None:
        """That version runs from now on, and is kept; `files`: the one that the site's files make. Raises OSError; then
        it is not known any more which one runs, and the next start takes the files."""
        last = None
        with suppress(ConfigFault):  # then what ran before is of no use
            last = self.last()
        ran = (name, *(other for other in (last.ran if last is not None else ()) if other != name))[:KEPT_MAX]
        try:
            self._note(RanLast(ran, files, is_ended=False, release=_release()))
        except OSError:
            self.forget()
            raise
        for path in self._folder.glob(f"*{_PACKAGE}"):
            if path.stem not in ran:
                path.unlink(missing_ok=True)

    def ended(self) -> None:
        """The controller was stopped in order. Raises OSError, and ConfigFault as `last` does."""
        last = self.last()
        if last is not None:
            self._note(replace(last, is_ended=True))

    def forget(self) -> None:
        """It is not known what runs: the next start takes the files. Removing works on a full disk too."""
        (self._folder / _NOTE).unlink(missing_ok=True)

    def unpack(self, name: str, own: RunPlan, run_dir: Path) -> Path:
        """A new folder with a kept version, made for the controller of `own`. Raises as `unpack_into` does."""
        folder = new_unpacked_folder(run_dir, name)
        self.unpack_into(folder, name, own)
        return folder

    def unpack_into(self, folder: Path, name: str, own: RunPlan) -> None:
        """Write the files of a kept version. Raises ConfigFault when it is not kept, is damaged, of another machine or
        perhaps somebody else's, OSError when the folder cannot be written."""
        self._check_owner()
        try:
            packed = self._path(name).read_bytes()
        except OSError as fault:
            what = f"version {name} is not kept any more: {fault.strerror}"
            raise ConfigFault(what, where=str(self._folder), mend="download it: voltscan download SITE.toml") from fault
        unpack(packed, name, own, folder)

    def _check_owner(self) -> None:
        """What lies here is executed."""
        if not self._folder.exists():
            return
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            mend = f"chown it to uid {os.geteuid()} and `chmod 700 {self._folder}`, once you have seen who wrote there"
            raise ConfigFault("others may write where versions are kept", where=str(self._folder), mend=mend)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_PACKAGE}"

    def _note(self, told: RanLast) -> None:
        write_whole(self._folder / _NOTE, json.dumps(asdict(told)).encode())


def start_folder(files_folder: Path, store: VersionStore, run_dir: Path) -> tuple[Path, str]:
    """The folder of the version to start with, and what to tell of it: that of the files, or of what ran last."""
    files = version_hash(files_folder)
    try:
        last = store.last()
        if last is None or last.ran[0] == files or (last.is_ended and last.files != files):
            return files_folder, ""
        folder = store.unpack(last.ran[0], RunPlan.load(files_folder), run_dir)
    except (ConfigFault, OSError) as fault:
        why = fault.what if isinstance(fault, ConfigFault) else str(fault)
        return files_folder, f"version {files} starts, as the site's files say: {why}"
    told = f"version {last.ran[0]} goes on, as it ran last; the site's files are version {files}"
    what_to_do = "`voltscan download SITE.toml` brings them in, `voltscan run SITE.toml --files` starts them"
    return folder, f"{told} ({what_to_do})"
