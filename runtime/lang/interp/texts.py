"""The string functions on Python strings (LANGUAGE.md rule 12: positions from 1, what is outside is clipped)."""

from collections.abc import Callable
from typing import Any

from runtime.core.elementary import Elementary, Kind

TextOperation = Callable[..., Any]
"""A function of evaluated operands, strings among them."""


def text_function(name: str, type_: Elementary) -> TextOperation:
    """The function of an `Intrinsic` node on strings."""
    if name in ("LEN", "FIND"):
        return _length if name == "LEN" else _find
    compose = _COMPOSED[name]
    most = type_.capacity
    return lambda *args: compose(*args)[:most]


def text_conversion(to: Elementary, source: Elementary) -> TextOperation:
    """A `Convert` node to or from a string or character."""
    if to.kind is Kind.CHAR:
        last = (1 << to.bits) - 1
        return lambda text: ord(text[0]) & last if text else 0
    if source.kind is Kind.CHAR:
        return lambda code: chr(code) if code else ""
    if source.width > to.width:
        return lambda text: "".join(c if ord(c) <= 0xFF else "?" for c in text)
    return lambda text: text


def _length(text: str) -> int:
    return len(text)


def _find(text: str, sought: str) -> int:
    return text.find(sought) + 1 if sought else 0


def _upto(text: str, count: int) -> str:
    return text[: max(count, 0)]


def _since(text: str, start: int) -> str:
    return text[max(start, 0) :]


def _right(text: str, count: int) -> str:
    return _since(text, len(text) - max(count, 0))


def _visible(count: int, position: int) -> int:
    """How many of `count` characters are left when those before position 1 are not there."""
    return max(max(count, 0) + min(position - 1, 0), 0)


def _mid(text: str, count: int, position: int) -> str:
    return _upto(_since(text, position - 1), _visible(count, position))


def _insert(text: str, added: str, position: int) -> str:
    return _upto(text, position) + added + _since(text, position)


def _delete(text: str, count: int, position: int) -> str:
    return _replace(text, "", count, position)


def _replace(text: str, added: str, count: int, position: int) -> str:
    return _upto(text, position - 1) + added + _since(text, max(position - 1, 0) + _visible(count, position))


_COMPOSED: dict[str, TextOperation] = {
    "LEFT": _upto,
    "RIGHT": _right,
    "MID": _mid,
    "CONCAT": lambda *texts: "".join(texts),
    "INSERT": _insert,
    "DELETE": _delete,
    "REPLACE": _replace,
}

TEXT_FUNCTIONS = frozenset({*_COMPOSED, "LEN", "FIND"})
"""Intrinsics of ir that take strings."""
