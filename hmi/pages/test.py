"""Page 8: test mode: a power by keystrokes, the plant's requests, exercises; what the controller made of each."""

from collections.abc import Awaitable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hmi import roles, wording
from hmi.dialogs.action import Action, ActionDialog
from hmi.feed import Feed
from hmi.model import Model, TagInfo
from hmi.outcome import Ending, Outcome
from hmi.pages.page import PolledPage
from hmi.status import Scalar, number_of
from hmi.teststep import default_step_kw, larger_kw, smaller_kw
from hmi.widgets.exercise_rows import ExerciseRows
from hmi.widgets.testing_figures import Keystroke, TestFigures
from runtime.wire.exercise import TESTING

TEST_ON = TESTING + "on"
TEST_KW = TESTING + "p_kw"


class TestPage(PolledPage, can_focus=True):
    """Test mode is switched on after asking; while it is on, each key is a command at once."""

    POLL_S = 0.5
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test_mode", "Test on/off"),
        Binding("plus,up", "nudge(1)", "More", key_display="+"),
        Binding("minus,down", "nudge(-1)", "Less", key_display="-"),
        Binding("left", "step(-1)", "Smaller step", show=False),
        Binding("right", "step(1)", "Larger step", show=False),
        Binding("0", "zero", "0 kW"),
        Binding("p", "power", "Power"),
        Binding("g", "plant('START')", "Start", tooltip="Ask the plant for START"),
        Binding("x", "plant('STOP')", "Stop", tooltip="Ask the plant for STOP"),
        Binding("z", "plant('SLEEP')", "Sleep", show=False, tooltip="Ask the plant for SLEEP"),
        Binding("n", "plant('MAINTENANCE')", "Maintenance", show=False, tooltip="Ask the plant for MAINTENANCE"),
        Binding("c", "plant('RECOVER_SOC')", "Recover SoC", show=False, tooltip="Ask the plant for RECOVER_SOC"),
        Binding("e", "exercise('TRANSITIONS')", "Exercise", tooltip="Lead the plant through its states"),
        Binding("o", "exercise('MODES')", "Modes", show=False, tooltip="Put each mode in force for a while"),
        Binding("k", "exercise('NONE')", "Break off", show=False, tooltip="End the exercise where it is"),
    ]

    def __init__(self, model: Model, feed: Feed, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model
        self._feed = feed
        self._step_kw: float | None = None
        self._keystroke = Keystroke()

    def compose(self) -> ComposeResult:
        """The panels."""
        yield TestFigures(self._model, self._keystroke, id="test-figures", classes="panel")
        yield ExerciseRows(self._model, id="exercise-rows", classes="panel")

    def asked(self) -> Awaitable[bool]:
        """What test mode tells."""
        return self._feed.poll_testing()

    def redraw(self) -> None:
        """The step follows the rating until somebody chooses another."""
        if self._step_kw is None:
            rated_kw = number_of(self._model.testing.get(roles.RATED_KW))
            self._keystroke.step_kw = default_step_kw(rated_kw)
        super().redraw()

    def action_test_mode(self) -> None:
        """Switch test mode on or off, after asking."""
        if not self._model.testing:
            self._say_none()
            return
        on = self._is_on()
        before = str(self._model.testing.get(TESTING + "before", wording.NOTHING))
        note = "Every key of this page is a command at once while it is on; limits hold." if not on else ""
        self._ask(
            Action(
                title="Test mode",
                subject="command test_mode",
                old="on" if on else f"off, mode {self._model.text(roles.MODE)}",
                new=f"off, back to {before}" if on else "on",
                note=note,
                send=lambda _value: self._feed.command("test_mode", not on),
            )
        )

    def action_nudge(self, direction: int) -> None:
        """A step more or less power."""
        by_kw = direction * self._keystroke.step_kw
        self._command("test_nudge", by_kw, f"{by_kw:+g} kW")

    def action_zero(self) -> None:
        """No power."""
        self._command("test_power", 0.0, "0 kW")

    def action_step(self, direction: int) -> None:
        """The next larger or smaller step."""
        step_kw = self._keystroke.step_kw
        rated_kw = number_of(self._model.testing.get(roles.RATED_KW))
        self._step_kw = larger_kw(step_kw, rated_kw) if direction > 0 else smaller_kw(step_kw, rated_kw)
        self._keystroke.step_kw = self._step_kw

    def action_power(self) -> None:
        """Type a power, after asking."""
        if not self._may():
            return
        old = number_of(self._model.testing.get(TEST_KW))
        self._ask(
            Action(
                title="Power by hand",
                subject="command test_power: + discharge, - charge",
                old=f"{wording.number(old, 3)} kW",
                entry=TagInfo(name="command_test_power_1.value", type="REAL", unit="kW"),
                send=lambda value: self._feed.command("test_power", value),
            )
        )

    def action_plant(self, request: str) -> None:
        """Ask the plant for something."""
        self._command("plant", request, request)

    def action_exercise(self, name: str) -> None:
        """Begin an exercise, or break off the one under way."""
        self._command("exercise", name, "break off" if name == "NONE" else f"exercise {name}")

    def _command(self, name: str, value: Scalar, shown: str) -> None:
        if self._may():
            self._keystroke.said = f"{shown} …"
            self.run_worker(self._send(name, value, shown), group="keystrokes")

    async def _send(self, name: str, value: Scalar, shown: str) -> None:
        outcome = await self._feed.command(name, value)
        self._keystroke.done = outcome.ending is Ending.DONE
        words = "" if self._keystroke.done else f": {outcome.text}"
        self._keystroke.said = f"{shown} {outcome.ending.value}{words}"
        self.poll()

    def _may(self) -> bool:
        """Is test mode on? Else says how to switch it on."""
        if not self._model.testing:
            self._say_none()
        elif not self._is_on():
            self.notify("test mode is off: t switches it on", severity="warning")
        return self._is_on()

    def _is_on(self) -> bool:
        return self._model.testing.get(TEST_ON) is True

    def _say_none(self) -> None:
        self.notify("nothing is known of a test mode: does the site compile programs/modes?", severity="warning")

    def _ask(self, action: Action) -> None:
        def ended(_outcome: Outcome | None) -> None:
            self.poll()

        self.app.push_screen(ActionDialog(action), ended)
