"""`voltscan check`: site files with all they name, programs, and I/O maps on their own."""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Severity, has_errors, render
from runtime.core.fault import ConfigFault


def check_paths(paths: list[Path], *, as_json: bool) -> int:
    """Print what is wrong with the files; 1 when something may not start."""
    diagnostics = list(_check_all(paths))
    print_diagnostics(diagnostics, as_json=as_json)
    if not as_json and not diagnostics:
        print(f"{', '.join(str(p) for p in paths)}: no mistakes found")
    return 1 if has_errors(diagnostics) else 0


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, as_json: bool) -> None:
    """Print all of them, and how many there are."""
    found = list(diagnostics)
    if as_json:
        print(json.dumps([d.to_json() for d in found], indent=1))
        return
    for diagnostic in found:
        print(render(diagnostic), end="\n\n")
    errors = sum(d.severity is Severity.ERROR for d in found)
    if found:
        print(f"{_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _check_all(paths: list[Path]) -> list[Diagnostic]:
    programs = [p for p in paths if p.is_dir() or p.suffix.lower() == ".st"]
    found: list[Diagnostic] = []
    for path in paths:
        if not path.exists():
            raise ConfigFault("no such file or folder", where=str(path), mend="check the spelling of the path")
        if path.suffix == ".toml":
            found += _check_toml(path)
        elif path not in programs:
            raise ConfigFault("not a kind of file that can be checked", where=str(path), mend="give .toml or .st files")
    if programs:
        from runtime.lang.compile import compile_sources, load_sources

        found += compile_sources(load_sources(programs)).diagnostics
    return found


def _check_toml(path: Path) -> list[Diagnostic]:
    """A site file is checked with all that it names; a site map, without a program, for what needs none."""
    from runtime.iomap.load import load_site_map
    from runtime.node.build import build_site

    if path.parent.name == "sites" and not _names_programs(path):
        return load_site_map(path, shown=str(path))[1]
    return list(build_site(path).diagnostics)


def _names_programs(path: Path) -> bool:
    try:
        return "programs" in tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return True  # the site file's own check says what is wrong with it
