"""The top line: what this is, the pages with their keys, and whether the controller is heard."""

from textual.events import Click
from textual.message import Message

from hmi import palette
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Model
from hmi.palette import ink
from hmi.widgets.live import Live

_BRAND = "VOLTSCAN"
Pages = tuple[tuple[str, str], ...]
"""Name and title of each page, in the order of their keys."""


class TabBar(Live):
    """One row. A click on a page's name opens it."""

    class Chosen(Message):
        """The operator clicked on a page."""

        def __init__(self, page: str) -> None:
            super().__init__()
            self.page = page

    def __init__(self, model: Model, clock: Clock, pages: Pages, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._clock = clock
        self._pages = pages
        self._spans: list[tuple[int, int, str]] = []
        self.current = pages[0][0]

    def paint(self, canvas: Canvas) -> None:
        """Brand and site, pages, link and time."""
        ground = palette.RAISED
        canvas.put(0, 0, " " * canvas.width, ink(on=ground))
        site = self.model.status.site if self.model.status else ""
        right = self._link()
        tabs_width = sum(len(title) + 4 for _, title in self._pages)
        room = canvas.width - tabs_width - len(right[0]) - 4
        lead = " " if room >= -1 else ""  # on a small terminal the names stand closer
        x = 0
        if room - len(_BRAND) - 1 >= 3:
            x = canvas.put(1, 0, _BRAND, ink(palette.GRID, bold=True, on=ground))
        if room - x >= 3:  # on a small terminal the site stands alone: it tells one console from another
            x = canvas.put(x + 1, 0, site[: room - x], ink(palette.INK, on=ground))
        x += 1
        self._spans = []
        for key, (page, title) in enumerate(self._pages, 1):
            chosen = page == self.current
            text = f"{lead}{key} {title} "
            style = ink(palette.GROUND, bold=True, on=palette.GRID) if chosen else ink(palette.FAINT, on=ground)
            end = canvas.put(x, 0, text, style)
            self._spans.append((x, end, page))
            x = end
        canvas.put_right(canvas.width - 1, 0, right[0], ink(right[1], bold=True, on=ground))

    def _link(self) -> tuple[str, str]:
        if not self.model.connection.up or self.model.status is None:
            return "✗ NO LINK", palette.ALARM
        time = self._clock.time_of_day(self.model.status.t_wall_ns)
        if not self.model.status.scanning:
            return f"▲ stands {time}", palette.ALARM
        return f"● {time}", palette.GOOD

    def on_click(self, event: Click) -> None:
        """Open the page under the mouse."""
        for start, end, page in self._spans:
            if start <= event.x < end:
                self.post_message(self.Chosen(page))
