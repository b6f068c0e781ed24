"""Page 3: the scan: cycle, percentiles, overruns, faults; reset of statistics, acknowledgement of faults."""

from collections.abc import Awaitable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hmi.clock import Clock
from hmi.dialogs.action import Action, ActionDialog
from hmi.feed import Feed
from hmi.model import Model
from hmi.pages.page import PolledPage
from hmi.widgets.fault_list import FaultList
from hmi.widgets.scan_figures import ScanFigures
from hmi.widgets.timing import Timing


class ScanPage(PolledPage, can_focus=True):
    """The controller itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "reset_statistics", "Reset statistics"),
        Binding("a", "acknowledge", "Acknowledge faults"),
    ]

    def __init__(self, model: Model, feed: Feed, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model
        self._clock = clock
        self._feed = feed

    def compose(self) -> ComposeResult:
        """The panels."""
        yield ScanFigures(self._model, self._clock, id="scan-figures", classes="panel")
        yield Timing(self._model, id="timing", classes="panel")
        yield FaultList(self._model, id="faults", classes="panel")

    def asked(self) -> Awaitable[bool]:
        """The scan's figures and faults."""
        return self._feed.poll_statistics()

    def action_reset_statistics(self) -> None:
        """Start the histograms anew, after asking."""
        self._ask(
            Action(
                title="Reset statistics",
                subject="release delay, execution, period error, overruns, skipped",
                old="figures since the last reset",
                new="0",
                send=lambda _value: self._feed.reset_statistics(),
            )
        )

    def action_acknowledge(self) -> None:
        """Acknowledge the program's faults, after asking."""
        status = self._model.status
        if status is None or not (status.faults or status.fault_stop):
            self.notify("there is no fault to acknowledge")
            return
        self._ask(
            Action(
                title="Acknowledge faults",
                subject=f"{len(status.faults)} faults of the program",
                old="FAULT STOP" if status.fault_stop else "faults shown",
                new="acknowledged",
                note="After a fault stop the controller drives its outputs again." if status.fault_stop else "",
                send=lambda _value: self._feed.acknowledge(),
            )
        )

    def _ask(self, action: Action) -> None:
        self.app.push_screen(ActionDialog(action))
