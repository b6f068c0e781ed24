"""A device profile in JSON (requirement DEV-01), read as `read_toml` reads one in TOML: its keys and their places."""

import json
import re
from pathlib import Path
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, Span, error
from runtime.iomap.reading.locate import Locator, Place
from runtime.iomap.reading.locate import Path as KeyPath
from runtime.iomap.reading.read import Unfitted, read_source

_BLANK = re.compile(r"[ \t\r\n]*")


def read_json(path: Path, *, name: str = "") -> tuple[Unfitted | None, list[Diagnostic]]:
    """The object of a file, or the diagnostics that say why there is none. `name`: the path as the user gave it."""
    source, found = read_source(path, name=name)
    if source is None:
        return None, found
    try:
        raw = json.loads(source.text, parse_constant=_refuse)
    except json.JSONDecodeError as fault:
        return None, [_not_json(Span(source, fault.lineno, fault.colno), fault.msg.lower())]
    except (ValueError, RecursionError) as fault:
        return None, [_not_json(Span(source, 1, 1), str(fault))]
    if not isinstance(raw, dict):
        at = Label(Span(source, 1, 1), "no object")
        return None, [error("M1002", "this is no profile", at, help='write { "maker": …, "points": { … } }')]
    walk = _Walk(source.text)
    walk.value(())
    places = Locator(source, walk.places)
    found = [_told_twice(places, path) for path in walk.twice] + [_null(places, path) for path in walk.nulls]
    return (None if found else Unfitted(raw, places, path)), found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _not_json(at: Span, told: str) -> Diagnostic:
    mend = 'write "key": value, with a comma between two and none after the last; text and keys in double quotes'
    return error("M1002", "this is not valid JSON", Label(at, told), help=mend)


def _told_twice(places: Locator, path: KeyPath) -> Diagnostic:
    at = Label(places.key(*path), "this key is in the object already")
    return error("M1002", f"the key `{path[-1]}` is there twice", at, help="keep one")


def _null(places: Locator, path: KeyPath) -> Diagnostic:
    told = ".".join(map(str, path))
    return error("M1005", f"`{told}` has a wrong value", Label(places.value(*path), "null"), help="leave the key out")


class _Walk:
    """Places in a text that `json` has already accepted: only the ends of keys and values are looked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[KeyPath, Place] = {}
        self.twice: list[KeyPath] = []
        self.nulls: list[KeyPath] = []
        self._at = 0
        self._decoder = json.JSONDecoder()

    def value(self, path: KeyPath) -> tuple[int, int]:
        """Pass over the value at `path`; where it stands."""
        self._skip()
        start = self._at
        if self.text[start] == "{":
            self._members(path)
        elif self.text[start] == "[":
            self._items(path)
        else:
            told, self._at = self._decoder.raw_decode(self.text, start)
            if told is None:
                self.nulls.append(path)
        return start, self._at

    def _members(self, path: KeyPath) -> None:
        while self._next("}"):
            start = self._at
            name, self._at = self._decoder.raw_decode(self.text, start)
            key, own = (start, self._at), (*path, name)
            if own in self.places:
                self.twice.append(own)
            self._skip()
            self._at += 1  # the colon
            self.places[own] = Place(key, key)
            self.places[own] = Place(key, self.value(own))

    def _items(self, path: KeyPath) -> None:
        number = 0
        while self._next("]"):
            ends = self.value((*path, number))
            self.places[(*path, number)] = Place(ends, ends)
            number += 1

    def _next(self, closing: str) -> bool:
        """Pass over the opening sign or a comma, to what follows; False when that closes the object or list."""
        self._skip()
        if self.text[self._at] != closing:
            self._at += 1
            self._skip()
        if self.text[self._at] != closing:
            return True
        self._at += 1
        return False

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self._at)
        assert found is not None, "it matches nothing, too"
        self._at = found.end()
