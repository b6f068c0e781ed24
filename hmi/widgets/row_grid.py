"""A scrolling list of rows with a cursor, painted a row at a time; only rows whose content changed are sent."""

from collections.abc import Hashable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hmi.canvas import Canvas
from hmi.model import Model


class RowGrid(ScrollView, can_focus=True):
    """Subclasses say how many rows there are, what a row's content is (`row_key`) and how it is painted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move_page(-1)", "Page up", show=False),
        Binding("pagedown", "move_page(1)", "Page down", show=False),
        Binding("home", "move_to(0)", "First row", show=False),
        Binding("end", "move_to(-1)", "Last row", show=False),
    ]

    class Opened(Message):
        """A row was double-clicked."""

    def __init__(self, model: Model, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.model = model
        self.cursor = 0
        self._painted: dict[int, tuple[Hashable, bool, bool]] = {}

    # --- for subclasses

    @property
    def row_total(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row_key(self, row: int) -> Hashable:
        """All that the painting of a row depends on."""
        raise NotImplementedError

    def paint_row(self, canvas: Canvas, row: int, *, chosen: bool) -> None:
        """Paint a row on a canvas one row high."""
        raise NotImplementedError

    def changed_span(self, _old: Hashable, _new: Hashable) -> tuple[int, int]:
        """First and past-the-last column that differ between two contents of a row: all, unless a subclass knows."""
        return 0, self.size.width

    # --- painting

    def redraw(self) -> None:
        """Refresh the visible rows that differ from what is on the screen."""
        total = self.row_total
        width, height = self.size
        if self.virtual_size.height != total or self.virtual_size.width != width:
            self.virtual_size = Size(width, total)
            self.cursor = min(self.cursor, max(0, total - 1))
            self._painted.clear()
            self.refresh()
            return
        top = self.scroll_offset.y
        dirty = []
        for y in range(min(height, total - top)):
            old, new = self._painted.get(top + y), self._state(top + y)
            if old != new:
                whole = old is None or old[1:] != new[1:]
                start, end = (0, width) if whole or old is None else self.changed_span(old[0], new[0])
                dirty.append(Region(start, y, end - start, 1))
        if dirty:
            self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        """One visible row (called by Textual)."""
        width = self.size.width
        row = self.scroll_offset.y + y
        if row >= self.row_total:
            return Strip.blank(width, self.rich_style)
        if len(self._painted) > 4 * max(1, self.size.height):
            self._painted.clear()
        self._painted[row] = self._state(row)
        canvas = Canvas(width, 1)
        self.paint_row(canvas, row, chosen=row == self.cursor)
        return canvas.strips()[0].apply_style(self.rich_style)

    def _state(self, row: int) -> tuple[Hashable, bool, bool]:
        return (self.row_key(row), row == self.cursor, self.has_focus)

    def on_resize(self, _event: Resize) -> None:
        """A new size is a new painting."""
        self._painted.clear()
        self.redraw()

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self.redraw()

    def on_blur(self) -> None:
        """And without."""
        self.redraw()

    # --- moving

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._move_to(self.cursor + rows)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by what is visible."""
        self._move_to(self.cursor + pages * max(1, self.size.height - 1))

    def action_move_to(self, row: int) -> None:
        """Move the cursor to a row; -1 is the last."""
        self._move_to(row if row >= 0 else self.row_total - 1)

    def on_click(self, event: Click) -> None:
        """The mouse moves the cursor; twice opens."""
        row = self.scroll_offset.y + event.y
        if row < self.row_total:
            self._move_to(row)
            if event.chain == 2:
                self.post_message(self.Opened())

    def _move_to(self, row: int) -> None:
        self.cursor = min(max(row, 0), max(0, self.row_total - 1))
        top, height = self.scroll_offset.y, self.size.height
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)
        self.redraw()
