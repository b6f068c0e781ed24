"""Which sources belong together in an editor's folders, with the texts that are open instead of those on disk.

A file belongs to the site whose `programs` name it; one that no site names, to what its own tests are compiled with;
one without tests, to the ST files beside it that declare nothing it declares too.
"""

import itertools
import tomllib
from pathlib import Path

from runtime.cli.editor.places import place_of, uri_of
from runtime.core.diagnostic import Source
from runtime.core.fault import ConfigFault
from runtime.lang.editor.project import Project, declared_names
from runtime.lang.syntax.source import load_sources
from runtime.lang.testing.testsources import find_tests

SITES_MAX = 200
"""Site files that are looked at; an editor may have been opened on a whole disk."""
FILES_MAX = 2000
"""Files that are looked through for tests, for the same reason."""


class Workspace:
    """The open texts by path, and the projects made of them.

    Texts come and go on the event loop; projects are made in a thread, one at a time.
    """

    def __init__(self) -> None:
        self.roots: list[Path] = []
        self._open: dict[str, str] = {}
        self._uris: dict[str, str] = {}
        self._version = 0
        self._made: tuple[int, str, Project] | None = None

    def put(self, uri: str, text: str) -> None:
        """A document was opened or changed."""
        path = _real(uri)
        self._open[path], self._uris[path] = text, uri
        self._version += 1

    def drop(self, uri: str) -> None:
        """A document was closed: what is on disk counts again."""
        self._open.pop(_real(uri), None)
        self._version += 1

    def uri(self, name: str) -> str:
        """How the editor calls a source."""
        return self._uris.get(name) or uri_of(name)

    def project(self, uri: str) -> tuple[Project, str]:
        """The sources a document belongs to, and its name among them; kept until a text changes."""
        path, version, made = _real(uri), self._version, self._made
        if made is not None and made[:2] == (version, path):
            return made[2], path
        sources = self._sources(path)
        known = any(source.name == path for source in sources)
        project = Project(sources if known else [*sources, Source(path, "")])  # gone, or not text
        self._made = version, path, project
        return project, path

    def is_current(self, project: Project) -> bool:
        """Whether none of its texts has changed in the editor since the project was made."""
        return all(self._open.get(name, source.text) == source.text for name, source in project.sources.items())

    def sharing(self, uri: str) -> list[Project]:
        """Every project that a document is a part of: each site that names it, each test that is compiled with it."""
        path, own = _real(uri), self.project(uri)[0]
        groups = [found for found in map(_programs, self._sites()) if path in found]
        groups += [found for file in self._test_files() for found in _compiled_with(file) if path in found]
        made = {frozenset(own.sources): own}
        for names in groups:
            if frozenset(names) not in made:
                made[frozenset(names)] = Project(self._loaded(names))
        return list(made.values())

    def _sources(self, path: str) -> list[Source]:
        files = next((found for found in map(_programs, self._sites()) if path in found), None)
        beside = Path(path).parent
        if files is not None:
            return self._loaded(list(dict.fromkeys([*files, path])))
        if tested := _compiled_with(path):
            return self._loaded(list(dict.fromkeys([path, *(name for found in tested for name in found)])))
        return _apart(self._loaded([path, *sorted(str(p) for p in beside.glob("*.st") if str(p) != path)]))

    def _loaded(self, names: list[str]) -> list[Source]:
        return [Source(name, text) for name in names if (text := self._text(name)) is not None]

    def _test_files(self) -> list[str]:
        found = {str(p.resolve()) for root in self.roots for p in itertools.islice(root.rglob("*.st"), FILES_MAX)}
        return sorted(name for name in found | set(self._open) if "END_TEST" in (self._text(name) or "").upper())

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


def _apart(sources: list[Source]) -> list[Source]:
    """The first source, and those that declare nothing that one before does: those are programs of their own."""
    kept: list[Source] = []
    known: set[str] = set()
    for source in sources:
        names = declared_names(source)
        if not names & known:
            kept.append(source)
            known |= names
    return kept


def _compiled_with(test_file: str) -> list[list[str]]:
    """The files that each test of a file is compiled with, its own first."""
    try:
        return [[str(Path(s.name).resolve()) for s in unit.sources] for unit in find_tests([Path(test_file)])]
    except ConfigFault:
        return []  # `voltscan test` tells what is wrong with a test's header


def _real(uri: str) -> str:
    return str(Path(place_of(uri)).resolve())
