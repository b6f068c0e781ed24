"""How values read on the screen: numbers with their precision, durations with their unit, ages, qualities."""

import math

from hmi.status import Scalar
from runtime.core.quality import Quality
from runtime.wire.values import show

NOTHING = "–"
"""What stands where nothing is known."""

QUALITY_WORDS: dict[Quality, str] = {
    Quality.GOOD: "● GOOD",
    Quality.UNCERTAIN: "◐ UNCERTAIN",
    Quality.BAD: "✗ BAD",
}
"""Symbol and word, so that neither colour nor font is needed to tell them apart."""

SEVERITY_WORDS: dict[str, str] = {"info": "· INFO", "warning": "▲ WARNING", "error": "✗ ERROR"}


def number(value: float, digits: int = 1, *, sign: bool = False) -> str:
    """A number with fixed digits; a dash for NaN. Never `-0.0`."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "-∞" if value < 0 else "∞"
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if sign and rounded != 0 else f"{rounded:.{digits}f}"


def duration(ns: float) -> str:
    """`850 ns`, `26.1 µs`, `3.20 ms`, `1.50 s`: three figures."""
    if math.isnan(ns):
        return NOTHING
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(ns) >= size:
            return f"{_three_figures(ns / size)} {unit}"
    return f"{ns:.0f} ns"


def cycle(ns: int) -> str:
    """A cycle time without needless zeros: `10 ms`, `2.5 ms`, `1 s`."""
    return f"{ns / 1e9:g} s" if ns >= 1_000_000_000 else f"{ns / 1e6:g} ms"


def age(ms: float) -> str:
    """Coarse on purpose: it must not change, and so be sent, on every frame of a fresh value."""
    if math.isnan(ms) or ms < 0:
        return NOTHING
    if ms < 1000:
        return "<1 s"
    seconds = int(ms // 1000)
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 6000:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 360_000 else f"{seconds // 86_400} d"


def value(told: Scalar | None, type_name: str = "") -> str:
    """A tag's value as an engineer writes it in ST: TRUE, 12.345, RUN, T#5s, 'a text'."""
    if told is None:
        return NOTHING
    if isinstance(told, bool):
        return "TRUE" if told else "FALSE"
    if isinstance(told, float):
        return _general(told)
    if isinstance(told, int) and type_name in ("REAL", "LREAL"):
        return _general(float(told))
    return show(told, type_name)


def cut(text: str, room: int) -> str:
    """As much of a text as there is room for; `…` stands for the rest."""
    return text if len(text) <= room else text[: max(0, room - 1)] + "…"


def count(number_of_things: int) -> str:
    """`12 345 678`."""
    return f"{number_of_things:,}".replace(",", " ")


def _general(told: float) -> str:
    if not math.isfinite(told):
        return str(told)
    if told == 0:
        return "0.000"
    size = abs(told)
    if size >= 1e7 or size < 1e-3:
        return f"{told:.3e}"
    digits = 3 if size < 1000 else 1
    return f"{told:.{digits}f}"


def _three_figures(told: float) -> str:
    size = abs(told)
    return f"{told:.2f}" if size < 10 else f"{told:.1f}" if size < 100 else f"{told:.0f}"
