"""Values on their way between a controller and a plant on virtual time: polls, messages and writes of one device.

Each value passes through both ends' `Numeric` (encode at its source, decode at its sink), so it is rounded and
saturated as on the wire; it arrives with quality and time stamp. Not modelled: the time a telegram takes (a value is
that of the plant's last scan, and is seen by the controller's next), and bus load.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.page import interpret
from runtime.drivers.writes import WriteSchedule
from runtime.iomap.plan.plan import DevicePlan, InputPoint, LinkPlan, OutputPoint
from runtime.iomap.wire import CanWire
from runtime.sim.loop.cell import Cell

FindCell = Callable[[str], Cell]
DriveValue = Callable[[OutputPoint, int], Value | None]


@dataclass(slots=True)
class Passage:
    """One point from its source to its sink. `raw` is the last number that was on the wire (0 before the first)."""

    output: OutputPoint | None
    source: Cell | None
    input: InputPoint
    sink: Cell
    raw: float = 0

    def fetch(self) -> bool:
        """Take the source's value onto the wire; False when it has none that can be sent."""
        if self.output is None or self.source is None:
            return True  # a point of the profile that the plant's program does not drive: it reads 0
        value = self.source.read()
        if isinstance(value, float) and not math.isfinite(value):
            return False
        self.raw = self.output.wire.number.encode(self.output.clamp(value))
        return True

    def send(self, value: Value) -> None:
        """Put a value onto the wire that the caller has chosen."""
        assert self.output is not None, "only outputs are written"
        self.raw = self.output.wire.number.encode(value)

    def deliver(self, now_ns: int) -> None:
        """Hand what is on the wire to the sink."""
        value, quality = interpret(self.input, self.raw)
        if value is None or quality is Quality.BAD:
            self.sink.spoil()
        else:
            self.sink.latch(value, quality, now_ns)


class Readings:
    """A group of points that cross the bus together: one Modbus read or one CAN message, towards the controller."""

    def __init__(self, passages: list[Passage], *, period_ns: int, lost_after_ns: int) -> None:
        self.passages = passages
        self.period_ns = period_ns
        self._lost_after_ns = lost_after_ns
        self._last_ns = 0

    def run(self, now_ns: int, *, alive: bool, frozen: bool) -> None:
        """The device answers (with old values when frozen), or does not and in time turns BAD."""
        if not alive:
            if now_ns - self._last_ns >= self._lost_after_ns:
                for passage in self.passages:
                    passage.sink.spoil()
            return
        self._last_ns = now_ns
        for passage in self.passages:
            if frozen or passage.fetch():
                passage.deliver(now_ns)
            else:
                passage.sink.spoil()


class Writes:
    """The outputs of one device, by the driver's own schedule: on change, refreshed, not too often."""

    def __init__(self, passages: list[Passage], *, period_ns: int, drive: DriveValue) -> None:
        self.period_ns = period_ns
        self._passages = passages
        self._schedule = WriteSchedule([p.output for p in passages if p.output is not None])
        self._drive = drive
        self._known = True

    def run(self, now_ns: int, *, alive: bool, frozen: bool) -> None:
        """Write everything that is due; after an outage, everything."""
        if not alive or frozen:
            self._known = False
            return
        if not self._known:
            self._schedule.forget()
            self._known = True
        while (due := self._schedule.due(now_ns, self._drive)) is not None:
            number, value = due
            self._passages[number].send(value)
            self._passages[number].deliver(now_ns)
            self._schedule.written(number, value, now_ns)


class SentMessage:
    """A CAN message from the controller to the device, every period, changed or not."""

    def __init__(self, passages: list[Passage], *, period_ns: int, drive: DriveValue) -> None:
        self.period_ns = period_ns
        self._passages = passages
        self._drive = drive

    def run(self, now_ns: int, *, alive: bool, frozen: bool) -> None:
        """Send what may be driven now."""
        if not alive or frozen:
            return
        for passage in self._passages:
            assert passage.output is not None, "only outputs are sent"
            value = self._drive(passage.output, now_ns)
            if value is not None:
                passage.send(value)
                passage.deliver(now_ns)


Transfer = Readings | Writes | SentMessage


@dataclass(frozen=True, slots=True)
class Pace:
    """How often (ns) which inputs of a device cross together, and how often its writes get a turn."""

    reads: list[tuple[int, tuple[int, ...]]]
    slot_ns: int


def pace_of(device: DevicePlan, link: LinkPlan, cycle_ns: int) -> Pace:
    """Polls come at their periods and writes between them; an edge of a line comes with the next scan."""
    reads = device.asked_together()
    if link.kind == "gpio":
        return Pace([(cycle_ns, entries) for _, entries in reads], cycle_ns)
    return Pace(reads, min((period_ns for period_ns, _ in reads), default=link.timeout_ns))


def transfers_of(
    device: DevicePlan,
    served: DevicePlan,
    link: LinkPlan,
    *,
    controller: FindCell,
    plant: FindCell,
    drive: DriveValue,
    cycle_ns: int,
) -> list[Transfer]:
    """All transfers of one device; `served` is the same device in the plant's map."""
    inward = [_inward(point, served, controller, plant) for point in device.inputs]
    outward = [
        Passage(point, controller(point.tag), sink, plant(sink.tag))
        for point in device.outputs
        if isinstance(sink := served.point(point.name), InputPoint)
    ]
    if link.kind == "can":
        return _messages(device, inward, outward, drive)
    pace = pace_of(device, link, cycle_ns)
    made: list[Transfer] = [
        Readings(
            [inward[entry] for entry in entries],
            period_ns=period_ns,
            lost_after_ns=link.attempts * link.timeout_ns,
        )
        for period_ns, entries in pace.reads
    ]
    if outward:
        made.append(Writes(outward, period_ns=pace.slot_ns, drive=drive))
    return made


def _messages(device: DevicePlan, inward: list[Passage], outward: list[Passage], drive: DriveValue) -> list[Transfer]:
    made: list[Transfer] = []
    for message in device.messages:
        if message.sent:
            passages = [p for p in outward if p.output is not None and _is_of(p.output, message.name)]
            made.append(SentMessage(passages, period_ns=message.period_ns, drive=drive))
        else:
            passages = [p for p in inward if _is_of(p.input, message.name)]
            made.append(Readings(passages, period_ns=message.period_ns, lost_after_ns=message.timeout_ns))
    return made


def _is_of(point: InputPoint | OutputPoint, message: str) -> bool:
    return isinstance(point.wire, CanWire) and point.wire.message == message


def _inward(point: InputPoint, served: DevicePlan, controller: FindCell, plant: FindCell) -> Passage:
    source = served.point(point.name)
    if isinstance(source, OutputPoint):
        return Passage(source, plant(source.tag), point, controller(point.tag))
    return Passage(None, None, point, controller(point.tag))
