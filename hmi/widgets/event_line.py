"""The last event, at the bottom of every page."""

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Model
from hmi.palette import DIM, NORMAL, ink
from hmi.widgets.live import Live

SEVERITY_COLOURS = {"info": palette.FAINT, "warning": palette.WARN, "error": palette.ALARM}


class EventLine(Live):
    """Time, severity word, source and text of the newest event."""

    def __init__(self, model: Model, clock: Clock, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._clock = clock

    def paint(self, canvas: Canvas) -> None:
        """One row."""
        if not self.model.events:
            canvas.put(1, 0, "no events", DIM)
            return
        event = self.model.events[-1]
        x = canvas.put(1, 0, self._clock.time_of_day(event.t_wall_ns), DIM)
        word = wording.SEVERITY_WORDS.get(event.severity, event.severity.upper())
        x = canvas.put(x + 2, 0, word, ink(SEVERITY_COLOURS.get(event.severity, palette.FAINT), bold=True))
        x = canvas.put(x + 2, 0, event.source, DIM)
        room = canvas.width - x - 3
        text = event.text if len(event.text) <= room else event.text[: room - 1] + "…"
        canvas.put(x + 2, 0, text, NORMAL)
