"""The keys, listed from the bindings themselves, so that help and keys cannot drift apart."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

KEY_WORDS = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


class HelpDialog(ModalScreen[None]):
    """Groups of bindings under their headings."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "Close")]

    def __init__(self, groups: Sequence[tuple[str, Sequence[BindingType]]]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="dialog") as box:
            box.border_title = "Keys"
            box.border_subtitle = "Esc closes"
            yield Static(help_text(self._groups), markup=False)


def help_text(groups: Sequence[tuple[str, Sequence[BindingType]]]) -> str:
    """Heading, then a line a binding."""
    lines: list[str] = []
    for heading, bindings in groups:
        lines += ["", heading] if lines else [heading]
        for binding in bindings:
            if isinstance(binding, Binding):
                keys = " ".join(KEY_WORDS.get(key, key) for key in binding.key.split(","))
                lines.append(f"  {keys:<10} {binding.tooltip or binding.description}")
    return "\n".join(lines)
