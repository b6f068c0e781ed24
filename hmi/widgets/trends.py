"""Trends of the last ten minutes in braille: inverter power over its setpoint, grid power, state of charge."""

import math
from dataclasses import dataclass

from hmi import palette, wording
from hmi.braille import Dots, buckets, joined, nice_bounds, plot
from hmi.canvas import Canvas
from hmi.model import Model
from hmi.palette import DIM, LINE, ink
from hmi.trend import TREND_S
from hmi.widgets.live import Live

AXIS_WIDTH = 7
STACKED_HEIGHT = 12
"""From this height on the charts stand above each other, below it side by side."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: a field of the samples. Dotted or solid tells it apart where colour does not."""

    field: str
    word: str
    short: str
    colour: str
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves on one scale. `span_min` keeps noise from filling the chart; `zero` holds 0 in view."""

    unit: str
    curves: tuple[Curve, ...]
    span_min: float
    zero: bool


CHARTS = (
    Chart(
        "kW",
        (
            Curve("p_set_kw", "setpoint", "set", palette.SETPOINT, dotted=True),
            Curve("p_inverter_kw", "inverter", "inv", palette.BATTERY),
        ),
        span_min=10.0,
        zero=True,
    ),
    Chart("kW", (Curve("p_grid_kw", "grid", "grid", palette.GRID),), span_min=10.0, zero=True),
    Chart("%", (Curve("soc_pct", "state of charge", "SoC", palette.PV),), span_min=2.0, zero=False),
)


class Trends(Live):
    """Three charts on one time axis. Painted again only when a sample has come."""

    BORDER_TITLE = "Last 10 minutes"

    def __init__(self, model: Model, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._painted = (-1, False)

    def redraw(self) -> None:
        """Once a second at most, and when the connection comes or goes."""
        shown = (self.model.trend.last, self.model.connection.up)
        if self._painted != shown:
            self._painted = shown
            super().redraw()

    def on_resize(self, _event: object) -> None:
        """A new size is a new painting even without a sample."""
        super().redraw()

    def paint(self, canvas: Canvas) -> None:
        """Above each other where there is room, else side by side."""
        count = len(CHARTS)
        if canvas.height >= STACKED_HEIGHT:
            y = 0
            for place, chart in enumerate(CHARTS):
                height = (canvas.height - 1 - y) // (count - place)
                self._paint_chart(canvas, chart, _Area(0, y, canvas.width - 1, height))
                y += height
            self._paint_time(canvas, AXIS_WIDTH, canvas.width - 1)
            return
        width = canvas.width // count
        for place, chart in enumerate(CHARTS):
            self._paint_chart(canvas, chart, _Area(place * width, 0, width - 1, canvas.height))

    def _paint_chart(self, canvas: Canvas, chart: Chart, area: "_Area") -> None:
        width, height = area.width - AXIS_WIDTH, area.height - 1
        if width < 4 or height < 1:
            return
        self._paint_legend(canvas, chart, area)
        trend = self.model.trend
        size = _samples_per_dot(width)
        count = min(width * 2, math.ceil(TREND_S / size))
        spans = [buckets(trend.series(c.field), size=size, last=trend.last, count=count) for c in chart.curves]
        bounds = _bounds(chart, spans)
        x, y = area.x + AXIS_WIDTH, area.y + 1
        canvas.down(x - 1, y, y + height, "┤", LINE)
        if bounds is None:
            canvas.put(x + 1, y + height // 2, "no data yet", DIM)
            return
        low, high = bounds
        for row in range(height):
            if row in (0, height - 1) or (height >= 5 and row == height // 2):
                level = high - (high - low) * (row / max(1, height - 1))
                digits = 0 if high - low >= 10 else 1
                canvas.put_right(x - 1, y + row, wording.number(level, digits), DIM)
        if low < 0 < high:
            zero = y + round((high / (high - low) * (height * 4 - 1)) // 4)
            canvas.put(x, zero, "┈" * width, LINE)
        drawn = [Dots(width, height) for _ in chart.curves]
        for curve, found, dots in zip(chart.curves, spans, drawn, strict=True):
            plot(dots, found, low=low, high=high, dotted=curve.dotted)
        for curve, dots in sorted(zip(chart.curves, drawn, strict=True), key=lambda pair: pair[0].dotted):
            for column, row, _ in dots.cells():
                canvas.put(x + column, y + row, joined(drawn, column, row), ink(curve.colour))

    def _paint_legend(self, canvas: Canvas, chart: Chart, area: "_Area") -> None:
        x = area.x + AXIS_WIDTH
        known = self.model.connection.up and self.model.trend.samples
        latest = self.model.trend.samples[-1] if known else None
        for curve in chart.curves:
            figure = wording.number(getattr(latest, curve.field), sign=chart.zero) if latest else wording.NOTHING
            roomy = area.width >= 44 or len(chart.curves) == 1
            word = curve.word if area.width >= 44 else curve.short
            text = f"{'┈┈' if curve.dotted else '━━'} {word} {figure}"
            x = canvas.put(x, area.y, text, ink(curve.colour)) + (2 if roomy else 1)
        if area.width >= 44 or len(chart.curves) == 1:
            canvas.put(x - 1, area.y, chart.unit, DIM)

    def _paint_time(self, canvas: Canvas, x: int, x_end: int) -> None:
        y = canvas.height - 1
        width = x_end - x
        for minutes in (10, 8, 6, 4, 2):
            column = x_end - round(minutes * 60 / _samples_per_dot(width) / 2)
            canvas.put(max(x, column), y, f"╵-{minutes} min", DIM)
        canvas.put_right(x_end, y, "now╵", DIM)


@dataclass(frozen=True, slots=True)
class _Area:
    x: int
    y: int
    width: int
    height: int


def _samples_per_dot(width: int) -> float:
    return max(1.0, TREND_S / (width * 2))


def _bounds(chart: Chart, spans: list[list[tuple[float, float] | None]]) -> tuple[float, float] | None:
    found = [span for curve in spans for span in curve if span is not None and math.isfinite(span[0] + span[1])]
    if not found:
        return None
    low, high = min(span[0] for span in found), max(span[1] for span in found)
    if chart.zero:
        low, high = min(low, 0.0), max(high, 0.0)
    return nice_bounds(low, high, span_min=chart.span_min)
