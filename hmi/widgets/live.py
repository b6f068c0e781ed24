"""A widget that is painted on a canvas and sends only the rows that changed.

Measured at 120x45 with 200 values at 10 Hz: a DataTable takes 27-31 % of a core, one Line-API widget with dirty rows
2.6 %. So every live part of the console is one of these.
"""

from typing import ClassVar

from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from hmi.canvas import Canvas
from hmi.model import Model
from hmi.palette import DIM


class Live(Widget):
    """Paints from the model whenever the app says `redraw`; a widget that is hidden is not painted."""

    FADES: ClassVar[bool] = False
    """Do the values turn grey when the controller is no longer heard?"""

    def __init__(self, model: Model, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.model = model
        self._strips: list[Strip] = []

    def paint(self, canvas: Canvas) -> None:
        """Paint the whole widget from the model."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Paint, compare with what is on the screen, and refresh the rows that differ."""
        width, height = self.size
        if not self.is_attached or width <= 0 or height <= 0:
            return
        canvas = Canvas(width, height)
        self.paint(canvas)
        if self.FADES and not self.model.connection.up:
            canvas.fade(DIM)
        base = self.rich_style
        former, self._strips = self._strips, [strip.apply_style(base) for strip in canvas.strips()]
        if len(former) != height:
            self.refresh()
            return
        dirty = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip(former, self._strips, strict=True))
            if old.cell_length != new.cell_length or old != new
        ]
        if dirty:
            self.refresh(*dirty)

    def on_resize(self, _event: Resize) -> None:
        """A new size is a new painting."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """One row of the last painting (called by Textual)."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
