"""Lines drawn with braille dots: two by four to a character cell."""

import math
from collections.abc import Sequence

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Unicode braille patterns: the bit of the dot in column x, row y of a cell."""


class Dots:
    """Width × height character cells of dots, row 0 at the top."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._bits = [[0] * width for _ in range(height)]

    def set(self, x: int, y: int) -> None:
        """Set a dot; outside is cut."""
        if 0 <= x < self.width * 2 and 0 <= y < self.height * 4:
            self._bits[y // 4][x // 2] |= _DOTS[x % 2][y % 4]

    def bits(self, x: int, y: int) -> int:
        """The dots of a cell; 0 for none."""
        return self._bits[y][x]

    def cells(self) -> list[tuple[int, int, str]]:
        """(column, row, character) of every cell with a dot."""
        return [(x, y, chr(0x2800 + bits)) for y, row in enumerate(self._bits) for x, bits in enumerate(row) if bits]


def joined(drawn: Sequence[Dots], x: int, y: int) -> str:
    """The character of a cell in which several lines have dots: a later line hides none of an earlier one."""
    bits = 0
    for dots in drawn:
        bits |= dots.bits(x, y)
    return chr(0x2800 + bits)


def buckets(samples: Sequence[float], *, size: float, last: int, count: int) -> list[tuple[float, float] | None]:
    """Minimum and maximum of `count` buckets of `size` (at least 1) samples, newest last; None for no number.

    Buckets are cut at multiples of `size` of the absolute sample number (`last` is the newest one's), so that a
    curve moves a whole dot at a time and does not shimmer in between.
    """
    grouped: dict[int, list[float]] = {}
    first = last - len(samples) + 1
    for number, sample in enumerate(samples, first):
        if not math.isnan(sample):
            grouped.setdefault(int(number // size), []).append(sample)
    newest = int(last // size)
    return [
        (min(found), max(found)) if (found := grouped.get(number)) else None
        for number in range(newest - count + 1, newest + 1)
    ]


def plot(dots: Dots, spans: Sequence[tuple[float, float] | None], *, low: float, high: float, dotted: bool) -> None:
    """Draw spans right-aligned, each joined to the one before. A dotted line is two on, two off."""
    rows = dots.height * 4 - 1
    start = dots.width * 2 - len(spans)

    def row(value: float) -> int:
        return round((high - min(max(value, low), high)) / (high - low) * rows)

    former: tuple[int, int] | None = None
    for x, span in enumerate(spans, start):
        if span is None:
            former = None
            continue
        top, bottom = row(span[1]), row(span[0])
        reach_top, reach_bottom = top, bottom
        if former is not None:
            reach_top, reach_bottom = min(top, former[1]), max(bottom, former[0])
        if not dotted or x % 4 < 2:
            for y in range(reach_top, reach_bottom + 1):
                dots.set(x, y)
        former = (top, bottom)


def nice_bounds(low: float, high: float, *, span_min: float) -> tuple[float, float]:
    """Bounds on round numbers (1, 2, 5 × a power of ten) around an interval at least `span_min` wide."""
    if high - low < span_min:
        middle = (low + high) / 2
        low, high = middle - span_min / 2, middle + span_min / 2
    raw = (high - low) / 2
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
