"""Reading ST files from disk."""

from collections.abc import Iterable
from pathlib import Path

from runtime.core.diagnostic import Source
from runtime.core.fault import ConfigFault

SUFFIX = ".st"
TESTS_FOLDER = "tests"


def load_sources(paths: Iterable[str | Path]) -> list[Source]:
    """The files, and all *.st below the folders, each once, in order of the paths and by name within a folder.

    Folders named `tests` below a folder are left out: what lies there is for `voltscan test`.

    Raises ConfigFault when a path is missing or a file is not UTF-8 text.
    """
    found: dict[Path, str] = {}
    for path in map(Path, paths):
        if path.is_dir():
            files = [p for p in st_files(path) if TESTS_FOLDER not in p.relative_to(path).parts[:-1]]
        elif path.is_file():
            files = [path]
        else:
            raise ConfigFault("no such file or folder", where=str(path), mend="check the path")
        for file in files:
            found.setdefault(file.resolve(), str(file))
    return [Source(name, _read(Path(name))) for name in found.values()]


def st_files(folder: Path) -> list[Path]:
    """All *.st below a folder."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() == SUFFIX and p.is_file())


def _read(path: Path) -> str:
    try:
        return _text(path.read_bytes())
    except OSError as wrong:
        what = f"cannot be read: {wrong.strerror}"
        raise ConfigFault(what, where=str(path), mend="check its permissions") from wrong


def _text(raw: bytes) -> str:
    """UTF-8; a file that is none is taken as ISO 8859-1, in which older tools saved and any bytes are text."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
