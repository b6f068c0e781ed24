"""The plant in words: state, mode, frequency, and the setpoint with its interval and what limits it now."""

import math

from rich.style import Style

from hmi import palette, roles, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, LINE, NORMAL, STRONG, ink
from hmi.widgets.live import Live

LABEL_WIDTH = 12
ROOMY = 12
"""From this height on lines stand apart in groups."""

_STATE_MARKS = {"RUN": ("●", palette.GOOD), "ERROR": ("✗", palette.ALARM)}


class PlantCard(Live):
    """State, mode, setpoint and outputs of the plant."""

    BORDER_TITLE = "Plant"
    FADES = True

    def paint(self, canvas: Canvas) -> None:
        """A line each; what does not fit at 80x24 is not here."""
        roomy = canvas.height >= ROOMY
        y = 0
        for group in (self._state_lines(), self._setpoint_lines()):
            for label, text, style in group:
                canvas.put(1, y, label, DIM)
                canvas.put(1 + LABEL_WIDTH, y, text, style)
                y += 1
            y += 1 if roomy else 0
        self._paint_interval(canvas, y)
        y += 3 if roomy else 2
        limited_by = self.model.text(roles.LIMITED_BY)
        free = limited_by in ("NONE", wording.NOTHING)
        canvas.put(1, y, "Limited by", DIM)
        canvas.put(1 + LABEL_WIDTH, y, limited_by if free else f"▲ {limited_by}", NORMAL if free else _WARNED)
        y += 1
        canvas.put(1, y, "Outputs", DIM)
        canvas.put(1 + LABEL_WIDTH, y, *self._outputs())

    def _state_lines(self) -> list[tuple[str, str, Style]]:
        model = self.model
        state = model.text(roles.STATE)
        mark, colour = _STATE_MARKS.get(state, ("◌", palette.WARN))
        phase = model.text(roles.PHASE, "")
        if phase and state == "INIT":
            state = f"{state}  {phase}"
        frequency = f"{wording.number(model.number(roles.GRID_HZ), 3)} Hz"
        bad = model.is_bad(roles.GRID_HZ)
        return [
            ("State", f"{mark} {state}", ink(colour, bold=True)),
            ("Mode", model.text(roles.MODE), STRONG),
            ("Frequency", f"{frequency} ✗ BAD" if bad else frequency, _ALARMED if bad else NORMAL),
        ]

    def _setpoint_lines(self) -> list[tuple[str, str, Style]]:
        model = self.model
        lines = [("Setpoint", f"{wording.number(model.number(roles.P_SET_KW), sign=True)} kW", STRONG)]
        target = model.number(roles.GRID_TARGET_KW)
        if not math.isnan(target):
            lines.insert(0, ("Grid target", f"{wording.number(target, sign=True)} kW", NORMAL))
        return lines

    def _outputs(self) -> tuple[str, Style]:
        status = self.model.status
        if status is None or not self.model.connection.up:
            return "unknown", DIM
        if status.driving and status.scanning:
            return "● driven", ink(palette.GOOD)
        return ("○ by the other", NORMAL) if status.standby else ("✗ FAIL-SAFE", _ALARMED)

    def _paint_interval(self, canvas: Canvas, y: int) -> None:
        """`-100 ╌╌━━━━┿━━◆━╌╌ 100`: the whole rating, what is allowed of it, zero, and the setpoint."""
        model = self.model
        low, high = model.number(roles.P_MIN_KW), model.number(roles.P_MAX_KW)
        setpoint, rated = model.number(roles.P_SET_KW), model.number(roles.RATED_KW)
        if math.isnan(low) or math.isnan(high):
            canvas.put(1, y, "Interval", DIM)
            canvas.put(1 + LABEL_WIDTH, y, wording.NOTHING, DIM)
            return
        reach = max([abs(low), abs(high), 1.0] + ([] if math.isnan(rated) else [rated]))
        first, width = 1, canvas.width - 2

        def column(p_kw: float) -> int:
            return first + round((min(max(p_kw, -reach), reach) + reach) / (2 * reach) * (width - 1))

        canvas.put(first, y, "╌" * width, LINE)
        canvas.put(column(low), y, "━" * (column(high) - column(low) + 1), ink(palette.GRID))
        canvas.put(column(low), y, "┣", ink(palette.GRID))
        canvas.put(column(high), y, "┫", ink(palette.GRID))
        canvas.put(column(0.0), y, "┿", NORMAL)
        if not math.isnan(setpoint):
            canvas.put(column(setpoint), y, "◆", ink(palette.SETPOINT, bold=True))
        canvas.put(first, y + 1, f"{wording.number(low, sign=True)}", NORMAL)
        canvas.put_right(first + width, y + 1, f"{wording.number(high, sign=True)} kW", NORMAL)
        middle = "charge ◁ 0 ▷ discharge" if width > 44 else "allowed"
        canvas.put(column(0.0) - len(middle) // 2, y + 1, middle, DIM)


_ALARMED = ink(palette.ALARM, bold=True)
_WARNED = ink(palette.WARN, bold=True)
