"""Where power flows now: grid, PV, wind, load and battery around the AC bus, with kW, arrows and words."""

import math
from dataclasses import dataclass
from typing import Literal

from rich.style import Style

from hmi import palette, roles, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, LINE, STRONG, ink
from hmi.widgets.live import Live

DEAD_BAND_KW = 0.1
"""Below this nothing is said to flow: meters show such figures when nothing does."""
ARROW_STEPS_KW = (DEAD_BAND_KW, 15.0, 50.0)
"""One, two, three arrow heads from these powers on."""
TALL = {2: 13, 3: 15}
"""From this height on the boxes have room for a second line of figures, by rows of boxes."""
BOX_WIDTH_MAX = 24


@dataclass(frozen=True, slots=True)
class Part:
    """One box: its power towards the bus is `into_bus` × the tag's value."""

    title: str
    tag: str
    colour: str
    into_bus: int
    words: tuple[str, str]
    """For a positive and a negative value."""
    left: bool
    row: Literal["top", "middle", "bottom"]


PARTS = (
    Part("GRID", roles.GRID_KW, palette.GRID, 1, ("import", "export"), left=True, row="top"),
    Part("PV", roles.PV_KW, palette.PV, 1, ("producing", "own use"), left=False, row="top"),
    Part("LOAD", roles.LOAD_KW, palette.LOAD, -1, ("consuming", "feeding"), left=True, row="bottom"),
    Part("BATTERY", roles.INVERTER_KW, palette.BATTERY, 1, ("discharging", "charging"), left=False, row="bottom"),
)
WIND = Part("WIND", roles.WIND_KW, palette.WIND, 1, ("producing", "own use"), left=False, row="middle")


class PowerFlow(Live):
    """The drawing of the site. Arrows point where power goes; a part without a good reading says so. A site with wind
    has a box for it."""

    BORDER_TITLE = "Power flow"

    def paint(self, canvas: Canvas) -> None:
        """Boxes left and right, the bus down the middle."""
        windy = self.model.value(roles.WIND_KW) is not None
        rows = 3 if windy else 2
        box_height = 5 if canvas.height >= TALL[rows] else 3
        box_width = min(BOX_WIDTH_MAX, (canvas.width - 10) // 2)
        margin = max(0, (canvas.width - 2 * BOX_WIDTH_MAX - 34) // 2)
        used = rows * box_height + (1 if canvas.height > rows * box_height else 0)
        top = max(0, (canvas.height - used) // 2)
        low = top + used - box_height
        row = {"top": top, "middle": top + (used - box_height) // 2, "bottom": low}
        bus = canvas.width // 2
        canvas.down(bus, top, low + box_height, "┃", DIM)
        canvas.down(bus, top, top + 1, "╻", DIM)
        canvas.down(bus, low + box_height - 1, low + box_height, "╹", DIM)
        if used > rows * box_height and canvas.width >= 56:
            canvas.put(bus - 7 if windy else bus + 2, top + box_height, "AC bus", DIM)
        for part in (*PARTS, WIND) if windy else PARTS:
            x = margin if part.left else canvas.width - margin - box_width
            self._paint_part(canvas, part, _Place(x, row[part.row], box_width, box_height, bus))

    def _paint_part(self, canvas: Canvas, part: Part, at: "_Place") -> None:
        value = self.model.number(part.tag)
        bad = self.model.is_bad(part.tag)
        known = self.model.live and not bad and not math.isnan(value)
        flowing = known and abs(value) >= DEAD_BAND_KW
        frame = ink(part.colour) if flowing else LINE
        title = ink(part.colour, bold=True) if known else DIM
        canvas.box(at.x, at.y, at.width, at.height, title=part.title, frame=frame, ink=title)
        word, figure, word_style = self._words(part, value, known=known, bad=bad)
        mark = " F" if self.model.is_forced(part.tag) else ""
        figure_style = STRONG if known else DIM
        if at.height >= 5:
            canvas.put_right(at.x + at.width - 2, at.y + 1, figure + mark, figure_style)
            canvas.put(at.x + 2, at.y + 2, word, word_style)
            if known:
                canvas.put(at.x + 2, at.y + 3, self._detail(part)[: at.width - 4], DIM)
        else:
            canvas.put_right(at.x + at.width - 2, at.y + 1, figure + mark, figure_style)
            canvas.put(at.x + 2, at.y + 2, f" {word} "[: at.width - 3], word_style)
        self._paint_wire(canvas, part, at, value if flowing else None, bad=bad)

    def _words(self, part: Part, value: float, *, known: bool, bad: bool) -> tuple[str, str, Style]:
        figure = f"{wording.number(abs(value))} kW"
        if bad:
            return "✗ BAD", figure, ink(palette.ALARM, bold=True)
        if not known:
            return "unknown", figure, DIM
        if abs(value) < DEAD_BAND_KW:
            return "idle", figure, DIM
        return part.words[0] if value > 0 else part.words[1], figure, ink(part.colour)

    def _detail(self, part: Part) -> str:
        """The line under the figure in a tall box."""
        number, model = wording.number, self.model
        if part.title == "GRID":
            volts = model.number("grid_meter_1.u_l1_v")
            return f"{number(model.number(roles.GRID_HZ), 2)} Hz" + ("" if math.isnan(volts) else f"  {volts:.0f} V")
        if part.title == "BATTERY":
            return f"{number(model.number(roles.SOC_PCT))} % SoC"
        return ""

    def _paint_wire(self, canvas: Canvas, part: Part, at: "_Place", value: float | None, *, bad: bool) -> None:
        y = at.y + at.height // 2
        start = at.x + at.width if part.left else at.bus + 1
        end = at.bus if part.left else at.x
        style = ink(part.colour) if value is not None else LINE
        canvas.put(start, y, ("━" if value is not None else "╌") * (end - start), style)
        canvas.put(at.x + at.width - 1 if part.left else at.x, y, "├" if part.left else "┤", style)
        canvas.put(at.bus, y, "╋" if value is not None else "┃", DIM)
        middle = (start + end) // 2
        if bad:
            canvas.put(middle - 1, y, " ? ", ink(palette.ALARM, bold=True))
        elif value is not None:
            rightwards = (value * part.into_bus > 0) == part.left
            heads = sum(abs(value) >= step for step in ARROW_STEPS_KW)
            arrow = ("▶" if rightwards else "◀") * heads
            canvas.put(middle - heads // 2, y, arrow, ink(part.colour, bold=True))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a box is: corner, size in cells, and the bus's column."""

    x: int
    y: int
    width: int
    height: int
    bus: int
