"""TIME as IEC 61131-3 writes it: `T#1h30m`, `T#-1.5ms` (2nd and 3rd edition, duration literals), to and from ns."""

import re
from fractions import Fraction

UNITS_NS: dict[str, int] = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
"""Nanoseconds of each unit, longest first: the order in which a literal names them."""

_LITERAL = re.compile(
    r"(?:T|TIME|LT|LTIME)#([+-]?)((?:[0-9][0-9_]*(?:\.[0-9_]+)?(?:d|h|ms|m|us|ns|s)_?)+)", re.IGNORECASE
)
_PART = re.compile(r"([0-9][0-9_]*(?:\.[0-9_]+)?)(d|h|ms|m|us|ns|s)", re.IGNORECASE)


def parse_time(text: str) -> int | None:
    """Nanoseconds of a duration literal; None when it is none.

    Units descend, only the last may have decimals (what is below 1 ns is cut).
    """
    whole = _LITERAL.fullmatch(text.strip())
    if whole is None:
        return None
    parts = _PART.findall(whole[2])
    units = list(UNITS_NS)
    order = [units.index(unit.lower()) for _, unit in parts]
    if order != sorted(set(order)) or any("." in number for number, _ in parts[:-1]):
        return None
    total = sum(Fraction(number.replace("_", "")) * UNITS_NS[unit.lower()] for number, unit in parts)
    return -int(total) if whole[1] == "-" else int(total)


def show_time(ns: int) -> str:
    """The shortest literal of whole units: `T#1m30s`."""
    rest = abs(ns)
    parts: list[str] = []
    for unit, size in UNITS_NS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return f"T#{'-' if ns < 0 else ''}{''.join(parts) or '0s'}"
