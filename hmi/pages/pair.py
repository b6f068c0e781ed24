"""Page 7: the hot-standby pair: roles, term, lease, who is in sync, what is degraded; swap, detach, attach."""

from collections.abc import Awaitable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hmi.clock import Clock
from hmi.dialogs.action import Action, ActionDialog
from hmi.feed import Feed
from hmi.model import Model
from hmi.pages.page import PolledPage
from hmi.widgets.pair_figures import PairAlarms, PairFigures, TakeOvers


class PairPage(PolledPage, can_focus=True):
    """Two controllers and their witness."""

    POLL_S = 0.5
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "swap", "Swap"),
        Binding("d", "detach", "Out of service"),
        Binding("b", "attach", "Back in service"),
    ]

    def __init__(self, model: Model, feed: Feed, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model
        self._feed = feed
        self._clock = clock

    def compose(self) -> ComposeResult:
        """The panels."""
        yield PairFigures(self._model, id="pair-figures", classes="panel")
        yield PairAlarms(self._model, id="pair-alarms", classes="panel")
        yield TakeOvers(self._model, self._clock, id="take-overs", classes="panel")

    def asked(self) -> Awaitable[bool]:
        """How the pair is."""
        return self._feed.poll_pair()

    def action_swap(self) -> None:
        """Hand over to the standby, after asking."""
        told = self._model.pair
        others = [m["name"] for m in told["members"] if m["kind"] == "controller"] if told else []
        standby = next((name for name in others if told and name != told["leader"]), "the standby")
        self._ask("swap", "Swap", f"{standby} drives", note="The outputs miss one scan at most.")

    def action_detach(self) -> None:
        """Take the standby out of service, after asking."""
        self._ask("detach", "Standby out of service", "neither votes nor takes over", note="Nobody takes over then.")

    def action_attach(self) -> None:
        """Take it back, after asking."""
        self._ask("attach", "Standby back in service", "takes over by itself once it is in sync")

    def _ask(self, what: str, title: str, new: str, *, note: str = "") -> None:
        told = self._model.pair
        if told is None:
            self.notify(self._model.pair_problem or "nothing is known of a pair yet")
            return
        action = Action(
            title=title,
            subject=f"pair of {', '.join(m['name'] for m in told['members'])}",
            old=f"{told['leader'] or 'nobody'} drives",
            new=new,
            note=note,
            send=lambda _value: self._feed.ask_pair(what),
        )
        self.app.push_screen(ActionDialog(action))
