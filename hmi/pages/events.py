"""Page 4: what happened, newest first."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from hmi.clock import Clock
from hmi.model import Model
from hmi.pages.page import Page
from hmi.widgets.event_log import EventHeader, EventLog


class EventsPage(Page):
    """The event log with its filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("v", "severity", "Severity"),
        Binding("escape", "leave_filter", "Clear filter", show=False),
    ]

    def __init__(self, model: Model, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model
        self._clock = clock

    def compose(self) -> ComposeResult:
        """Filter and log."""
        yield Input(placeholder="/ filter: words of text, source or severity", id="event-filter", classes="filter")
        log = EventLog(self._model, self._clock, id="event-log")
        yield EventHeader(log, id="event-header")
        yield log

    def opened(self) -> None:
        """Keys go to the log."""
        self.query_one(EventLog).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self.query_one(EventLog).filter(event.value)

    def on_input_submitted(self) -> None:
        """Back to the log with what was found."""
        self.query_one(EventLog).focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(Input).focus()

    def action_leave_filter(self) -> None:
        """Show all events again."""
        self.query_one(Input).value = ""
        self.query_one(EventLog).focus()

    def action_severity(self) -> None:
        """All, warnings and errors, errors only."""
        self.query_one(EventLog).cycle_severity()
        self.query_one(EventHeader).redraw()
