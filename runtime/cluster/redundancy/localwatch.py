"""What is wrong with the controller itself, though the pair goes on: a disk that is slow, a wall clock that jumped, a
group file that another member does not share.

Neither disk nor clock costs a lease: heartbeats never wait for the disk, and leases run by the monotonic clock. But
commands wait for the disk until they are acknowledged, and what was recorded on both sides of a jump cannot be put in
order.
"""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.wire.pairport import PairAlarm

SLOW_NS = 1_000_000_000
"""From a write's giving until it is durable. A disk takes milliseconds; a client of a command waits for seconds."""
JUMP_NS = 500_000_000
"""Between two looks. Time services slew smaller errors, at no more than 500 ppm (adjtimex(2)), and step larger ones."""
SHOWN_NS = 10_000_000_000
"""An alarm stays for so long after its cause was last seen, so that who looks now and then sees it."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The wall clock, and the monotonic one before and after: the thread may have been stopped in between."""

    before_ns: int
    wall_ns: int
    after_ns: int


class LocalWatch:
    """For one thread. `longest_write_ns` of a writer: the longest that a write took since it was last asked.

    `other_times`: how many messages were refused up to now because their sender has other times.
    """

    def __init__(
        self, name: str, longest_write_ns: Callable[[int], int], *, other_times: Callable[[], int] = lambda: 0
    ) -> None:
        self._name = name
        self._longest_write_ns = longest_write_ns
        self._other_times = other_times
        self._refused = 0
        self._reading: ClockReading | None = None
        self._shown: dict[str, tuple[int, PairAlarm]] = {}

    def look(self, now: ClockReading) -> list[PairAlarm]:
        """The alarms there are now."""
        if self._longest_write_ns(now.after_ns) >= SLOW_NS:
            took = f"a write took {SLOW_NS // 1_000_000_000} s or more"
            self._show("disk_slow", f"{self._name}'s disk is slow, commands wait for it: {took}", now)
        refused, self._refused = self._refused, self._other_times()
        if self._refused > refused:
            what = f"a member is not believed, for its group file has other times than {self._name}'s"
            self._show("other_times", f"{what}: copy one file to every box and start them anew", now)
        jump_ns = 0 if self._reading is None else certain_jump_ns(self._reading, now)
        self._reading = now
        if abs(jump_ns) >= JUMP_NS:
            by = f"{jump_ns / 1e9:+.1f} s"
            self._show("clock_jumped", f"{self._name}'s wall clock jumped by {by}: see its time service (NTP)", now)
        self._shown = {name: shown for name, shown in self._shown.items() if shown[0] > now.after_ns}
        return [alarm for _, alarm in self._shown.values()]

    def _show(self, name: str, text: str, now: ClockReading) -> None:
        alarm = PairAlarm(id=name, source=self._name, severity="warning", text=text)
        self._shown[name] = (now.after_ns + SHOWN_NS, alarm)


def certain_jump_ns(last: ClockReading, now: ClockReading) -> int:
    """How far the wall clock went beside the monotonic one, at least; above 0 for forward, 0 where it may not have."""
    wall_ns = now.wall_ns - last.wall_ns
    least_ns, most_ns = now.before_ns - last.after_ns, now.after_ns - last.before_ns
    return wall_ns - most_ns if wall_ns > most_ns else min(0, wall_ns - least_ns)
