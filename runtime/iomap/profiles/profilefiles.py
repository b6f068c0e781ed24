"""Device profiles as files of a folder: `NAME.toml`, or `NAME.json` with the same keys."""

from pathlib import Path

from runtime.core.diagnostic import Diagnostic
from runtime.iomap.reading.read import Unfitted, read_toml
from runtime.iomap.reading.readjson import read_json

_ENDINGS = (".json", ".toml")


def profile_files(folder: Path) -> dict[str, Path]:
    """The profiles of a folder by name. Of one that is there in both forms, the TOML file: `twice` tells."""
    return {path.stem: path for ending in _ENDINGS for path in sorted(folder.glob(f"*{ending}"))}


def twice(profile: Path) -> bool:
    """True when a profile is there as TOML and as JSON: which one is meant is not to be guessed."""
    return all(profile.with_suffix(ending).exists() for ending in _ENDINGS)


def read_profile(path: Path, *, name: str = "") -> tuple[Unfitted | None, list[Diagnostic]]:
    """What a profile's file says, by its ending. `name`: the path as the user gave it."""
    return (read_json if path.suffix == ".json" else read_toml)(path, name=name)
