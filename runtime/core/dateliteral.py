"""Dates and times of day as IEC 61131-3 writes them (3rd edition, table 9): `D#2024-02-29`, `TOD#12:30:15.5`,
`DT#2024-02-29-12:30:15` and their L forms, to and from nanoseconds since 1970-01-01 or midnight.
"""

import datetime as dt
import re

from runtime.core.elementary import DATE, DT, LDATE, LDT, LTOD, TOD, Elementary

DATE_PREFIXES: dict[str, Elementary] = {
    **dict.fromkeys(("D", "DATE"), DATE),
    **dict.fromkeys(("LD", "LDATE"), LDATE),
    **dict.fromkeys(("TOD", "TIME_OF_DAY"), TOD),
    **dict.fromkeys(("LTOD", "LTIME_OF_DAY"), LTOD),
    **dict.fromkeys(("DT", "DATE_AND_TIME"), DT),
    **dict.fromkeys(("LDT", "LDATE_AND_TIME"), LDT),
}
"""The words before the `#`, in upper case."""

EXAMPLES = {
    kind: f"{kind.name}#{rest}"
    for kinds, rest in (
        ((DATE, LDATE), "2024-02-29"),
        ((TOD, LTOD), "12:30:15.5"),
        ((DT, LDT), "2024-02-29-12:30:15"),
    )
    for kind in kinds
}
"""A literal of each type."""

_SECOND = 1_000_000_000
_DAY_NS = 86_400 * _SECOND
_FIRST = dt.date(1970, 1, 1)
_DAY = r"(?P<y>\d{1,6})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d{1,2})(?::(?P<S>\d{1,2})(?:\.(?P<F>\d{1,9}))?)?"
_FORMS = {
    **dict.fromkeys((DATE, LDATE), re.compile(_DAY)),
    **dict.fromkeys((TOD, LTOD), re.compile(_CLOCK)),
    **dict.fromkeys((DT, LDT), re.compile(f"{_DAY}-{_CLOCK}")),
}


def parse_date(kind: Elementary, text: str) -> int | str:
    """Nanoseconds of what follows the `#`; a text says what is wrong with it."""
    found = _FORMS[kind].fullmatch(text)
    if found is None:
        return f"'{text}' is not like {EXAMPLES[kind]}"
    parts = found.groupdict()
    total = 0
    if "y" in parts:
        days = _days(int(parts["y"]), int(parts["m"]), int(parts["d"]))
        if days is None:
            return f"there is no day {parts['y']}-{parts['m']}-{parts['d']}"
        total = days * _DAY_NS
    if "H" in parts:
        hour, minute, second = int(parts["H"]), int(parts["M"]), int(parts["S"] or 0)
        if hour > 23 or minute > 59 or second > 59:
            return f"there is no time {parts['H']}:{parts['M']}:{parts['S'] or '00'}"
        total += ((hour * 60 + minute) * 60 + second) * _SECOND + int((parts["F"] or "0").ljust(9, "0"))
    return total if kind.minimum <= total <= kind.maximum else f"{kind.name} holds the years 1678 to 2261"


def show_date(kind: Elementary, ns: int) -> str:
    """The literal of a value: `DT#2024-02-29-12:30:15.25`.

    A program may hold what no literal says (a day with a time, a time of day beyond its day): the rest is kept, `+` the
    duration.
    """
    days, rest = divmod(ns, _DAY_NS)
    day = (_FIRST + dt.timedelta(days=days)).isoformat()
    if kind in (DATE, LDATE):
        return f"{kind.name}#{day}" + (f"+{rest}ns" if rest else "")
    if kind in (TOD, LTOD):
        return f"{kind.name}#{_clock(rest)}" + (f"{days:+}d" if days else "")
    return f"{kind.name}#{day}-{_clock(rest)}"


def _clock(ns: int) -> str:
    seconds, rest = divmod(ns, _SECOND)
    decimals = f".{rest:09}".rstrip("0") if rest else ""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{decimals}"


def _days(year: int, month: int, day: int) -> int | None:
    try:
        return (dt.date(year, month, day) - _FIRST).days
    except ValueError:
        return None
