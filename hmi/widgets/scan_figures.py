"""The scan in figures: cycle, load, overruns, skipped cycles, tasks."""

from rich.style import Style

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Model
from hmi.palette import DIM, NORMAL, STRONG, ink
from hmi.status import TaskFigures
from hmi.widgets.live import Live

COLUMN_WIDTH = 26
LABEL_WIDTH = 14


class ScanFigures(Live):
    """Figures in columns, filled downwards, then the tasks."""

    BORDER_TITLE = "Scan"
    FADES = True

    def __init__(self, model: Model, clock: Clock, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(model, id=id, classes=classes)
        self._clock = clock

    def paint(self, canvas: Canvas) -> None:
        """Three rows of figures, one each of tasks, of the program, of the real-time rights that the service lacks."""
        status = self.model.status
        if status is None:
            canvas.put(1, 0, "nothing is known yet", DIM)
            return
        scanning = status.scanning and self.model.connection.up
        figures: list[tuple[str, str, Style]] = [
            ("Base cycle", wording.cycle(status.cycle_ns), STRONG),
            ("Scan", wording.count(status.scan_no), NORMAL),
            ("State", "● scanning" if scanning else "✗ stands", _GOOD if scanning else _ALARMED),
            ("Load", f"{wording.number(status.load_pct, 2)} %", STRONG),
            ("Execution p50", wording.duration(status.execution.p50_ns), NORMAL),
            ("Delay p50", wording.duration(status.release_delay.p50_ns), NORMAL),
            ("Overruns", _counted(status.overruns), _WARNED if status.overruns else NORMAL),
            ("Skipped", _counted(status.skipped), _WARNED if status.skipped else NORMAL),
            ("Faults", _counted(len(status.faults)), _ALARMED if status.faults else NORMAL),
        ]
        for place, (label, text, style) in enumerate(figures):
            x, y = 1 + place // 3 * COLUMN_WIDTH, place % 3
            canvas.put(x, y, label, DIM)
            canvas.put(x + LABEL_WIDTH, y, text, style)
        tasks = self.model.statistics.tasks if self.model.statistics else ()
        canvas.put(1, 3, "Tasks", DIM)
        x = 1 + LABEL_WIDTH
        for task in tasks:
            wrong = [f"{count} {word}" for count, word in _went_wrong(task) if count]
            told = f"{task.name} {wording.cycle(task.interval_ns or status.cycle_ns)}"
            x = canvas.put(x, 3, f"▲ {told}: {', '.join(wrong)}" if wrong else told, _WARNED if wrong else NORMAL) + 3
        if not tasks:
            canvas.put(x, 3, wording.NOTHING, NORMAL)
        canvas.put(1, 4, "Program", DIM)
        canvas.put(1 + LABEL_WIDTH, 4, self._program(), NORMAL)
        canvas.put(1, 5, "Rights", DIM)
        missing = status.rights_missing
        told = f"▲ unit file lacks {', '.join(missing)}" if missing else "all there"
        canvas.put(1 + LABEL_WIDTH, 5, told, _WARNED if missing else NORMAL)

    def _program(self) -> str:
        """Which version of the programs runs; after a download or a rollback it is another one."""
        program = self.model.status.program if self.model.status else None
        if program is None:
            return wording.NOTHING
        since = f"since {self._clock.stamp(program.since_wall_ns)}"
        return f"version {program.number}  {program.hash}  {since}" + (f", by {program.by}" if program.by else "")


def _went_wrong(task: TaskFigures) -> tuple[tuple[int, str], ...]:
    return (task.overruns, "overruns"), (task.cuts, "cuts"), (task.faults, "faults")


def _counted(things: int) -> str:
    return f"▲ {wording.count(things)}" if things else "0"


_GOOD = ink(palette.GOOD, bold=True)
_WARNED = ink(palette.WARN, bold=True)
_ALARMED = ink(palette.ALARM, bold=True)
