"""`voltscan io profile`: a device profile as JSON, or one in JSON as a profile that is checked."""

from pathlib import Path

from runtime.cli.io.scanning import write_files
from runtime.core.diagnostic import has_errors, render
from runtime.core.fault import ConfigFault
from runtime.drivers.registry import installed_kinds
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.profiles.profilejson import profile_as_json, profile_of_json


def convert_profile(file: Path, *, out: Path | None, force: bool) -> int:
    """Print a TOML profile as JSON; write a JSON file as the profile `out` and check it, 1 when it has mistakes."""
    if file.suffix != ".json":
        told = profile_as_json(file)
        if out is None:
            print(told)
        else:
            write_files({out: told + "\n"}, force=force)
        return 0
    if out is None:
        raise ConfigFault(
            "a profile in JSON becomes a file", where=str(file), mend="say which: --out io_maps/profiles/mine.toml"
        )
    write_files({out: profile_of_json(file)}, force=force)
    _, found = load_profile(out, out.parent.parent / "dbc", shown=str(out), kinds=installed_kinds())
    for diagnostic in found:
        print(render(diagnostic))
    return 1 if has_errors(found) else 0
