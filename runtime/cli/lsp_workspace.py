"""Which sources belong together in an editor's folders, with the texts that are open instead of those on disk.

A file belongs to the site whose `programs` name it; a file that no site names, to the ST files beside it.
"""

import tomllib
from pathlib import Path

from runtime.cli.lsp_places import place_of, uri_of
from runtime.core.diagnostic import Source
from runtime.core.fault import ConfigFault
from runtime.lang.editor.project import Project
from runtime.lang.syntax.source import load_sources

SITES_MAX = 200
"""Site files that are looked at; an editor may have been opened on a whole disk."""


class Workspace:
    """The open texts by path, and the projects made of them."""

    def __init__(self) -> None:
        self.roots: list[Path] = []
        self._open: dict[str, str] = {}
        self._uris: dict[str, str] = {}
        self._made: tuple[str, Project] | None = None

    def put(self, uri: str, text: str) -> None:
        """A document was opened or changed."""
        path = _real(uri)
        self._open[path], self._uris[path], self._made = text, uri, None

    def drop(self, uri: str) -> None:
        """A document was closed: what is on disk counts again."""
        self._open.pop(_real(uri), None)
        self._made = None

    def uri(self, name: str) -> str:
        """How the editor calls a source."""
        return self._uris.get(name) or uri_of(name)

    def project(self, uri: str) -> tuple[Project, str]:
        """The sources a document belongs to, and its name among them; kept until a text changes."""
        path = _real(uri)
        if self._made is None or self._made[0] != path:
            self._made = path, Project(self._sources(path))
        return self._made[1], path

    def _sources(self, path: str) -> list[Source]:
        files = next((found for found in map(_programs, self._sites()) if path in found), None)
        beside = Path(path).parent
        if files is None:
            files = sorted(str(p) for p in beside.glob("*.st")) if beside.is_dir() else []
        names = dict.fromkeys([*files, path])
        return [Source(name, text) for name in names if (text := self._text(name)) is not None]

    def _text(self, name: str) -> str | None:
        if name in self._open:
            return self._open[name]
        try:
            return load_sources([name])[0].text
        except ConfigFault:
            return None  # gone, or no text: the editor says so itself

    def _sites(self) -> list[Path]:
        found = [p for root in self.roots for p in (*root.glob("*.toml"), *root.glob("configs/*.toml"))]
        return sorted(found)[:SITES_MAX]


def _programs(site: Path) -> list[str]:
    """The ST files that a site file names; none when it is not a site file."""
    try:
        told = tomllib.loads(site.read_text(encoding="utf-8")).get("programs")
        paths = [site.parent / p for p in told] if isinstance(told, list) else []
        return [str(Path(s.name).resolve()) for s in load_sources(paths)]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ConfigFault, TypeError):
        return []  # `voltscan check` tells what is wrong with a site file


def _real(uri: str) -> str:
    return str(Path(place_of(uri)).resolve())
