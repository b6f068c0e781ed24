"""Test mode in words: is it on, what is asked for by hand, what the plant makes of it, what the last key did."""

from dataclasses import dataclass

from rich.style import Style

from hmi import palette, roles, wording
from hmi.canvas import Canvas
from hmi.model import Model
from hmi.palette import DIM, NORMAL, STRONG, ink
from hmi.status import number_of
from hmi.widgets.live import Live
from runtime.wire.exercise import TESTING

LABEL_WIDTH = 12
NS_A_MINUTE = 60_000_000_000


@dataclass(slots=True)
class Keystroke:
    """The page's own state: how much a key moves, and what came of the last one."""

    step_kw: float = 1.0
    said: str = ""
    done: bool = True


class TestFigures(Live):
    """Facts, a line each."""

    BORDER_TITLE = "Test mode"
    FADES = True

    def __init__(self, model: Model, keystroke: Keystroke, *, id: str, classes: str) -> None:
        super().__init__(model, id=id, classes=classes)
        self._keystroke = keystroke

    def paint(self, canvas: Canvas) -> None:
        """Nothing but a sentence at a site without test mode."""
        told = self.model.testing
        if not told:
            canvas.put(1, 0, "nothing is known of a test mode yet", DIM)
            return
        limited_by = str(told.get(roles.LIMITED_BY, wording.NOTHING))
        free = limited_by in ("NONE", wording.NOTHING)
        state, step, mode = (str(told.get(name, wording.NOTHING)) for name in (roles.STATE, roles.STEP, roles.MODE))
        lines: list[tuple[str, str, Style]] = [
            ("Test mode", *self._switch()),
            ("Plant", f"{state} {step}, mode {mode}, SoC {self._kw(roles.SOC_PCT, sign=False)} %", STRONG),
            (
                "By hand",
                f"{self._kw(TESTING + 'p_kw')} kW, droop {self._kw(TESTING + 'droop_kw')} kW",
                NORMAL,
            ),
            (
                "Setpoint",
                f"{self._kw(roles.P_SET_KW)} kW" + ("" if free else f"  ▲ {limited_by}"),
                NORMAL if free else _WARNED,
            ),
            ("Measured", f"{self._kw(roles.INVERTER_KW)} kW", NORMAL),
            ("One key", f"{self._keystroke.step_kw:g} kW  (← → another step)", NORMAL),
            ("Last key", self._keystroke.said or wording.NOTHING, NORMAL if self._keystroke.done else _WARNED),
        ]
        for y, (label, text, style) in enumerate(lines):
            canvas.put(1, y, label, DIM)
            canvas.put(1 + LABEL_WIDTH, y, wording.cut(text, canvas.width - LABEL_WIDTH - 2), style)

    def _switch(self) -> tuple[str, Style]:
        told = self.model.testing
        if told.get(TESTING + "on") is not True:
            return "○ off: t switches it on", NORMAL
        left_ns = number_of(told.get(TESTING + "left"))
        return f"● on, for {left_ns / NS_A_MINUTE:.0f} min more without a key", ink(palette.WARN, bold=True)

    def _kw(self, name: str, *, sign: bool = True) -> str:
        return wording.number(number_of(self.model.testing.get(name)), 1, sign=sign)


_WARNED = ink(palette.WARN, bold=True)
