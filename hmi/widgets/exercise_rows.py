"""What came of each row of the exercise under way, or of the last one: the newest where there is no room for all."""

from hmi import palette, roles, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, NORMAL, ink
from hmi.status import Scalar, number_of
from hmi.widgets.live import Live

COLUMNS = ((1, ""), (5, "Asked"), (20, "Must follow"), (33, "Was"), (46, "Took"), (55, "Verdict"))
_MARKS = {"PASSED": "●", "UNDER_WAY": "◌", "LIMITED": "▲", "FAILED": "✗"}
_COLOURS = {"PASSED": palette.GOOD, "LIMITED": palette.WARN, "FAILED": palette.ALARM}


class ExerciseRows(Live):
    """A line a row."""

    BORDER_TITLE = "Exercise"
    FADES = True

    def paint(self, canvas: Canvas) -> None:
        """Heads, then rows."""
        name = str(self._of("name", ""))
        if name in ("", "NONE"):
            canvas.put(1, 0, "none yet: e leads the plant through its states, o through its modes, k breaks off", DIM)
            return
        passed, failed = (f"{number_of(self._of(field)):.0f}" for field in ("passed", "failed"))
        doing = "under way" if self._of("running") is True else "ended"
        self.border_title = f"Exercise {name} {doing}: {passed} passed, {failed} not"
        for x, head in COLUMNS:
            canvas.put(x, 0, head, DIM)
        count = min(int(number_of(self._of("n"))), roles.TEST_ROWS_MAX)
        first = max(1, count - (canvas.height - 1) + 1)
        for y, row in enumerate(range(first, count + 1), 1):
            self._paint_row(canvas, y, row, name)

    def _of(self, field: str, otherwise: Scalar | None = None) -> Scalar | None:
        return self.model.testing.get(f"{roles.TESTING}exercise.{field}", otherwise)

    def _paint_row(self, canvas: Canvas, y: int, row: int, name: str) -> None:
        def of(field: str) -> Scalar | None:
            return self.model.testing.get(f"{roles.TEST_ROWS}[{row}].{field}")

        request = str(of("request"))
        power = f"{wording.number(number_of(of('p_kw')), sign=True)} kW"
        if name == "MODES":
            asked, due, was = str(of("mode")), "in force", ""
        else:
            asked, due, was = power if request == "NONE" else request, str(of("to_step")), str(of("at_step"))
        verdict = str(of("verdict"))
        ended = verdict not in ("NONE", "UNDER_WAY")
        by = f" {of('limited_by')}" if verdict == "LIMITED" else ""
        took = wording.duration(number_of(of("took"))) if ended else wording.NOTHING
        cells = (f"{row:2}", asked, due, was if ended else "", took, f"{_MARKS.get(verdict, '')} {verdict}{by}")
        colour = _COLOURS.get(verdict)
        for (x, _), cell in zip(COLUMNS, cells, strict=True):
            canvas.put(x, y, cell, NORMAL)
        canvas.put(COLUMNS[-1][0], y, cells[-1], NORMAL if colour is None else ink(colour, bold=True))
