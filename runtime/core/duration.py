"""Durations as people write them in site files and on the command line: `10ms`, `1.5s`, `24h`."""

import re

NS_PER_UNIT = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h|d)\s*")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")


def duration_ns(text: str) -> int:
    """Nanoseconds of a text such as `10ms`, `1.5s`, `5m`, `24h`, `7d` or `1h30m`.

    Raises ValueError with what is expected.
    """
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"'{text}' is no duration: write a number and a unit, such as 10ms, 1.5s, 5m, 24h, 7d")
    return sum(round(float(number) * NS_PER_UNIT[unit]) for number, unit in _PART.findall(text))


def duration_text(ns: float) -> str:
    """A duration for people, in the unit that keeps it short: 812 ns, 1.25 ms, 3 s."""
    for unit in ("h", "m", "s", "ms", "us"):
        if ns >= NS_PER_UNIT[unit]:
            return f"{ns / NS_PER_UNIT[unit]:.3g} {unit}"
    return f"{ns:.3g} ns"
