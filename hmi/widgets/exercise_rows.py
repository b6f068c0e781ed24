"""What came of each row of the exercise under way, or of the last one: the newest where there is no room for all."""

from hmi import palette, roles, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, NORMAL, ink
from hmi.status import Scalar, number_of
from hmi.widgets.live import Live
from runtime.wire.exercise import TESTING, row_of, row_words

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
        return self.model.testing.get(f"{TESTING}exercise.{field}", otherwise)

    def _paint_row(self, canvas: Canvas, y: int, row: int, name: str) -> None:
        told = row_of(self.model.testing, row)
        words = row_words(name, told)
        verdict = str(told.get("verdict"))
        ended = verdict not in ("NONE", "UNDER_WAY")
        by = f" {told.get('limited_by')}" if verdict == "LIMITED" else ""
        took = wording.duration(number_of(told.get("took"))) if ended else wording.NOTHING
        verdict_told = f"{_MARKS.get(verdict, '')} {verdict}{by}"
        cells = (f"{row:2}", words.asked, words.due, words.was if ended else "", took, verdict_told)
        colour = _COLOURS.get(verdict)
        for (x, _), cell in zip(COLUMNS, cells, strict=True):
            canvas.put(x, y, cell, NORMAL)
        canvas.put(COLUMNS[-1][0], y, cells[-1], NORMAL if colour is None else ink(colour, bold=True))
