"""State of charge as bars: the battery as a whole and each rack, with voltage, current, cells and state."""

import math

from rich.style import Style

from hmi import palette, roles, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, LINE, NORMAL, STRONG, ink
from hmi.widgets.live import Live

LOW_PCT = 15.0
"""Below this the bar is drawn as low; what the controller does about it is the program's affair."""
NAME_WIDTH = 11


class BatteryBars(Live):
    """One row for the whole, one a rack."""

    BORDER_TITLE = "Battery"
    FADES = True

    def paint(self, canvas: Canvas) -> None:
        """As many columns as the width allows: voltage always, then current, state, cells."""
        racks = self.model.racks()
        details = [self._details(rack) for rack in racks]
        shown = _columns_that_fit(details, canvas.width)
        room = canvas.width - NAME_WIDTH - 10 - sum(width + 2 for width in shown)
        bar = max(8, min(60, room))
        self._paint_bar(canvas, 0, "All racks", roles.SOC_PCT, bar, STRONG)
        for y, (rack, cells) in enumerate(zip(racks, details, strict=True), 1):
            self._paint_bar(canvas, y, rack, f"{rack}.soc_pct", bar, NORMAL)
            x = NAME_WIDTH + 10 + bar + 1
            for width, (text, style) in zip(shown, cells, strict=False):
                canvas.put(x, y, f"{text:>{width}}", style)
                x += width + 2
        if not racks:
            canvas.put(1, 1, "no rack in the view", DIM)

    def _paint_bar(self, canvas: Canvas, y: int, name: str, tag: str, width: int, style: Style) -> None:
        soc_pct = self.model.number(tag)
        bad = self.model.is_bad(tag)
        canvas.put(1, y, name[: NAME_WIDTH - 1], DIM if bad else style)
        if bad or math.isnan(soc_pct):
            canvas.put(NAME_WIDTH + 1, y, "✗ BAD" if bad else wording.NOTHING, _ALARMED if bad else DIM)
            canvas.put(NAME_WIDTH + 10, y, "╌" * width, LINE)
            return
        low = soc_pct < LOW_PCT
        canvas.put_right(NAME_WIDTH + 8, y, f"{wording.number(soc_pct)} %", _ALARMED if low else style)
        halves = round(min(max(soc_pct, 0.0), 100.0) / 100 * width * 2)
        colour = ink(palette.WARN if low else palette.BATTERY)
        canvas.put(NAME_WIDTH + 10, y, "─" * width, LINE)
        canvas.put(NAME_WIDTH + 10, y, "━" * (halves // 2) + "╸" * (halves % 2), colour)

    def _details(self, rack: str) -> list[tuple[str, Style]]:
        """Voltage, state, current, cell voltages, cell temperatures: the order in which they may be left out last."""
        model, number = self.model, wording.number

        def figure(name: str, digits: int = 1, *, sign: bool = False) -> str:
            return number(model.number(f"{rack}.{name}"), digits, sign=sign)

        state = model.text(f"{rack}.state", "")
        bad = model.is_bad(f"{rack}.u_v")
        mark = "?" if model.is_bad(f"{rack}.state") else _STATE_MARKS.get(state, "○")
        style = DIM if bad else NORMAL
        cells = f"{figure('cell_u_min_mv', 0)}…{figure('cell_u_max_mv', 0)} mV"
        heat = f"{figure('cell_t_min_c', 0)}…{figure('cell_t_max_c', 0)} °C"
        return [
            (f"{figure('u_v')} V", style),
            (f"{mark} {state}", style),
            (f"{figure('i_a', sign=True)} A", style),
            (cells, style),
            (heat, style),
        ]


def _columns_that_fit(details: list[list[tuple[str, Style]]], width: int) -> list[int]:
    """Widths of the leading columns that leave the bar at least 20 cells."""
    shown: list[int] = []
    for column in range(len(details[0]) if details else 0):
        wanted = max(len(row[column][0]) for row in details)
        wanted = max(wanted, _STEADY_WIDTHS[column])
        if NAME_WIDTH + 10 + 20 + sum(w + 2 for w in shown) + wanted + 2 > width:
            break
        shown.append(wanted)
    return shown


_STEADY_WIDTHS = (7, 11, 8, 12, 8)
"""Columns do not shrink below these, so that they stand still while figures change."""
_STATE_MARKS = {"CONNECTED": "●", "FAULT": "✗"}
_ALARMED = ink(palette.ALARM, bold=True)
