"""A pair that was hurt, as a picture: the power at the plant, who drove meanwhile, and what was done to whom when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol

WIDTH, HEIGHT, LEFT, RIGHT, TOP, STRIP = 960, 280, 70, 190, 100, 34
BOTTOM = TOP + HEIGHT
CURVES = ("#1f77b4", "#d62728", "#2ca02c")
DRIVERS = {"a": ("#dbe9f6", "a drives"), "b": ("#fde5cc", "b drives"), "": ("#f4b6b6", "nobody")}
LINES, LABEL_ROWS, LABEL_PX = 6, 4, 18
NAMED_PX = 60
"""Who drives is written into a stretch that is at least so wide."""


class Moment(Protocol):
    """What the plant showed, who drove and what was being done."""

    at_s: float
    values: tuple[float, ...]
    leader: str
    what: str


def save_hurt_pair(path: Path, names: Sequence[str], moments: Sequence[Moment]) -> None:
    """`names` of the values, in kW; `moments` in order, one at least. Raises OSError."""
    values = [value for moment in moments for value in moment.values]
    room = max(1.0, 0.08 * (max(values) - min(values)))
    spent_s = max(moments[-1].at_s - moments[0].at_s, 1.0)
    scale = Scale(moments[0].at_s, spent_s, low=min(values) - room, high=max(values) + room)
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{BOTTOM + STRIP + 60}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        *_drivers(scale, moments),
        *_lines(scale),
        *_deeds(scale, moments),
        *(part for number, name in enumerate(names) for part in _curve(scale, moments, number, name)),
    ]
    path.write_text("\n".join([*parts, "</svg>", ""]))


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a time and a power lie in the picture."""

    began_s: float
    spent_s: float
    low: float
    high: float

    def x(self, at_s: float) -> float:
        """In pixels."""
        return LEFT + WIDTH * (at_s - self.began_s) / self.spent_s

    def y(self, value: float) -> float:
        """In pixels."""
        return TOP + HEIGHT * (self.high - value) / (self.high - self.low)


def _drivers(scale: Scale, moments: Sequence[Moment]) -> Iterator[str]:
    starts = [next(stretch) for _, stretch in groupby(moments, key=lambda moment: moment.leader)]
    ends = [*(moment.at_s for moment in starts[1:]), moments[-1].at_s]
    for moment, end_s in zip(starts, ends, strict=True):
        colour, told = DRIVERS.get(moment.leader, DRIVERS[""])
        left, width = scale.x(moment.at_s), max(1.0, scale.x(end_s) - scale.x(moment.at_s))
        yield f'<rect x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT + STRIP}" fill="{colour}"/>'
        if width >= NAMED_PX:
            place = f'x="{left + width / 2:.1f}" y="{BOTTOM + STRIP - 12}"'
            yield f'<text {place} text-anchor="middle" font-weight="bold">{told}</text>'


def _lines(scale: Scale) -> Iterator[str]:
    for line in range(LINES + 1):
        value, second = scale.low + (scale.high - scale.low) * line / LINES, scale.spent_s * line / LINES
        y, x = scale.y(value), scale.x(scale.began_s + second)
        yield f'<path d="M{LEFT} {y:.1f}H{LEFT + WIDTH}" stroke="#bbb" stroke-width="0.6"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.0f} kW</text>'
        yield f'<text x="{x:.1f}" y="{BOTTOM + STRIP + 18}" text-anchor="middle">{second:.0f} s</text>'


def _deeds(scale: Scale, moments: Sequence[Moment]) -> Iterator[str]:
    for number, (what, stretch) in enumerate(groupby(moments, key=lambda moment: moment.what)):
        x, top = scale.x(next(stretch).at_s), TOP - 8 - LABEL_PX * (number % LABEL_ROWS)
        yield f'<path d="M{x:.1f} {top}V{BOTTOM + STRIP}" stroke="#555" stroke-dasharray="3 3"/>'
        yield f'<text x="{x + 4:.1f}" y="{top + 4}" fill="#222">{what}</text>'


def _curve(scale: Scale, moments: Sequence[Moment], number: int, name: str) -> Iterator[str]:
    """The first one thick and dashed, for the next one lies on it as long as all is well."""
    points = " ".join(f"{scale.x(moment.at_s):.1f},{scale.y(moment.values[number]):.1f}" for moment in moments)
    style = 'stroke-width="1.6"' if number else 'stroke-width="2.6" stroke-dasharray="7 4"'
    colour = CURVES[number % len(CURVES)]
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" {style}/>'
    yield f'<text x="{LEFT + WIDTH + 10}" y="{TOP + 14 + LABEL_PX * number}" fill="{colour}">{name}</text>'
