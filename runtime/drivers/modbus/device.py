"""One device on a Modbus link: what of it is known, what came of its last requests, and what to tell people of it."""

from dataclasses import dataclass, field

from runtime.core.fault import DriverFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.frozen import FrozenWatch
from runtime.drivers.lossreport import LossReport
from runtime.drivers.modbus.blocks import Block
from runtime.drivers.modbus.exponents import Exponents
from runtime.drivers.modbus.link import Refusal
from runtime.drivers.page import DevicePage
from runtime.drivers.writes import HeartbeatCounter, WriteSchedule
from runtime.iomap.plan.plan import CounterPoint, DevicePlan, ExponentPoint, OutputPoint
from runtime.iomap.wire import ModbusWire, Numeric


@dataclass(slots=True)
class LinkDevice:
    """`silent`: unanswered requests in a row, and `wasted_ns` the link's time that they took. While it is lost, it is
    asked nothing before `rests_until_ns`. `told`: what was told of it, once. `apart`: outputs, by place, that it does
    not take in one request.
    """

    plan: DevicePlan
    context: LinkContext
    page: DevicePage
    statistics: DeviceStatistics
    writes: WriteSchedule
    heartbeats: list[HeartbeatCounter]
    backoff: Backoff
    report: LossReport
    counters: FrozenWatch
    mask_write: bool
    read_write: bool
    exponents: Exponents = field(default_factory=Exponents)
    frozen: set[str] = field(default_factory=set)
    apart: set[int] = field(default_factory=set)
    silent: int = 0
    wasted_ns: int = 0
    rests_until_ns: int = 0
    told: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, context: LinkContext, plan: DevicePlan, backoff: Backoff) -> "LinkDevice":
        """As it is before anything was heard of it."""
        device = cls(
            plan=plan,
            context=context,
            page=context.pages[plan.name],
            statistics=context.statistics[plan.name],
            writes=WriteSchedule(plan.outputs, plan.write_order),
            heartbeats=[HeartbeatCounter(rule) for rule in plan.heartbeats],
            backoff=backoff,
            report=LossReport(plan.name, context.on_event),
            counters=FrozenWatch(plan.name, context.on_event),
            mask_write=plan.mask_write,
            read_write=plan.read_write,
        )
        device._read_by_exponents()
        return device

    def number(self, point: OutputPoint) -> Numeric | None:
        """How an output is encoded; None while the device has not said its scale."""
        return self.exponents.number(modbus(point.wire))

    def take(self, block: Block, came: bytes, asked_ns: int) -> None:
        """A read was answered."""
        read, raws = block.read, block.raws(came)
        if read.exponents or read.counters:
            others = iter(raws[len(read.entries) :])
            for place in read.exponents:
                self._take_exponent(self.plan.exponents[place], next(others))
            for place in read.counters:
                self._take_counter(self.plan.counters[place], next(others), asked_ns)
        self.page.take_all(read.entries, raws, asked_ns)
        if self.frozen:
            self.page.bad(range(len(self.page.points)))
        self.page.publish()

    def answered(self, asked_ns: int, what: str) -> None:
        """A request was answered as it should be."""
        self.statistics.requests += 1
        self.statistics.round_trip_ns = self.context.clock() - asked_ns
        self.statistics.last_good_ns = self.context.clock()
        self.told.discard(what)
        self.heard()
        self.backoff.reset()

    def heard(self) -> None:
        """It lives, whatever it said."""
        self.silent = self.wasted_ns = self.rests_until_ns = 0

    def refused(self, fault: Refusal, what: str) -> None:
        """A request was refused: the device lives."""
        self.heard()
        self.once(what, f"refuses {what}: {fault.what}")

    def once(self, what: str, text: str) -> None:
        """Tell of something until it has gone well again."""
        if what not in self.told:
            self.told.add(what)
            self.context.on_event("warning", f"{self.plan.name} {text}")

    def note(self, text: str) -> None:
        """Tell of a way of the device that is worth knowing, and no fault."""
        self.context.on_event("info", f"{self.plan.name} {text}")

    def lose(self, fault: DriverFault) -> None:
        """It does not answer."""
        self.statistics.connected = False
        self.apart.clear()
        self.exponents.forget()
        self._read_by_exponents()
        self.counters.forget()
        self.frozen.clear()
        self.page.all_bad()
        self.page.publish()
        self.report.lose(f"{fault.what} ({fault.where})", self.context.clock())

    def _take_exponent(self, point: ExponentPoint, raw: float) -> None:
        news = self.exponents.take(point, raw)
        if news is None:
            return
        self.writes.forget()
        self._read_by_exponents()
        if news:
            self.context.on_event("warning", f"{self.plan.name} {news}")

    def _take_counter(self, counter: CounterPoint, raw: float, asked_ns: int) -> None:
        stands = self.counters.stands(
            counter.name, raw, asked_ns, after_ns=counter.frozen_after_ns, meaning="its inputs are BAD"
        )
        (self.frozen.add if stands else self.frozen.discard)(counter.name)

    def _read_by_exponents(self) -> None:
        """Let the page read numbers as the device says; those of which it says nothing have no value."""
        for entry, point in enumerate(self.plan.inputs):
            wire = modbus(point.wire)
            if wire.exponent is not None:
                self.page.read_as(entry, self.exponents.number(wire))


def modbus(wire: object) -> ModbusWire:
    """The map puts only Modbus points on a Modbus link."""
    assert isinstance(wire, ModbusWire)
    return wire
