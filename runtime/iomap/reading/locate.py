"""Where each key of a TOML file stands: tomllib gives values without lines.

`locate(text)` walks a text that tomllib has already accepted and so does not check it again; it only has to find the
ends of keys and values. A key path is a tuple of strings and, within arrays and arrays of tables, integers:
`("devices", "inverter_1", "points", "p_set_kw", "min")`.
"""

import re
import tomllib
from dataclasses import dataclass, field

from runtime.core.diagnostic import Source, Span

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Offsets of a key and of its value in the text; a table has the header's last name as key and as value.

    `source`: another text than the locator's own, for what a map reads from a file beside it.
    """

    key: tuple[int, int]
    value: tuple[int, int]
    source: Source | None = None


@dataclass(slots=True)
class Locator:
    """The places of all keys of one source."""

    source: Source
    places: dict[Path, Place] = field(default_factory=dict)

    def key(self, *path: str | int) -> Span:
        """The key at `path`, or the nearest table around it; the first line when there is none."""
        place = self._nearest(path)
        return self._span(place, place.key if place else (0, 1))

    def value(self, *path: str | int) -> Span:
        """The value at `path`, or the nearest table around it."""
        place = self._nearest(path)
        return self._span(place, place.value if place else (0, 1))

    def has(self, *path: str | int) -> bool:
        """True when the text names that very key."""
        return path in self.places

    def _nearest(self, path: Path) -> Place | None:
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return None

    def _span(self, place: Place | None, ends: tuple[int, int]) -> Span:
        source = (place.source if place else None) or self.source
        text = source.text
        start, end = ends
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", start)
        end = min(end, len(text) if line_end < 0 else line_end)
        return Span(source, text.count("\n", 0, start) + 1, start - line_start + 1, max(1, end - start))


def locate(source: Source) -> Locator:
    """The places of all keys. `source.text` must be valid TOML."""
    walk = _Walk(source.text)
    walk.document()
    return Locator(source, walk.places)


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]\}#\n]+")


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[Path, Place] = {}
        self.counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            table = self._header() if self.text[self.at] == "[" else self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        names = self._dotted()
        self.at += 2 if many else 1
        path: Path = ()
        for number, (name, ends) in enumerate(names):
            path = (*path, name)
            last = number == len(names) - 1
            self.places.setdefault(path, Place(ends, ends))
            if last and many:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path = (*path, self.counts[path])
                self.places.setdefault(path, Place(ends, ends))
        if path and not many:
            self.places[path] = Place(names[-1][1], names[-1][1])
        return path

    def _pair(self, table: Path) -> Path:
        names = self._dotted()
        self._skip(_SPACE)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        path = table
        for name, ends in names:
            path = (*path, name)
            self.places.setdefault(path, Place(ends, ends))
        start = self.at
        self._value(path)
        self.places[path] = Place(names[-1][1], (start, self.at))
        return table

    def _value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in "\"'":
            self._skip(_STRING)
        else:
            found = _SCALAR.match(self.text, self.at)
            assert found is not None, "tomllib accepted a value that is not there"
            self.at += len(found[0].rstrip())

    def _array(self, path: Path) -> None:
        self.at += 1
        self._skip(_BLANK)
        number = 0
        while self.text[self.at] != "]":
            start = self.at
            self._value((*path, number))
            self.places[(*path, number)] = Place((start, self.at), (start, self.at))
            number += 1
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        self._skip(_BLANK)
        while self.text[self.at] != "}":
            self._pair(path)
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _dotted(self) -> list[tuple[str, tuple[int, int]]]:
        names: list[tuple[str, tuple[int, int]]] = []
        while True:
            self._skip(_SPACE)
            pattern = _STRING if self.text[self.at] in "\"'" else _BARE
            found = pattern.match(self.text, self.at)
            assert found is not None, "tomllib accepted a key that is not there"
            names.append((_key_name(found[0]), (self.at, found.end())))
            self.at = found.end()
            self._skip(_SPACE)
            if self.at >= len(self.text) or self.text[self.at] != ".":
                return names
            self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()


def _key_name(written: str) -> str:
    if written[0] not in "\"'":
        return written
    return next(iter(tomllib.loads(f"{written} = 0")))
