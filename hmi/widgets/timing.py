"""How punctual the scan is: percentiles of release delay, execution and period error, then of each phase and each
task; release delay and execution on a log scale too, where there is room.
"""

import math

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, LINE, NORMAL, STRONG, ink
from hmi.status import Spread, Statistics
from hmi.widgets.live import Live

QUANTILES = (
    ("p50", "p50_ns"),
    ("p90", "p90_ns"),
    ("p99", "p99_ns"),
    ("p99.9", "p999_ns"),
    ("p99.99", "p9999_ns"),
    ("max", "max_ns"),
)
LABEL_WIDTH = 15
FIGURE_WIDTH = 10
SCALE_NS = (1e3, 1e9)
"""The log scale runs from 1 µs to 1 s: six decades, whatever the cycle."""
MARKS = ((1e3, "1 µs"), (1e4, "10"), (1e5, "100"), (1e6, "1 ms"), (1e7, "10"), (1e8, "100"), (1e9, "1 s"))


class Timing(Live):
    """The table, and below it bars where there is room."""

    BORDER_TITLE = "Timing since the last reset"
    FADES = True

    def paint(self, canvas: Canvas) -> None:
        """A table, as many rows as there is room for, then bars."""
        for place, (word, _) in enumerate(QUANTILES):
            canvas.put_right(LABEL_WIDTH + (place + 1) * FIGURE_WIDTH, 0, word, DIM)
        statistics = self.model.statistics
        if statistics is None:
            canvas.put(1, 2, "no figures yet", DIM)
            return
        rows = self._rows(statistics)
        for y, (word, spread, _) in enumerate(rows, 1):
            canvas.put(1, y, word, NORMAL)
            for place, (_, field) in enumerate(QUANTILES):
                figure = wording.duration(getattr(spread, field))
                canvas.put_right(LABEL_WIDTH + (place + 1) * FIGURE_WIDTH, y, figure, STRONG if place == 0 else NORMAL)
        for y, (word, spread) in enumerate(self._parts(statistics), len(rows) + 1):
            if y < canvas.height:
                canvas.put(1, y, word, DIM)
                for place, (_, field) in enumerate(QUANTILES):
                    figure = wording.duration(getattr(spread, field))
                    canvas.put_right(LABEL_WIDTH + (place + 1) * FIGURE_WIDTH, y, figure, NORMAL)
        y = first_bar = len(rows) + len(self._parts(statistics)) + 2
        for word, spread, colour in rows[:2]:
            if y + 7 <= canvas.height - 1:
                self._paint_bars(canvas, y, word, spread, colour)
                y += 8
        if y > first_bar:
            self._paint_scale(canvas, y - 1, statistics.cycle_ns)

    def _rows(self, statistics: Statistics) -> list[tuple[str, Spread, str]]:
        return [
            ("Release delay", statistics.release_delay, palette.GRID),
            ("Execution", statistics.execution, palette.BATTERY),
            ("Period error", statistics.period_error, palette.PV),
        ]

    def _parts(self, statistics: Statistics) -> list[tuple[str, Spread]]:
        phases = [(f" {name}", spread) for name, spread in statistics.phases]
        return phases + [(f" task {task.name}"[: LABEL_WIDTH - 1], task.execution) for task in statistics.tasks]

    def _paint_bars(self, canvas: Canvas, y: int, word: str, spread: Spread, colour: str) -> None:
        canvas.put(1, y, word, ink(colour, bold=True))
        first, width = _scale_area(canvas)
        for row, (name, field) in enumerate(QUANTILES, y + 1):
            value_ns = getattr(spread, field)
            canvas.put_right(LABEL_WIDTH - 1, row, name, DIM)
            length = _column(value_ns, width)
            canvas.put(first, row, "·" * width, LINE)
            canvas.put(first, row, "▬" * length, ink(colour))
            canvas.put(first + length + 1, row, wording.duration(value_ns) + " ", NORMAL)

    def _paint_scale(self, canvas: Canvas, y: int, cycle_ns: int) -> None:
        first, width = _scale_area(canvas)
        for at_ns, word in MARKS:
            canvas.put(first + _column(at_ns, width), y, f"╵{word}", DIM)
        cycle = first + _column(cycle_ns, width)
        canvas.put(cycle, y, f"▲ cycle {wording.cycle(cycle_ns)}", ink(palette.WARN, bold=True))


def _scale_area(canvas: Canvas) -> tuple[int, int]:
    return LABEL_WIDTH, max(10, canvas.width - LABEL_WIDTH - 10)


def _column(value_ns: float, width: int) -> int:
    low, high = (math.log10(bound) for bound in SCALE_NS)
    if math.isnan(value_ns) or value_ns <= SCALE_NS[0]:
        return 0
    return min(width, round((math.log10(value_ns) - low) / (high - low) * width))
