"""`voltscan check`: site files with all they name, programs, and I/O maps on their own."""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.core.diagnostic import Diagnostic, Severity, has_errors, render
from runtime.core.fault import ConfigFault

if TYPE_CHECKING:
    from runtime.node.build import Build


def check_paths(paths: list[Path], *, as_json: bool, as_sarif: bool = False) -> int:
    """Print what is wrong with the files; 1 when something may not start."""
    diagnostics = list({render(d): d for d in _check_all(paths)}.values())  # files that several sites name: told once
    if as_sarif:
        from runtime.cli.language.sarif import sarif_log

        print(json.dumps(sarif_log(diagnostics), indent=1))
        return 1 if has_errors(diagnostics) else 0
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
        elif path.suffix == ".json":
            found += _check_profile(path)
        elif path not in programs:
            raise ConfigFault(
                "not a kind of file that can be checked",
                where=str(path),
                mend="give .toml or .st files, or a profile in .json",
            )
    if programs:
        from runtime.lang.diagnostics.lint import check_sources
        from runtime.lang.syntax.source import load_sources

        found += check_sources(load_sources(programs))
    return found


def _check_member(path: Path, keys: set[str]) -> list[Diagnostic]:
    """The group file of a hot-standby pair, or the file of its witness."""
    from runtime.cluster.group import load_group
    from runtime.cluster.witnessfile import load_witness

    return load_group(path)[1] if "members" in keys else load_witness(path)[1]


def _check_profile(path: Path) -> list[Diagnostic]:
    from runtime.drivers.registry import installed_kinds
    from runtime.iomap.profiles.loading import load_profile

    return load_profile(path, path.parent.parent / "dbc", shown=str(path), kinds=installed_kinds())[1]


def _check_toml(path: Path) -> list[Diagnostic]:
    """A site file is checked with all that it names; a site map or profile, without a program, for what needs none."""
    from runtime.drivers.registry import installed_kinds
    from runtime.iomap.sites.load import load_site_map
    from runtime.node.build import build_site

    keys = _keys(path)
    if keys & _MEMBER_KEYS:
        return _check_member(path, keys)
    if not keys & _SITE_KEYS and (path.parent.name == "profiles" or "maker" in keys):
        return _check_profile(path)
    if not keys & _SITE_KEYS and (path.parent.name == "sites" or "devices" in keys):
        return load_site_map(path, shown=str(path), kinds=installed_kinds())[1]
    result = build_site(path)
    build = result.build
    return [*result.diagnostics, *_lint(build), *_lint(build.plant if build is not None else None)]


def _lint(build: "Build | None") -> list[Diagnostic]:
    """The warnings about a site's programs that compiling does not give."""
    from runtime.lang.diagnostics.lint import lint
    from runtime.lang.syntax.source import load_sources

    return lint(load_sources([build.site.shown(p) for p in build.site.table.programs])) if build is not None else []


_SITE_KEYS = {"programs", "io_map"}
"""What a site file names; a site map and a profile never do."""
_MEMBER_KEYS = {"members", "member"}
"""What the group file of a hot-standby pair has, and the file of its witness."""


def _keys(path: Path) -> set[str]:
    try:
        return set(tomllib.loads(path.read_text()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return set()  # the check of what the folder says it is tells what is wrong with it
