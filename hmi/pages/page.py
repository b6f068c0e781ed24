"""What a page is: a container that is told when it is opened and left, and that redraws its live parts."""

from collections.abc import Awaitable
from typing import ClassVar

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


class PolledPage(Page):
    """A page that asks the controller again and again while it is open, and at once when it is opened."""

    POLL_S: ClassVar[float] = 1.0

    def on_mount(self) -> None:
        """Ask from now on, while open."""
        self._timer = self.set_interval(self.POLL_S, self.poll, pause=True)

    def opened(self) -> None:
        """Ask at once, then again and again; the keys are the page's, or its list's."""
        self.poll()
        self._timer.resume()
        self.take_focus()

    def left(self) -> None:
        """Ask no more."""
        self._timer.pause()

    def take_focus(self) -> None:
        """Where keys go."""
        self.focus()

    def poll(self) -> None:
        """Ask now; an answer that is still awaited is given up."""
        self.run_worker(self.asked(), exclusive=True, group=type(self).__name__)

    def asked(self) -> Awaitable[bool]:
        """The request; whether somebody answered."""
        raise NotImplementedError
