"""The pair as this controller sees it: who drives, until when, who is in sync, what is degraded, last take-overs."""

from rich.style import Style

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.clock import Clock
from hmi.model import Model
from hmi.palette import DIM, NORMAL, STRONG, ink
from hmi.widgets.live import Live
from runtime.wire.pairport import PairMemberStatus, PairStatus

LABEL_WIDTH = 14
COLUMNS = (1, 15, 28, 37, 50)
SILENT_MS = 1000
"""A member that has not been heard for so long is marked."""


class PairFigures(Live):
    """Facts, then the members."""

    BORDER_TITLE = "Pair"
    FADES = True

    def paint(self, canvas: Canvas) -> None:
        """Nothing but a sentence where there is no pair."""
        told = self.model.pair
        if told is None:
            canvas.put(1, 0, self.model.pair_problem or "nothing is known yet", DIM)
            return
        solo = "it waits for no standby" if told["solo"] else "it waits for the standby"
        facts: list[tuple[str, str, Style]] = [
            ("This is", f"{told['name']}: {_part(told)}", STRONG),
            ("Leader", f"{told['leader'] or 'nobody'} in term {told['term']}", NORMAL if told["leader"] else _ALARMED),
            ("In sync", ", ".join(told["in_sync"]) or wording.NOTHING, NORMAL),
            ("Lease", f"{told['lease_ms']:.0f} ms more, {solo}" if told["drives"] else "the leader's", NORMAL),
            ("State", f"scan {wording.count(told['state_scan'])}{_lag(told)}", NORMAL),
        ]
        for y, (label, text, style) in enumerate(facts):
            canvas.put(1, y, label, DIM)
            canvas.put(1 + LABEL_WIDTH, y, text, style)
        y = len(facts) + 1
        for x, head in zip(COLUMNS, ("Member", "Part", "Votes", "Heard", ""), strict=True):
            canvas.put(x, y, head, DIM)
        for member in told["members"]:
            y += 1
            heard_ms = member["heard_ms"]
            silent = heard_ms < 0 or heard_ms > SILENT_MS
            heard = "never" if heard_ms < 0 else wording.age(heard_ms)
            cells = (member["name"], _part_of(member, told), "yes" if member["votes"] else "NO", heard)
            style = _WARNED if silent or not member["votes"] else NORMAL
            for x, cell in zip(COLUMNS, cells, strict=False):
                canvas.put(x, y, cell, style)
            if member["name"] in told["detached"]:
                canvas.put(COLUMNS[4], y, "out of service", _WARNED)


class PairAlarms(Live):
    """What would not survive one more loss."""

    BORDER_TITLE = "Degraded"
    FADES = True

    def paint(self, canvas: Canvas) -> None:
        """One line each."""
        told = self.model.pair
        if told is None:
            return
        for y, alarm in enumerate(told["alarms"]):
            mark, style = ("✗", _ALARMED) if alarm["severity"] == "error" else ("▲", _WARNED)
            canvas.put(1, y, wording.cut(f"{mark} {alarm['text']}", canvas.width - 2), style)
        if not told["alarms"]:
            canvas.put(1, 0, "● nothing: either controller may fail", _GOOD)


class TakeOvers(Live):
    """The last ones, the newest first."""

    BORDER_TITLE = "Take-overs"
    FADES = True

    def __init__(self, model: Model, clock: Clock, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(model, id=id, classes=classes)
        self._clock = clock

    def paint(self, canvas: Canvas) -> None:
        """When, by whom, from which state, how long after it, why."""
        for y, one in enumerate(self.model.pair["takeovers"] if self.model.pair else ()):
            gap = f"{one['gap_ms']:.0f} ms" if one["gap_ms"] else wording.NOTHING
            canvas.put(1, y, self._clock.stamp(one["t_wall_ns"]), NORMAL)
            canvas.put(22, y, f"{one['leader']}  term {one['term']}", STRONG)
            canvas.put(40, y, f"gap {gap}", NORMAL)
            canvas.put(56, y, one["cause"], NORMAL)


def _lag(told: PairStatus) -> str:
    """The leader knows it; a standby only that it has the state."""
    if not told["drives"]:
        return ", as it came from the leader"
    answers = f"answers in {told['ack_p50_ms']:.1f} / {told['ack_p99_ms']:.1f} ms (p50 / p99)"
    return f", standby {wording.count(told['lag_scans'])} behind, {answers}"


def _part_of(member: PairMemberStatus, told: PairStatus) -> str:
    if member["name"] == told["leader"]:
        return "leader"
    return member["kind"] if member["kind"] == "witness" else "standby"


def _part(told: PairStatus) -> str:
    if told["drives"]:
        return "● leads and drives"
    return {"leader": "▲ leads, does not drive", "standby": "○ standby, mirrors"}.get(told["role"], told["role"])


_GOOD = ink(palette.GOOD, bold=True)
_WARNED = ink(palette.WARN, bold=True)
_ALARMED = ink(palette.ALARM, bold=True)
