"""Date and time-of-day literals: `D#2024-02-29`, `TOD#12:30:15.5`, `DT#2024-02-29-12:30:15` and their L forms."""

import datetime as dt
import re

from runtime.core.elementary import DATE, DT, LDATE, LDT, LTOD, TOD, Elementary
from runtime.lang.syntax.read import Read

DATE_PREFIXES: dict[str, Elementary] = {
    **dict.fromkeys(("D", "DATE"), DATE),
    **dict.fromkeys(("LD", "LDATE"), LDATE),
    **dict.fromkeys(("TOD", "TIME_OF_DAY"), TOD),
    **dict.fromkeys(("LTOD", "LTIME_OF_DAY"), LTOD),
    **dict.fromkeys(("DT", "DATE_AND_TIME"), DT),
    **dict.fromkeys(("LDT", "LDATE_AND_TIME"), LDT),
}
"""The words before the `#`, in upper case."""

_SECOND = 1_000_000_000
_DAY = r"(?P<y>\d{1,6})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d{1,2})(?::(?P<S>\d{1,2})(?:\.(?P<F>\d{1,9}))?)?"
_FORMS = {
    "date": (re.compile(_DAY), "2024-02-29"),
    "clock": (re.compile(_CLOCK), "12:30:15.5"),
    "both": (re.compile(f"{_DAY}-{_CLOCK}"), "2024-02-29-12:30:15"),
}


def read_date(kind: Elementary, text: str) -> Read:
    """The value of what follows the `#`."""
    form = "date" if kind in (DATE, LDATE) else "clock" if kind in (TOD, LTOD) else "both"
    pattern, example = _FORMS[form]
    found = pattern.fullmatch(text)
    if found is None:
        return Read(problem=f"'{text}' is not like {kind.name}#{example}")
    parts = found.groupdict()
    total = 0
    if "y" in parts:
        days = _days(int(parts["y"]), int(parts["m"]), int(parts["d"]))
        if days is None:
            return Read(problem=f"there is no day {parts['y']}-{parts['m']}-{parts['d']}")
        total = days * 86_400 * _SECOND
    if "H" in parts:
        hour, minute, second = int(parts["H"]), int(parts["M"]), int(parts["S"] or 0)
        if hour > 23 or minute > 59 or second > 59:
            return Read(problem=f"there is no time {parts['H']}:{parts['M']}:{parts['S'] or '00'}")
        total += ((hour * 60 + minute) * 60 + second) * _SECOND + int((parts["F"] or "0").ljust(9, "0"))
    if not kind.minimum <= total <= kind.maximum:
        return Read(problem=f"{kind.name} holds the years 1678 to 2261")
    return Read(kind, total)


def _days(year: int, month: int, day: int) -> int | None:
    try:
        return (dt.date(year, month, day) - dt.date(1970, 1, 1)).days
    except ValueError:
        return None
