"""The banners: one row each, three where the terminal has room; none when all is well."""

from hmi import palette
from hmi.banners import Banner, Gravity, banners
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Model
from hmi.palette import ink
from hmi.widgets.live import Live

TALL_SCREEN = 36
"""From this many rows of terminal on a banner takes three rows."""
BANNERS_MAX = 4
"""Rows of banners shown; grave ones come first, so what is left out is the least."""


class BannerStack(Live):
    """Big words on a coloured ground: `✗` an alarm, `▲` a warning. Its height follows what there is to say."""

    def __init__(self, model: Model, clock: Clock, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._clock = clock
        self._found: list[Banner] = []

    def redraw(self) -> None:
        """Make room for what is to be said, then say it."""
        self._found = banners(self.model, self._clock)[:BANNERS_MAX]
        rows = len(self._found) * self._rows_each
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows
            self.display = rows > 0
        super().redraw()

    @property
    def _rows_each(self) -> int:
        return 3 if self.app.size.height >= TALL_SCREEN and len(self._found) <= 2 else 1

    def paint(self, canvas: Canvas) -> None:
        """The headline in bold, the rest beside it."""
        each = self._rows_each
        for place, banner in enumerate(self._found):
            alarm = banner.gravity is Gravity.ALARM
            ground = palette.ALARM if alarm else palette.WARN
            style = ink(palette.GROUND, on=ground)
            for row in range(each):
                canvas.put(0, place * each + row, " " * canvas.width, style)
            mark = "✗" if alarm else "▲"
            y = place * each + each // 2
            headline = f" {mark} {banner.headline} "
            x = canvas.put(1, y, headline, ink(palette.GROUND, bold=True, on=ground))
            room = canvas.width - x - 2
            text = banner.text if len(banner.text) <= room else banner.text[: max(0, room - 1)] + "…"
            canvas.put(x + 1, y, text, style)
