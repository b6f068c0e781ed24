"""Literals: from their text to a value, or to what is wrong with it."""

import math
import re
import struct

from runtime.core.dateliteral import DATE_PREFIXES, parse_date
from runtime.core.elementary import BOOL, ELEMENTARY, LTIME, TIME, Elementary, Kind, Number, Value
from runtime.lang.semantics.types import ANY_INT, ANY_REAL
from runtime.lang.syntax.read import Read as Read
from runtime.lang.syntax.text_literals import read_text

_UNITS_NS = {
    "d": 86_400_000_000_000, "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000,
    "us": 1_000, "ns": 1,
}  # fmt: skip
_UNIT_ORDER = list(_UNITS_NS)
_PART = re.compile(r"(\d[\d_]*)(?:\.(\d[\d_]*))?(ms|us|ns|d|h|m|s)_?", re.IGNORECASE)
_DIGITS = re.compile(r"\d+(_\d+)*\Z")
_FIGURES = {base: frozenset("0123456789ABCDEF"[:base] + "_") for base in (2, 8, 10, 16)}
_MAX_DIGITS = 400
"""Longer whole numbers fit no type; refusing them early keeps the conversion from text short."""


def read_literal(text: str) -> Read:
    """The value of a literal as written."""
    upper = text.upper()
    if upper in ("TRUE", "FALSE"):
        return Read(BOOL, upper == "TRUE")
    if text[0].isdigit():
        return _number(text)
    if text[0] in "'\"":
        return read_text(text)
    prefix, _, rest = text.partition("#")
    kind = prefix.upper()
    if rest[:1] in ("'", '"'):
        return read_text(rest, kind)
    if kind in ("T", "TIME", "LT", "LTIME"):
        return _time(rest, LTIME if kind[0] == "L" else TIME)
    if kind in DATE_PREFIXES:
        date = parse_date(DATE_PREFIXES[kind], rest)
        return Read(problem=date) if isinstance(date, str) else Read(DATE_PREFIXES[kind], date)
    if kind in ELEMENTARY:
        return _typed(ELEMENTARY[kind], rest)
    return Read(prefix=prefix, label=rest)


def fits(kind: Elementary, value: Number) -> bool:
    """True when an integer type, bit string or BOOL holds the whole number."""
    if kind.kind is Kind.BOOL:
        return value in (0, 1)
    return kind.minimum <= value <= kind.maximum


def as_real(kind: Elementary, value: Value) -> float | None:
    """The nearest value of a real type; None when it is too large for it."""
    try:
        number = float(value)
        return float(struct.unpack("<f", struct.pack("<f", number))[0]) if kind.size == 4 else number
    except OverflowError:
        return None


def _number(text: str) -> Read:
    if "#" in text:
        base_text, _, digits = text.partition("#")
        base = int(base_text) if len(base_text) <= 2 else 0
        if base not in (2, 8, 10, 16):
            return Read(problem=f"base {base_text} is not one of 2, 8, 10, 16")
        figures = _FIGURES[base]
        if not digits or len(digits) > _MAX_DIGITS or digits.strip("_") != digits or set(digits.upper()) - figures:
            return Read(problem=f"'{digits}' is not a number of base {base}")
        return Read(ANY_INT, int(digits.replace("_", ""), base))
    plain = text.replace("_", "")
    if "." in text or "e" in text.lower():
        value = float(plain)
        return Read(ANY_REAL, value) if math.isfinite(value) else Read(problem="too large for LREAL")
    if len(plain) > _MAX_DIGITS:
        return Read(problem="too large for any type")
    return Read(ANY_INT, int(plain)) if _DIGITS.match(text) else Read(problem="'_' may only stand between digits")


def _typed(kind: Elementary, text: str) -> Read:
    if not text:
        return Read(problem=f"a value must follow {kind.name}#")
    if kind.kind in (Kind.TEXT, Kind.CHAR):
        return Read(problem=f"a {kind.name} is written in quotes")
    if kind.kind is Kind.BOOL and text.upper() in ("TRUE", "FALSE"):
        return Read(BOOL, text.upper() == "TRUE")
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    if not digits[:1].isdigit() or not re.match(r"\d[\d_]*(#\w+|(\.\d[\d_]*)?([eE][+-]?\d+)?)\Z", digits):
        return Read(problem=f"'{text}' is not a value of {kind.name}")
    number = _number(digits)
    if number.problem:
        return number
    if kind.kind is Kind.REAL:
        real = as_real(kind, sign * number.value)
        return Read(kind, real) if real is not None else Read(problem=f"{text} does not fit into {kind.name}")
    if number.type is ANY_REAL:
        return Read(problem=f"'{text}' is not a whole number")
    assert not isinstance(number.value, str), "a number's digits were read"
    value = sign * number.value
    if not fits(kind, value):
        return Read(problem=f"{text} does not fit into {kind.name}")
    return Read(kind, bool(value) if kind.kind is Kind.BOOL else value)


def _time(text: str, kind: Elementary) -> Read:
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    problem = f"'{text}' is not a time; write it like T#1m30s or T#250ms"
    total, position, last = 0, 0, -1
    while position < len(rest):
        part = _PART.match(rest, position)
        if part is None or (part[2] and part.end() < len(rest)):
            return Read(problem=problem)
        unit = part[3].lower()
        if _UNIT_ORDER.index(unit) <= last:
            return Read(problem=f"'{text}': units must go from large to small, each once")
        last = _UNIT_ORDER.index(unit)
        fraction = (part[2] or "").replace("_", "")
        whole = int(part[1].replace("_", "")[:_MAX_DIGITS])
        total += whole * _UNITS_NS[unit] + (int(fraction) * _UNITS_NS[unit] // 10 ** len(fraction) if fraction else 0)
        position = part.end()
    if last < 0:
        return Read(problem=problem)
    return Read(kind, sign * total) if total <= kind.maximum else Read(problem=f"'{text}' is longer than TIME holds")
