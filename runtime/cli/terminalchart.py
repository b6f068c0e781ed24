"""Curves in the terminal, in braille: one panel a curve, with its bounds beside it and the time below."""

from collections.abc import Sequence
from itertools import pairwise

from hmi.braille import Dots, nice_bounds, plot
from runtime.sim.scenario.chart import Column, Curve, clock

ROWS = 6
BOUND_WIDTH = 9


def terminal_chart(t_s: Column, curves: Sequence[Curve], *, width: int) -> str:
    """All panels, one below the other, `width` characters wide."""
    cells = max(20, width - BOUND_WIDTH - 1)
    panels = [_panel(curve, cells) for curve in curves]
    start, end = clock(float(t_s[0])), clock(float(t_s[-1]))
    axis = " " * (BOUND_WIDTH + 1) + start + end.rjust(cells - len(start))
    return "\n".join([*panels, axis])


def _panel(curve: Curve, cells: int) -> str:
    values = curve.values
    low, high = nice_bounds(float(values.min()), float(values.max()), span_min=1e-3)
    dots = Dots(cells, ROWS)
    edges = [len(values) * i // (cells * 2) for i in range(cells * 2 + 1)]
    parts = [values[a : max(b, a + 1)] for a, b in pairwise(edges)]
    spans = [(float(part.min()), float(part.max())) if len(part) else None for part in parts]
    plot(dots, spans, low=low, high=high, dotted=False)
    bounds = {0: f"{high:g}", ROWS - 1: f"{low:g}"}
    lines = [
        bounds.get(y, "").rjust(BOUND_WIDTH) + "▕" + "".join(chr(0x2800 + dots.bits(x, y)) for x in range(cells))
        for y in range(ROWS)
    ]
    unit = f" [{curve.unit}]" if curve.unit else ""
    return "\n".join([f"{curve.name}{unit}", *(line.rstrip("\u2800") for line in lines)])
