"""All tags with value, unit, quality, age and forced mark: one grid, of which only changed rows are sent."""

from collections.abc import Hashable
from dataclasses import dataclass

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.model import Model, TagInfo, TagReading
from hmi.palette import CURSOR_GROUND, DIM, ink
from hmi.tagfilter import TagFilter
from hmi.widgets.live import Live
from hmi.widgets.row_grid import RowGrid
from runtime.core.quality import Quality

VALUE_WIDTH = 16
DIRECTIONS = {"input": "in", "output": "out", "request": "req", "ack": "ack", "internal": ""}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column starts, or ends for those set right."""

    name: int
    value_end: int
    unit: int
    quality: int
    age_end: int
    direction: int
    mark: int
    comment: int

    @classmethod
    def of(cls, width: int) -> "Columns":
        """At 80 columns all but the comment; the name takes what is left, up to 44."""
        name_width = min(44, max(20, width - 56))
        value_end = 2 + name_width + VALUE_WIDTH + 1
        return cls(
            name=2,
            value_end=value_end,
            unit=value_end + 1,
            quality=value_end + 7,
            age_end=value_end + 25,
            direction=value_end + 26,
            mark=value_end + 30,
            comment=value_end + 38,
        )


class TagHeader(Live):
    """The names of the columns."""

    def paint(self, canvas: Canvas) -> None:
        """One row, in the grid's columns."""
        at = Columns.of(canvas.width)
        canvas.put(at.name, 0, "Tag", DIM)
        canvas.put_right(at.value_end, 0, "Value", DIM)
        canvas.put(at.unit, 0, "Unit", DIM)
        canvas.put(at.quality, 0, "Quality", DIM)
        canvas.put_right(at.age_end, 0, "Age", DIM)
        canvas.put(at.direction, 0, "I/O", DIM)
        canvas.put(at.mark, 0, "Mark", DIM)
        canvas.put(at.comment, 0, "Comment", DIM)


class TagGrid(RowGrid):
    """The tags that pass the filter."""

    def __init__(self, model: Model, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._filter = TagFilter()
        self._rows: list[int] = []
        self._infos_seen = -1

    @property
    def row_total(self) -> int:
        """Tags that pass."""
        return len(self._rows)

    @property
    def chosen(self) -> TagInfo | None:
        """The tag under the cursor."""
        return self.model.infos[self._rows[self.cursor]] if self._rows else None

    def filter(self, text: str) -> None:
        """Show the tags that pass this filter."""
        self._filter = TagFilter.of(text)
        self._apply()
        self.cursor = 0
        self.scroll_to(y=0, animate=False)
        self._painted.clear()
        self.refresh()
        self.redraw()

    def redraw(self) -> None:
        """Apply the filter anew if tags or what it depends on changed, then refresh what differs."""
        if self._infos_seen != self.model.infos_seen or self._filter.depends_on_values:
            self._apply()
        super().redraw()

    def reading(self, info_index: int) -> TagReading | None:
        """The value of a tag, when a frame has brought it."""
        return self.model.readings[info_index] if info_index < len(self.model.readings) else None

    def changed_span(self, old: Hashable, new: Hashable) -> tuple[int, int]:
        """Mostly it is the value alone that changes: a fifth of the row."""
        if isinstance(old, tuple) and isinstance(new, tuple) and old[1:] == new[1:]:
            at = Columns.of(self.size.width)
            return at.value_end - VALUE_WIDTH, at.value_end
        return 0, self.size.width

    def row_key(self, row: int) -> Hashable:
        """The value first, then what changes seldom: name, quality, age as shown, forced, connection."""
        index = self._rows[row]
        reading = self.reading(index)
        if reading is None:
            return index
        known = self.model.connection.up
        return (repr(reading.value), index, reading.quality, wording.age(reading.age_ms), reading.forced, known)

    def paint_row(self, canvas: Canvas, row: int, *, chosen: bool) -> None:
        """One tag."""
        index = self._rows[row]
        info, reading = self.model.infos[index], self.reading(index)
        ground = CURSOR_GROUND if chosen else None
        at = Columns.of(canvas.width)
        dim, normal = ink(palette.FAINT, on=ground), ink(on=ground)
        if chosen:
            canvas.put(0, 0, " " * canvas.width, normal)
            canvas.put(0, 0, "▸", ink(palette.GRID, bold=True, on=ground))
        canvas.put(
            at.name, 0, wording.cut(info.name, at.value_end - VALUE_WIDTH - at.name - 1), ink(bold=chosen, on=ground)
        )
        canvas.put(at.unit, 0, info.unit[:6], dim)
        canvas.put(at.direction, 0, DIRECTIONS.get(info.direction, info.direction[:3]), dim)
        canvas.put(at.comment, 0, wording.cut(info.comment, max(0, canvas.width - at.comment)), dim)
        if reading is None:
            canvas.put_right(at.value_end, 0, wording.NOTHING, dim)
            return
        known = self.model.connection.up
        faded = reading.quality is Quality.BAD or not known
        told = wording.cut(wording.value(reading.value, info.type), VALUE_WIDTH)
        canvas.put_right(at.value_end, 0, told, dim if faded else normal)
        word = wording.QUALITY_WORDS[reading.quality] if known else "? UNKNOWN"
        canvas.put(at.quality, 0, word, ink(_COLOURS[reading.quality], on=ground) if known else dim)
        canvas.put_right(at.age_end, 0, wording.age(reading.age_ms) if known else wording.NOTHING, dim)
        if reading.forced:
            canvas.put(at.mark, 0, "FORCED", ink(palette.GROUND, bold=True, on=palette.WARN))

    def _apply(self) -> None:
        self._infos_seen = self.model.infos_seen
        self._rows = self._filter.apply(self.model.infos, self.model.readings)
        self.cursor = min(self.cursor, max(0, len(self._rows) - 1))


_COLOURS = {Quality.GOOD: palette.GOOD, Quality.UNCERTAIN: palette.WARN, Quality.BAD: palette.ALARM}
