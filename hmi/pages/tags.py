"""Page 2: all tags, live, with filter; force, write and details."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from hmi import wording
from hmi.dialogs.action import Action, ActionDialog
from hmi.dialogs.details import TagDetails
from hmi.feed import Feed
from hmi.model import Model, TagInfo
from hmi.outcome import Outcome
from hmi.pages.page import Page
from hmi.status import Scalar
from hmi.widgets.row_grid import RowGrid
from hmi.widgets.tag_grid import TagGrid, TagHeader


class TagsPage(Page):
    """The tag browser. Values are sent by the gateway only while this page is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("f", "force", "Force"),
        Binding("p", "prepare", "Prepare"),
        Binding("u", "unforce", "Unforce"),
        Binding("w", "write", "Write"),
        Binding("enter", "details", "Details"),
        Binding("escape", "leave_filter", "Clear filter", show=False),
    ]

    def __init__(self, model: Model, feed: Feed, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model
        self._feed = feed

    def compose(self) -> ComposeResult:
        """Filter, header, grid."""
        yield Input(
            placeholder="/ filter: words of name, comment or device; is:bad is:forced is:in is:out",
            id="tag-filter",
            classes="filter",
        )
        yield TagHeader(self._model, id="tag-header")
        yield TagGrid(self._model, id="tag-grid")

    def opened(self) -> None:
        """Have values sent."""
        self._feed.want_tags(True)
        self.query_one(TagGrid).focus()

    def left(self) -> None:
        """Nobody looks at values any more."""
        self._feed.want_tags(False)
        self._model.forget_readings()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self.query_one(TagGrid).filter(event.value)

    def on_input_submitted(self) -> None:
        """Back to the grid with what was found."""
        self.query_one(TagGrid).focus()

    def on_row_grid_opened(self, _event: RowGrid.Opened) -> None:
        """A double click shows details."""
        self.action_details()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(Input).focus()

    def action_leave_filter(self) -> None:
        """Show all tags again."""
        self.query_one(Input).value = ""
        self.query_one(TagGrid).focus()

    def action_details(self) -> None:
        """All that is known about the tag."""
        info = self.query_one(TagGrid).chosen
        if info is not None:
            self.app.push_screen(TagDetails(self._model, info))

    def action_force(self) -> None:
        """Hold the tag at a value, after asking."""
        note = "It stays at this value, whatever device or program say, until it is unforced."
        self._ask_force("Force a tag", note, self._feed.force)

    def action_prepare(self) -> None:
        """Have a force wait on page Forces until it is armed with the others, after asking."""
        note = "Nothing happens yet: a on page Forces arms all that is prepared, in the same scan."
        self._ask_force("Prepare a force", note, self._feed.prepare)

    def _ask_force(self, title: str, note: str, send: Callable[[str, Scalar], Awaitable[Outcome]]) -> None:
        info = self._forceable()
        if info is None:
            return
        self._ask(
            Action(
                title=title,
                subject=info.name,
                old=self._shown(info),
                entry=info,
                note=note,
                send=lambda value: send(info.name, value),
            )
        )

    def _forceable(self) -> TagInfo | None:
        """The chosen tag, if it may be forced; else says why not."""
        info = self.query_one(TagGrid).chosen
        if info is not None and not info.forceable:
            self.notify(f"{info.name} cannot be forced: constant, reference, or {{no_force}}", severity="warning")
            return None
        return info

    def action_unforce(self) -> None:
        """Let go of the tag, after asking."""
        info = self.query_one(TagGrid).chosen
        if info is None:
            return
        if not self._model.is_forced(info.name):
            self.notify(f"{info.name} is not forced", severity="warning")
            return
        self._ask(
            Action(
                title="Unforce a tag",
                subject=info.name,
                old=f"forced {self._shown(info)}",
                new="not forced",
                note="It follows its device or program again at once.",
                send=lambda _value: self._feed.unforce(info.name),
            )
        )

    def action_write(self) -> None:
        """Write a value once, after asking."""
        info = self.query_one(TagGrid).chosen
        if info is None:
            return
        self._ask(
            Action(
                title="Write a tag once",
                subject=info.name,
                old=self._shown(info),
                entry=info,
                note="Device or program may overwrite it in the next scan.",
                send=lambda value: self._feed.write(info.name, value),
            )
        )

    def _ask(self, action: Action) -> None:
        self.app.push_screen(ActionDialog(action))

    def _shown(self, info: TagInfo) -> str:
        reading = self._model.reading_of(info.name)
        unit = f" {info.unit}" if info.unit else ""
        return wording.NOTHING if reading is None else wording.value(reading.value, info.type) + unit
