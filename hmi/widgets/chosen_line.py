"""Of a hot-standby pair, under the top line: to which controller the console is connected, what that is, since when."""

from hmi import palette
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Model
from hmi.palette import ink
from hmi.status import Part
from hmi.widgets.live import Live


class ChosenLine(Live):
    """One row in a pair, none for a controller alone."""

    def __init__(self, model: Model, clock: Clock, *, id: str | None = None) -> None:
        super().__init__(model, id=id)
        self._clock = clock
        self.display = False

    def redraw(self) -> None:
        """There only where there is something to say."""
        shown = bool(chosen_text(self.model, self._clock))
        if self.display != shown:
            self.display = shown
        super().redraw()

    def paint(self, canvas: Canvas) -> None:
        """One sentence."""
        part = self.model.status.pair if self.model.status is not None else None
        leads = part is not None and part.drives and self.model.connection.up
        style = ink(palette.GOOD if leads else palette.WARN, bold=True, on=palette.RAISED)
        canvas.put(0, 0, " " * canvas.width, style)
        text = chosen_text(self.model, self._clock)
        canvas.put(1, 0, text if len(text) < canvas.width else text[: canvas.width - 2] + "…", style)


def chosen_text(model: Model, clock: Clock) -> str:
    """`● connected to b, the leader, since 12:00:01 · term 7 · before: a`; empty for a controller alone."""
    part = model.status.pair if model.status is not None else None
    chosen = model.chosen
    if chosen is None:
        return "" if part is None else f"{_mark(part)} this is {part.name}, {_role(part)}{_leader(part)}"
    since = f"since {clock.time_of_day(chosen.since_wall_ns)}"
    before = f" · before: {chosen.before}" if chosen.before else ""
    if not model.connection.up or part is None:
        return f"▲ neither controller says how the pair is · last connected to {chosen.name}, {since}{before}"
    return f"{_mark(part)} connected to {part.name}, {_role(part)}, {since}{_leader(part)}{before}"


def _mark(part: Part) -> str:
    return "●" if part.drives else "○"


def _role(part: Part) -> str:
    if part.drives:
        return "the leader"
    return "which leads, but does not drive" if part.role == "leader" else f"a {part.role}"


def _leader(part: Part) -> str:
    if part.drives:
        return f" · term {part.term}"
    who = f"{part.leader} leads" if part.leader and part.leader != part.name else "nobody else leads"
    return f" · {who} in term {part.term}"
