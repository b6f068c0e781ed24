"""The event log, newest first, with severity as a word and a filter."""

from collections.abc import Hashable

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Event, Model
from hmi.palette import CURSOR_GROUND, DIM, ink
from hmi.widgets.event_line import SEVERITY_COLOURS
from hmi.widgets.live import Live
from hmi.widgets.row_grid import RowGrid

SEVERITIES = ("info", "warning", "error")


SHOWN = {"info": "all events", "warning": "warnings and errors", "error": "errors only"}


class EventHeader(Live):
    """What is shown: how many events, of which severity."""

    def __init__(self, log: "EventLog", *, id: str | None = None) -> None:
        super().__init__(log.model, id=id)
        self._log = log

    def paint(self, canvas: Canvas) -> None:
        """One row."""
        known = len(self.model.events)
        x = canvas.put(2, 0, f"{self._log.row_total} of {known} events, newest first", DIM)
        canvas.put(x, 0, f" · {SHOWN[self._log.least]}", DIM)


class EventLog(RowGrid):
    """Events that pass the words of the filter and are at least of the least severity."""

    def __init__(self, model: Model, clock: Clock, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._clock = clock
        self._words: tuple[str, ...] = ()
        self._seen = -1
        self._rows: list[Event] = []
        self.least = "info"

    @property
    def row_total(self) -> int:
        """Events that pass."""
        return len(self._rows)

    @property
    def chosen(self) -> Event | None:
        """The event under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    def filter(self, text: str) -> None:
        """Show events in which every word occurs."""
        self._words = tuple(text.lower().split())
        self._seen = -1
        self.redraw()

    def cycle_severity(self) -> None:
        """All, then warnings and errors, then errors only."""
        self.least = SEVERITIES[(SEVERITIES.index(self.least) + 1) % len(SEVERITIES)]
        self._seen = -1
        self.redraw()

    def redraw(self) -> None:
        """Choose events anew if there are any new ones; a cursor off the top stays on its event."""
        if self._seen != self.model.events_seen:
            former = self.chosen if self.cursor else None
            self._rows = [event for event in reversed(self.model.events) if self._passes(event)]
            self.cursor = self._rows.index(former) if former in self._rows else 0
            self._seen = self.model.events_seen
        super().redraw()

    def row_key(self, row: int) -> Hashable:
        """The event."""
        return self._rows[row]

    def paint_row(self, canvas: Canvas, row: int, *, chosen: bool) -> None:
        """Time, severity, source, text."""
        event = self._rows[row]
        ground = CURSOR_GROUND if chosen else None
        dim = ink(palette.FAINT, on=ground)
        if chosen:
            canvas.put(0, 0, " " * canvas.width, dim)
            canvas.put(0, 0, "▸", ink(palette.GRID, bold=True, on=ground))
        wide = canvas.width >= 110
        time = self._clock.stamp(event.t_wall_ns) if wide else self._clock.time_of_day(event.t_wall_ns)
        x = canvas.put(2, 0, time, dim) + 2
        word = wording.SEVERITY_WORDS.get(event.severity, event.severity.upper())
        canvas.put(x, 0, word, ink(SEVERITY_COLOURS.get(event.severity, palette.FAINT), bold=True, on=ground))
        x += 11
        canvas.put(x, 0, event.source[:10], dim)
        x += 12
        room = max(0, canvas.width - x - 1)
        text = event.text if len(event.text) <= room else event.text[: max(0, room - 1)] + "…"
        canvas.put(x, 0, text, ink(on=ground))

    def _passes(self, event: Event) -> bool:
        severity = SEVERITIES.index(event.severity) if event.severity in SEVERITIES else 0
        if severity < SEVERITIES.index(self.least):
            return False
        text = f"{event.text} {event.source} {event.severity}".lower()
        return all(word in text for word in self._words)
