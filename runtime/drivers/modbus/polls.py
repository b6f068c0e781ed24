"""Which Modbus read comes next: each on its own absolute schedule, in fair order between devices. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from runtime.drivers.modbus.blocks import Block
from runtime.iomap.plan.plan import DevicePlan, ReadRequest
from runtime.iomap.wire import ModbusWire, Table, Wire

REFUSED_PERIOD_NS = 60_000_000_000
"""Between two tries to read a register that a device says it does not have."""


@dataclass(slots=True)
class Poll:
    """One read of one device, and when it is due next: at first at once, then on its grid."""

    device: DevicePlan
    read: ReadRequest
    next_ns: int
    grid_ns: int
    turn: int = 0
    block: Block = field(init=False)

    def __post_init__(self) -> None:
        self.block = Block.of(self.device, self.read)


class PollSchedule:
    """All reads of one link. A read that comes late keeps its place in the schedule and makes up for nothing.

    `phase` (0 to below 1): by which part of the shortest period the grids lie behind the start, or all links of a site
    would ask in the same instant, again and again. Reads of longer periods are spread over the shortest one's grid,
    one after the other from `slot` on: in one instant they would keep the quick reads waiting.
    """

    def __init__(self, devices: Iterable[DevicePlan], start_ns: int, *, phase: float = 0.0, slot: int = 0) -> None:
        reads = [(device, read) for device in devices for read in device.reads]
        shortest_ns = min((read.period_ns for _, read in reads), default=0)
        self.polls: list[Poll] = []
        self._turn = 0
        for device, read in reads:
            slots = read.period_ns // shortest_ns
            grid_ns = start_ns + int(phase * shortest_ns) + slot % slots * shortest_ns
            slot += slots > 1
            self.polls.append(Poll(device, read, start_ns, grid_ns))

    def due(self, now_ns: int) -> Poll | None:
        """The read that has waited longest; of equals, the one that was served longest ago."""
        ready = [poll for poll in self.polls if poll.next_ns <= now_ns]
        return min(ready, key=lambda poll: (poll.next_ns, poll.turn), default=None)

    def soonest(self, device: str, table: Table) -> Poll | None:
        """The read of that table that a device is asked for next; None when it has none."""
        polls = (poll for poll in self.polls if poll.device.name == device and poll.read.table is table)
        return min(polls, key=lambda poll: (poll.next_ns, poll.turn), default=None)

    def next_ns(self) -> int | None:
        """When the next read is due; None when there is none at all."""
        return min((poll.next_ns for poll in self.polls), default=None)

    def served(self, poll: Poll, now_ns: int) -> None:
        """The read was made (well or not): its next time is the next one of its grid that lies ahead."""
        self._turn += 1
        poll.turn = self._turn
        periods = (now_ns - poll.grid_ns) // poll.read.period_ns + 1
        poll.next_ns = poll.grid_ns + max(0, periods) * poll.read.period_ns

    def split(self, poll: Poll, now_ns: int) -> bool:
        """Ask for the first and the last points of a read apart, at once. False for a read that has only one part.

        That one is then asked for seldom: a register that does not exist is no matter of time.
        """
        parts = halves(poll.device, poll.read)
        if len(parts) < 2:
            poll.next_ns = now_ns + max(REFUSED_PERIOD_NS, poll.read.period_ns)
            return False
        at = self.polls.index(poll)
        self.polls[at : at + 1] = [Poll(poll.device, part, now_ns, poll.grid_ns) for part in parts]
        return True

    def postpone(self, device: str, until_ns: int) -> None:
        """Ask a device that does not answer nothing before `until_ns`, and then one thing only."""
        for number, poll in enumerate(p for p in self.polls if p.device.name == device):
            poll.next_ns = until_ns if number == 0 else max(until_ns + 1, poll.next_ns)

    def resume(self, device: str, now_ns: int) -> None:
        """The device answers again: read everything now."""
        for poll in self.polls:
            if poll.device.name == device:
                poll.next_ns = now_ns


def halves(device: DevicePlan, read: ReadRequest) -> list[ReadRequest]:
    """A read in two, each with whole points; itself alone when all its points lie at one place."""
    points: list[tuple[Wire, str, int]] = [(device.inputs[place].wire, "entries", place) for place in read.entries]
    points += [(device.exponents[place].wire, "exponents", place) for place in read.exponents]
    points += [(device.counters[place].wire, "counters", place) for place in read.counters]
    wired = sorted(((w, of, place) for w, of, place in points if isinstance(w, ModbusWire)), key=lambda p: p[0].address)
    starts = sorted({wire.address for wire, _, _ in wired})
    if len(starts) < 2:
        return [read]
    middle = starts[len(starts) // 2]
    return [
        _part(read, [p for p in wired if p[0].address < middle]),
        _part(read, [p for p in wired if p[0].address >= middle]),
    ]


def _part(read: ReadRequest, points: list[tuple[ModbusWire, str, int]]) -> ReadRequest:
    address = min(wire.address for wire, _, _ in points)
    return replace(
        read,
        address=address,
        count=max(wire.end for wire, _, _ in points) - address,
        entries=tuple(place for _, of, place in points if of == "entries"),
        exponents=tuple(place for _, of, place in points if of == "exponents"),
        counters=tuple(place for _, of, place in points if of == "counters"),
    )
