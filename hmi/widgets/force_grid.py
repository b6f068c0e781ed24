"""All that is prepared and forced: prepared forces first, as nothing holds them yet."""

from collections.abc import Hashable

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Force, Model
from hmi.palette import CURSOR_GROUND, DIM, ink
from hmi.widgets.live import Live
from hmi.widgets.row_grid import RowGrid

MARK, NAME, VALUE_WIDTH, SHORT_WIDTH = 2, 12, 18, 34
"""Columns: where mark and name begin; what value and the columns behind it take."""


class ForceHeader(Live):
    """How many of each, and the names of the columns."""

    def paint(self, canvas: Canvas) -> None:
        """Two rows."""
        prepared = sum(force.prepared for force in self.model.forces)
        x = canvas.put(MARK, 0, f"{prepared} prepared · {len(self.model.forces) - prepared} forced", DIM)
        if not self.model.forces:
            canvas.put(x, 0, " · prepare with p, force with f on page Tags", DIM)
        value_end = _value_end(canvas.width)
        canvas.put(NAME, 1, "Variable", DIM)
        canvas.put_right(value_end, 1, "Value", DIM)
        canvas.put(value_end + 2, 1, "As", DIM)
        canvas.put(value_end + 11, 1, "Kept", DIM)
        canvas.put(value_end + 16, 1, "Since", DIM)
        canvas.put(value_end + 25, 1, "By", DIM)


class ForceGrid(RowGrid):
    """One row a force."""

    def __init__(self, model: Model, clock: Clock, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._clock = clock

    @property
    def row_total(self) -> int:
        """Prepared and forced together."""
        return len(self.model.forces)

    @property
    def chosen(self) -> Force | None:
        """The force under the cursor."""
        return self.model.forces[self.cursor] if self.cursor < len(self.model.forces) else None

    def row_key(self, row: int) -> Hashable:
        """The force."""
        return self.model.forces[row]

    def paint_row(self, canvas: Canvas, row: int, *, chosen: bool) -> None:
        """Mark, name, value, what it acts as, whether it outlives the controller, since when and by whom."""
        force = self.model.forces[row]
        ground = CURSOR_GROUND if chosen else None
        dim, normal = ink(palette.FAINT, on=ground), ink(on=ground)
        if chosen:
            canvas.put(0, 0, " " * canvas.width, normal)
            canvas.put(0, 0, "▸", ink(palette.GRID, bold=True, on=ground))
        if force.prepared:
            canvas.put(MARK, 0, "PREPARED", ink(palette.WARN, bold=True, on=ground))
        else:
            canvas.put(MARK, 0, "FORCED", ink(palette.GROUND, bold=True, on=palette.WARN))
        value_end = _value_end(canvas.width)
        canvas.put(NAME, 0, wording.cut(force.name, value_end - VALUE_WIDTH - NAME - 1), ink(bold=chosen, on=ground))
        told = wording.cut(wording.value(force.value, force.type), VALUE_WIDTH)
        canvas.put_right(value_end, 0, told, dim if force.prepared else normal)
        canvas.put(value_end + 2, 0, force.how, dim)
        canvas.put(value_end + 11, 0, "yes" if force.keep else "no", dim)
        since = self._clock.time_of_day(force.t_wall_ns) if force.t_wall_ns else wording.NOTHING
        canvas.put(value_end + 16, 0, since, dim)
        canvas.put(value_end + 25, 0, wording.cut(force.client or wording.NOTHING, canvas.width - value_end - 25), dim)


def _value_end(width: int) -> int:
    """The name takes what is left, up to 44."""
    return NAME + min(44, max(15, width - NAME - VALUE_WIDTH - SHORT_WIDTH - 2)) + VALUE_WIDTH + 1
