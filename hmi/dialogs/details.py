"""All that is known about one tag."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from hmi import wording
from hmi.model import Model, TagInfo

REFRESH_S = 0.25
VALUE_ROOM = 600
"""Characters of a string that are shown: what fits on a small terminal with the rest of what is known."""


class TagDetails(ModalScreen[None]):
    """What the program and the I/O map say about a tag, and its value, live."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close")]

    def __init__(self, model: Model, info: TagInfo) -> None:
        super().__init__()
        self._model = model
        self._info = info

    def compose(self) -> ComposeResult:
        """One text."""
        with Vertical(id="dialog") as box:
            box.border_title = self._info.name
            box.border_subtitle = "Esc closes"
            yield Static(self.text(), id="details", markup=False)

    def on_mount(self) -> None:
        """The value stays live."""
        self.set_interval(REFRESH_S, lambda: self.query_one(Static).update(self.text()))

    def text(self) -> str:
        """The lines, as of now."""
        info, reading = self._info, self._model.reading_of(self._info.name)
        unit = f" {info.unit}" if info.unit else ""
        lines = [("Comment", info.comment or wording.NOTHING)]
        if reading is not None:
            lines += [
                ("Value", wording.cut(wording.value(reading.value, info.type), VALUE_ROOM) + unit),
                ("Quality", wording.QUALITY_WORDS[reading.quality]),
                ("Age", wording.age(reading.age_ms)),
                ("Forced", "yes" if reading.forced else "no"),
            ]
        lines += [
            ("Type", info.type),
            ("Direction", info.direction),
            ("Device", info.device or "none: held by the program"),
            ("Limits", _limits(info, unit)),
        ]
        if info.labels:
            lines.append(("Values", ", ".join(info.labels)))
        if info.fail_safe is not None:
            lines.append(("Fail-safe", wording.value(info.fail_safe, info.type) + unit))
        return "\n".join(f"{label:<10} {text}" for label, text in lines)


def _limits(info: TagInfo, unit: str) -> str:
    if info.minimum is None and info.maximum is None:
        return "those of its type"
    low = "-∞" if info.minimum is None else f"{info.minimum:g}"
    high = "∞" if info.maximum is None else f"{info.maximum:g}"
    return f"{low} … {high}{unit}"
