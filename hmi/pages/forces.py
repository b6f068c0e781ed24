"""Page 6: forces: what is prepared and what is held; arm all that is prepared at once, let go of one or of all."""

from collections.abc import Awaitable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hmi import wording
from hmi.clock import Clock
from hmi.dialogs.action import Action, ActionDialog
from hmi.feed import Feed
from hmi.model import Force, Model
from hmi.outcome import Outcome
from hmi.pages.page import PolledPage
from hmi.widgets.force_grid import ForceGrid, ForceHeader

NAMES_TOLD = 4


class ForcesPage(PolledPage):
    """Prepared forces wait in the controller, so that several can be armed in the same scan."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "arm", "Arm prepared"),
        Binding("u", "release", "Release"),
        Binding("x", "release_all", "Release all"),
    ]

    def __init__(self, model: Model, feed: Feed, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model
        self._feed = feed
        self._clock = clock

    def compose(self) -> ComposeResult:
        """Header and list."""
        yield ForceHeader(self._model, id="force-header")
        yield ForceGrid(self._model, self._clock, id="force-grid")

    def take_focus(self) -> None:
        """The list's."""
        self.query_one(ForceGrid).focus()

    def asked(self) -> Awaitable[bool]:
        """What is forced and prepared."""
        return self._feed.poll_forces()

    def action_arm(self) -> None:
        """Force all that is prepared, from one scan on, after asking."""
        prepared = [force for force in self._model.forces if force.prepared]
        if not prepared:
            self.notify("nothing is prepared: p on page Tags prepares a force", severity="warning")
            return
        self._ask(
            Action(
                title="Arm the prepared forces",
                subject=_listed(prepared),
                old=f"{len(prepared)} prepared",
                new=f"{len(prepared)} forced",
                note="All of them act from the same scan on, until they are released.",
                send=lambda _value: self._feed.apply_prepared(),
            )
        )

    def action_release(self) -> None:
        """Let go of the chosen one, or forget it if it is only prepared, after asking."""
        force = self.query_one(ForceGrid).chosen
        if force is None:
            self.notify("nothing is forced or prepared", severity="warning")
            return
        self._ask(
            Action(
                title="Release a force",
                subject=force.name,
                old=f"{'prepared' if force.prepared else 'forced'} {wording.value(force.value, force.type)}",
                new="forgotten" if force.prepared else "not forced",
                send=lambda _value: self._feed.unforce(force.name),
            )
        )

    def action_release_all(self) -> None:
        """Let go of everything, and forget what is prepared, after asking."""
        forces = self._model.forces
        if not forces:
            self.notify("nothing is forced or prepared", severity="warning")
            return
        forced = sum(not force.prepared for force in forces)
        self._ask(
            Action(
                title="Release all forces",
                subject=_listed(list(forces)),
                old=f"{forced} forced, {len(forces) - forced} prepared",
                new="none",
                note="Each follows its device or program again at once.",
                send=lambda _value: self._feed.unforce_all(),
            )
        )

    def _ask(self, action: Action) -> None:
        def ended(_outcome: Outcome | None) -> None:
            self.poll()

        self.app.push_screen(ActionDialog(action), ended)


def _listed(forces: list[Force]) -> str:
    names = [f"{force.name} = {wording.cut(wording.value(force.value, force.type), 30)}" for force in forces]
    more = len(names) - NAMES_TOLD
    return "\n".join(names[:NAMES_TOLD]) + (f"\nand {more} more" if more > 0 else "")
