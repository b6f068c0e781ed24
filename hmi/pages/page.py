"""What a page is: a container that is told when it is opened and left, and that redraws its live parts."""

from textual.containers import Vertical

from hmi.widgets.live import Live
from hmi.widgets.row_grid import RowGrid


class Page(Vertical):
    """A page that is not visible is never asked to redraw."""

    def opened(self) -> None:
        """The operator came here."""

    def left(self) -> None:
        """The operator went elsewhere."""

    def redraw(self) -> None:
        """Repaint what is live."""
        for live in self.query(Live):
            live.redraw()
        for grid in self.query(RowGrid):
            grid.redraw()
