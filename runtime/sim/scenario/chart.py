"""Curves as a picture: SVG, one panel a unit, the same bytes for the same samples; PNG where resvg-py is installed.

Of a curve with more samples than the picture has columns, first, lowest, highest and last of each column are drawn, so
that no peak is lost.
"""

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from runtime.core.fault import ConfigFault

Column = npt.NDArray[np.float64]
WIDTH, PANEL_HEIGHT, LEFT, RIGHT, TOP, BOTTOM, GAP = 960, 220, 70, 210, 40, 40, 24
NAME_AT, NAME_PX = 40, 7
"""Names of curves begin so far right of the panel; a letter of them takes no more than so many pixels on average."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Told apart with every kind of colour vision (Okabe, Ito: Color Universal Design, 2008); the dashes say it again."""
DASHES = ("", "6 3", "2 2", "8 3 2 3", "1 3", "10 4", "4 1")
TICKS = 5
_STEPS = (1, 2, 5, 10)
_TIME_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Curve:
    """A named column and its unit ("" for none)."""

    name: str
    unit: str
    values: Column


def save_chart(path: Path, title: str, t_s: Column, curves: Sequence[Curve]) -> None:
    """Write the picture. Raises ConfigFault when it is neither .svg nor .png, or cannot be written."""
    if path.suffix not in (".svg", ".png"):
        raise ConfigFault("not a kind of picture that can be drawn", where=str(path), mend="name it .svg or .png")
    drawn = svg(title, t_s, curves)
    content = drawn.encode() if path.suffix == ".svg" else _png(drawn, path)
    try:
        path.write_bytes(content)
    except OSError as fault:
        raise ConfigFault(
            f"cannot be written: {fault.strerror}", where=str(path), mend="check the folder, its rights and the disk"
        ) from fault


def _png(drawn: str, path: Path) -> bytes:
    try:
        resvg: Any = importlib.import_module("resvg_py")
    except ModuleNotFoundError as missing:
        raise ConfigFault(
            "PNG needs resvg-py, which is not installed",
            where=str(path),
            mend="pip install 'voltscan[png]', or name the file .svg",
        ) from missing
    return bytes(resvg.svg_to_bytes(svg_string=drawn))


def svg(title: str, t_s: Column, curves: Sequence[Curve]) -> str:
    """The picture as text: a panel for each unit, in order of the curves, over one axis of time."""
    units = list(dict.fromkeys(curve.unit for curve in curves))
    height = TOP + len(units) * (PANEL_HEIGHT + GAP) + BOTTOM
    longest = max((len(curve.name) for curve in curves), default=0)
    width = max(WIDTH, WIDTH - RIGHT + NAME_AT + NAME_PX * longest)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Arial, DejaVu Sans, sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>',
    ]
    for number, unit in enumerate(units):
        top = TOP + number * (PANEL_HEIGHT + GAP)
        parts += _panel(top, unit, t_s, [curve for curve in curves if curve.unit == unit])
    parts += _time_axis(height - BOTTOM - GAP, t_s)
    return "\n".join([*parts, "</svg>", ""])


def _panel(top: int, unit: str, t_s: Column, curves: Sequence[Curve]) -> list[str]:
    right, bottom = WIDTH - RIGHT, top + PANEL_HEIGHT
    low, high = _bounds(curves)
    parts = [f'<rect x="{LEFT}" y="{top}" width="{right - LEFT}" height="{PANEL_HEIGHT}" fill="none" stroke="#999"/>']
    step = _step((high - low) / TICKS)
    for tick in np.arange(math.ceil(low / step - 1e-9) * step, high + step * 1e-9, step):
        y = bottom - (tick - low) / (high - low) * PANEL_HEIGHT
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>')
        text = f"{tick + 0.0:g}" if abs(tick) > step * 1e-6 else "0"
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    if unit:
        parts.append(f'<text x="{LEFT + 6}" y="{top + 16}" fill="#555">{escape(unit)}</text>')
    for number, curve in enumerate(curves):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        style = f'fill="none" stroke="{colour}" stroke-width="1.3"' + (f' stroke-dasharray="{dash}"' if dash else "")
        points = _points(t_s, curve.values, low=low, high=high, top=top)
        parts.append(f'<polyline points="{points}" {style}/>')
        y = top + 14 + 18 * number
        parts.append(f'<line x1="{right + 10}" y1="{y}" x2="{right + 34}" y2="{y}" {style}/>')
        parts.append(f'<text x="{right + NAME_AT}" y="{y + 4}">{escape(curve.name)}</text>')
    return parts


def _bounds(curves: Sequence[Curve]) -> tuple[float, float]:
    finite = np.concatenate([curve.values[np.isfinite(curve.values)] for curve in curves])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    margin = (high - low) * 0.05 or max(abs(high) * 0.05, 0.5)
    return low - margin, high + margin


def _step(raw: float) -> float:
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in _STEPS if power * factor >= raw * 0.999)


def _points(t_s: Column, values: Column, *, low: float, high: float, top: int) -> str:
    width = WIDTH - RIGHT - LEFT
    span_s = float(t_s[-1] - t_s[0]) or 1.0
    x = LEFT + (t_s - t_s[0]) / span_s * width
    y = top + PANEL_HEIGHT - (values - low) / (high - low) * PANEL_HEIGHT
    keep = np.isfinite(y)
    x, y = x[keep], y[keep]
    if len(x) > 4 * width:
        x, y = _thinned(x, y)
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _thinned(x: Column, y: Column) -> tuple[Column, Column]:
    """First, lowest, highest and last point of each column of the picture, in order of time."""
    columns = np.floor(x).astype(int)
    starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    chosen: set[int] = set()
    for start, end in zip(starts, [*starts[1:], len(x)], strict=True):
        part = y[start:end]
        chosen |= {int(start), int(start + part.argmin()), int(start + part.argmax()), int(end) - 1}
    kept = sorted(chosen)
    return x[kept], y[kept]


def _time_axis(y: int, t_s: Column) -> list[str]:
    start, span_s = float(t_s[0]), float(t_s[-1] - t_s[0]) or 1.0
    step = next((s for s in _TIME_STEPS_S if span_s / s <= 8), 86400 * math.ceil(span_s / 86400 / 8))
    parts: list[str] = []
    for tick in range(math.ceil(start / step) * step, math.floor(start + span_s) + 1, step):
        x = LEFT + (tick - start) / span_s * (WIDTH - RIGHT - LEFT)
        parts.append(f'<text x="{x:.1f}" y="{y + 20}" text-anchor="middle">{clock(tick)}</text>')
        parts.append(f'<line x1="{x:.1f}" y1="{y}" x2="{x:.1f}" y2="{y + 5}" stroke="#999"/>')
    return parts


def clock(seconds: float) -> str:
    """A time since the start, short: 45 s, 3:20 (minutes), 5:00 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole // 60 % 60:02d} h"
