"""The one dialog that acts: enter a value where there is one to enter, see old -> new, confirm, see the outcome."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static

from hmi import wording
from hmi.entry import entry_of, expected
from hmi.model import TagInfo
from hmi.outcome import Ending, Outcome
from hmi.status import Scalar

_TRUTH = ("FALSE", "TRUE")
SHOWN_MAX = 200
"""Characters of an old or new value: both fit into the dialog on a small terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is to be done. Either `entry` tells what is entered, or `new` says what will be."""

    title: str
    subject: str
    old: str
    send: Callable[[Scalar], Awaitable[Outcome]]
    entry: TagInfo | None = None
    new: str = ""
    note: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen, when the value is one of few."""
        if self.entry is None:
            return ()
        return self.entry.labels or (_TRUTH if self.entry.type == "BOOL" else ())


class Stage(Enum):
    """How far the operator is."""

    ENTER = "enter"
    CONFIRM = "confirm"
    SENDING = "sending"
    ENDED = "ended"


class ActionDialog(ModalScreen[Outcome | None]):
    """Nothing is sent before the second Enter. Escape leaves at any time; what was sent is not called back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("left,right", "other_button", "Other button", show=False),
    ]

    def __init__(self, action: Action) -> None:
        super().__init__()
        self._action = action
        self._value: Scalar = True
        self._outcome: Outcome | None = None
        self.stage = Stage.ENTER

    def compose(self) -> ComposeResult:
        """Everything is there from the start; the stage shows what matters."""
        action = self._action
        with Vertical(id="dialog") as box:
            box.border_title = action.title
            yield Static(action.subject, id="subject", markup=False)
            if action.choices:
                yield OptionList(*(self._choice(label) for label in action.choices), id="choices")
            elif action.entry is not None:
                yield Input(placeholder=expected(action.entry), id="entry")
            yield Static("", id="problem", markup=False)
            yield Static("", id="change", markup=False)
            yield Static("", id="note", markup=False)
            yield Static("", id="outcome", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Confirm", id="confirm", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Start with the entry, or with the confirmation where nothing is entered."""
        action = self._action
        for selector, text in (("#problem", ""), ("#note", action.note), ("#outcome", "")):
            self._say(selector, text)
        if action.entry is None:
            self._confirm(True, action.new)
            return
        self._enter_stage(Stage.ENTER)
        if action.choices:
            options = self.query_one(OptionList)
            options.highlighted = next((place for place, label in enumerate(action.choices) if label == action.old), 0)
            options.focus()
        else:
            self.query_one(Input).focus()
        self._show_change("…")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A choice is made."""
        self._take(self._action.choices[event.option_index])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong while it is typed."""
        if self._action.entry is not None and event.value.strip():
            entry = entry_of(event.value, self._action.entry)
            self._say_problem(entry.problem)
            self._show_change("…" if entry.value is None else self._shown(entry.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A value is entered."""
        self._take(event.value)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Confirm, try again, cancel or close."""
        again = self._outcome.again if self._outcome is not None else None
        if event.button.id == "confirm" and self.stage is Stage.CONFIRM:
            self._send(self._action.send(self._value))
        elif event.button.id == "confirm" and self.stage is Stage.ENDED and again is not None:
            self._send(again())
        elif event.button.id == "cancel":
            self.dismiss(self._outcome)

    def action_back(self) -> None:
        """From the confirmation back to the entry; else close."""
        if self.stage is Stage.CONFIRM and self._action.entry is not None:
            self._enter_stage(Stage.ENTER)
            self.query_one("#choices" if self._action.choices else "#entry").focus()
        else:
            self.dismiss(self._outcome)

    def action_other_button(self) -> None:
        """Left and right move between the buttons."""
        confirm, cancel = self.query_one("#confirm", Button), self.query_one("#cancel", Button)
        if not confirm.disabled:
            (cancel if confirm.has_focus else confirm).focus()

    def _choice(self, label: str) -> str:
        return f"{label}  (now)" if label == self._action.old else label

    def _take(self, text: str) -> None:
        info = self._action.entry
        if info is None:
            return
        entry = entry_of(text, info)
        self._say_problem(entry.problem)
        if entry.value is not None:
            self._confirm(entry.value, self._shown(entry.value))

    def _shown(self, value: Scalar) -> str:
        info = self._action.entry
        if info is None:
            return self._action.new
        return wording.value(value, info.type) + (f" {info.unit}" if info.unit else "")

    def _confirm(self, value: Scalar, shown: str) -> None:
        self._value = value
        self._show_change(shown)
        self._enter_stage(Stage.CONFIRM)
        self.query_one("#confirm", Button).focus()

    def _show_change(self, new: str) -> None:
        old, new = (wording.cut(text, SHOWN_MAX) for text in (self._action.old, new))
        self.query_one("#change", Static).update(f"{old}  →  {new}")

    def _say(self, selector: str, text: str) -> None:
        said = self.query_one(selector, Static)
        said.update(text)
        said.display = bool(text)

    def _say_problem(self, problem: str) -> None:
        self._say("#problem", f"✗ {problem}" if problem else "")

    def _enter_stage(self, stage: Stage) -> None:
        self.stage = stage
        for each in Stage:
            self.set_class(each is stage, f"-{each.value}")
        confirm, cancel = self.query_one("#confirm", Button), self.query_one("#cancel", Button)
        again = stage is Stage.ENDED and self._outcome is not None and self._outcome.again is not None
        confirm.disabled = stage is not Stage.CONFIRM and not again
        confirm.label = "Try again" if again else "Confirm"
        self.set_class(again, "-again")
        cancel.label = "Close" if stage in (Stage.SENDING, Stage.ENDED) else "Cancel"
        if stage is Stage.SENDING:
            self._say("#outcome", "… sent, waiting for the controller")

    def _send(self, asked: Awaitable[Outcome]) -> None:
        self._enter_stage(Stage.SENDING)
        self.run_worker(self._wait_for(asked), exclusive=True)

    async def _wait_for(self, asked: Awaitable[Outcome]) -> None:
        self._outcome = outcome = await asked
        self._enter_stage(Stage.ENDED)
        done = outcome.ending is Ending.DONE
        self.set_class(done, "-done")
        self._say("#outcome", f"{outcome.ending.value}  {outcome.text}".rstrip())
        self.query_one("#cancel" if outcome.again is None else "#confirm", Button).focus()
