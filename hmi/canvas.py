"""A grid of characters to paint on, row by row, and what becomes of it: strips of the Line API."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hmi.palette import NORMAL

Box = tuple[str, str, str, str, str, str]
ROUND: Box = ("╭", "─", "╮", "│", "╰", "╯")


class Canvas:
    """Width × height cells. What is put outside is cut, so a painter need not know the edges.

    Characters must be one cell wide: the painters use no others.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._chars = [[" "] * width for _ in range(height)]
        self._styles: list[list[Style]] = [[NORMAL] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: Style = NORMAL) -> int:
        """Write text; returns the column after it."""
        if 0 <= y < self.height:
            chars, styles = self._chars[y], self._styles[y]
            for place, char in enumerate(text, x):
                if 0 <= place < self.width:
                    chars[place] = char
                    styles[place] = style
        return x + len(text)

    def put_right(self, x_end: int, y: int, text: str, style: Style = NORMAL) -> None:
        """Write text that ends before column `x_end`."""
        self.put(x_end - len(text), y, text, style)

    def down(self, x: int, y: int, y_end: int, char: str, style: Style = NORMAL) -> None:
        """Repeat a character down a column, `y_end` excluded."""
        for row in range(y, y_end):
            self.put(x, row, char, style)

    def box(self, x: int, y: int, width: int, height: int, *, title: str, frame: Style, ink: Style) -> None:
        """A round box with its title in the upper edge."""
        top_left, flat, top_right, side, low_left, low_right = ROUND
        self.put(x, y, top_left + flat * (width - 2) + top_right, frame)
        self.put(x + 2, y, f" {title} ", ink)
        for row in range(y + 1, y + height - 1):
            self.put(x, row, side, frame)
            self.put(x + width - 1, row, side, frame)
        self.put(x, y + height - 1, low_left + flat * (width - 2) + low_right, frame)

    def fade(self, style: Style) -> None:
        """Give every cell this style: what stands there is no longer so."""
        self._styles = [[style] * self.width for _ in range(self.height)]

    def strips(self) -> list[Strip]:
        """One strip a row, equal styles joined."""
        return [
            Strip(_joined(chars, styles), self.width) for chars, styles in zip(self._chars, self._styles, strict=True)
        ]


def _joined(chars: list[str], styles: list[Style]) -> list[Segment]:
    segments: list[Segment] = []
    start = 0
    for place in range(1, len(chars) + 1):
        if place == len(chars) or styles[place] is not styles[start]:
            segments.append(Segment("".join(chars[start:place]), styles[start]))
            start = place
    return segments
