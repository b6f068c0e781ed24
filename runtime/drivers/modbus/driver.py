"""Modbus client: one connection for all units of a gateway or line, one request in flight, reads and writes in turn.

What is read and written follows from the plan alone. A request without an answer costs its device one of `attempts`
tries; then the device counts as lost: its points turn BAD and it is asked once in a while, so that the others on the
link are not held up. When nobody answers, the connection is made anew (a half-open connection looks just so).
"""

import asyncio
from functools import partial

from runtime.core.elementary import Value, elementary
from runtime.core.fault import DriverFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import LinkContext
from runtime.drivers.codec import raw_of_words, words_of_raw
from runtime.drivers.modbus.device import LinkDevice, modbus
from runtime.drivers.modbus.fenced import fenced_write
from runtime.drivers.modbus.link import ModbusLink, Refusal, Silence, read_of
from runtime.drivers.modbus.pdu import ExceptionCode
from runtime.drivers.modbus.polls import Poll, PollSchedule
from runtime.drivers.writes import HeartbeatCounter
from runtime.iomap.plan import OutputPoint
from runtime.iomap.wire import ModbusWire, Numeric

IDLE_NS = 1_000_000_000
"""Longest sleep of a link that has nothing to do."""
UNMET_POLL_S = 0.01
PHASES = 4
"""Grids that links are spread over: of 50 links in phase the last waits for a third of 100 ms; a grid each costs more
of the processor than it gains (`voltscan bench io`)."""


class ModbusDriver:
    """All devices of one Modbus link."""

    def __init__(self, context: LinkContext) -> None:
        self._context = context
        self._devices = {plan.name: LinkDevice.of(context, plan, self._new_backoff()) for plan in context.devices}
        self._changed = asyncio.Event()
        self._link: ModbusLink | None = None
        self._backoff = self._new_backoff()
        self._epoch = context.sink.epoch
        self._polls = PollSchedule((), 0)
        self._read_next = True

    def wake(self) -> None:
        """See `Driver`."""
        self._changed.set()

    async def run(self) -> None:
        """See `Driver`. After a bug the link stays up for `settle`: the process ends with it."""
        while True:
            link = ModbusLink(self._context.link)
            try:
                await link.connect()
                await self._serve(link)
            except DriverFault as fault:
                for device in self._devices.values():
                    device.lose(fault)
                self._drop(link)
            except asyncio.CancelledError:
                self._drop(link)
                raise
            await asyncio.sleep(self._backoff.next_ns() / 1e9)

    def _drop(self, link: ModbusLink) -> None:
        self._link = None
        link.close()

    async def settle(self) -> None:
        """See `Driver`. A device that this link has not yet met is waited for: an earlier io may have driven it."""
        for device in self._devices.values():
            while device.plan.outputs and not (device.statistics.connected or device.report.lost):  # noqa: ASYNC110
                await asyncio.sleep(UNMET_POLL_S)
            for number, point in enumerate(device.plan.outputs):
                value = self._value(device, point, self._context.clock())
                if value is not None and self._link is not None and device.statistics.connected:
                    await self._write(self._link, device, number, value)

    def _new_backoff(self) -> Backoff:
        plan = self._context.link
        return Backoff(min_ns=plan.backoff_min_ns, max_ns=plan.backoff_max_ns, random=self._context.random)

    async def _serve(self, link: ModbusLink) -> None:
        """Read and write until the connection breaks; then raise DriverFault."""
        self._link = link
        plans = [d.plan for d in self._devices.values()]
        phase = self._context.random.randrange(PHASES) / PHASES
        self._polls = PollSchedule(plans, self._context.clock(), phase=phase)
        for device in self._devices.values():
            device.silent = 0
            device.writes.forget()
        while True:
            self._changed.clear()
            self._follow_sink()
            now_ns = self._context.clock()
            poll = self._polls.due(now_ns)
            if poll is not None and self._read_next:
                self._read_next = False
                await self._poll(link, poll)
            elif await self._write_one(link, now_ns) or poll is not None:
                self._read_next = True
            else:
                await self._rest(now_ns)
            self._check_link(link)

    async def _rest(self, checked_ns: int) -> None:
        """Sleep until something that was not due at `checked_ns` is due, or until outputs change."""
        times = [checked_ns + IDLE_NS]
        times += [poll.next_ns for poll in self._polls.polls]
        times += [device.writes.next_ns() for device in self._devices.values()]
        times += [beat.next_ns for device in self._devices.values() for beat in device.heartbeats]
        for device in self._devices.values():
            device.report.review(checked_ns)
        due_ns = min(time_ns for time_ns in times if time_ns > checked_ns)
        try:
            async with asyncio.timeout(max(0, due_ns - self._context.clock()) / 1e9):
                await self._changed.wait()
        except TimeoutError:
            return

    def _follow_sink(self) -> None:
        """Coming to or from fail-safe, every output is written anew: a dead band must not swallow a fail-safe value."""
        if self._epoch != self._context.sink.epoch:
            self._epoch = self._context.sink.epoch
            for device in self._devices.values():
                device.writes.forget()

    def _check_link(self, link: ModbusLink) -> None:
        if not link.connected:
            raise DriverFault("the connection broke", where=link.where)
        tries = self._context.link.attempts
        if all(device.silent >= tries for device in self._devices.values()):
            raise Silence("no answer", where=link.where)

    async def _poll(self, link: ModbusLink, poll: Poll) -> None:
        device = self._devices[poll.device.name]
        asked_ns = self._context.clock()
        self._polls.served(poll, asked_ns)
        what = f"reading {poll.read.table} registers {poll.read.address} to {poll.read.address + poll.read.count - 1}"
        try:
            words = await link.read(device.plan.unit_id, poll.read)
        except Silence as fault:
            self._failed(device, fault, what)
            return
        except Refusal as fault:
            if fault.code == ExceptionCode.ILLEGAL_DATA_ADDRESS and self._polls.split(poll, asked_ns):
                device.silent = 0  # one register of these is none: find it, and go on reading the others
                return
            self._failed(device, fault, what)
            device.page.bad(poll.read.entries)
            device.page.publish()
            return
        self._answered(device, asked_ns, what)
        device.take(poll.read, words, asked_ns)

    async def _write_one(self, link: ModbusLink, now_ns: int) -> bool:
        """Write the next output or heartbeat that is due; True when there was one."""
        for device in self._devices.values():
            if device.silent >= self._context.link.attempts and device.plan.reads:
                continue  # a read finds out when it is back
            due = device.writes.due(now_ns, partial(self._value, device))
            if due is not None:
                await self._write(link, device, *due)
                return True
            for beat in device.heartbeats:
                if beat.next_ns <= now_ns and self._context.sink.drives(now_ns):
                    await self._beat(link, device, beat, now_ns)
                    return True
        return False

    def _value(self, device: LinkDevice, point: OutputPoint, now_ns: int) -> Value | None:
        """What to write now. A value whose scale the device has not told yet is held back."""
        value = self._context.sink.value(point, now_ns) if device.number(point) is not None else None
        return value if value is None or device.plan.fence is None or self._raws(device, point, now_ns) else None

    def _raws(self, device: LinkDevice, point: OutputPoint, now_ns: int) -> dict[int, float]:
        """What goes with the point in one request, raw, by place in the plan; empty when part of it is not known."""
        assert device.plan.fence is not None, "else each point goes alone"
        found: dict[int, float] = {}
        for place in device.plan.fence.together[device.plan.outputs.index(point)]:
            other = device.plan.outputs[place]
            number, value = device.number(other), self._context.sink.value(other, now_ns)
            if number is None or value is None:
                return {}
            found[place] = number.encode(value)
        return found

    async def _write(self, link: ModbusLink, device: LinkDevice, number: int, value: Value) -> None:
        """Write an output; where it asks for it, see whether the device holds what it was just given."""
        point, scaled = device.plan.outputs[number], device.number(device.plan.outputs[number])
        assert scaled is not None, "a value without its scale is held back"
        wire = modbus(point.wire)
        what = f"writing {point.name}"
        asked_ns = self._context.clock()
        try:
            if point.read_back and device.writes.held(number) == value:
                await self._look_for_others(link, device, point, value)
            if self._value(device, point, self._context.clock()) is None:
                return  # the right to write it has ended since it was looked up
            if device.plan.fence is not None:
                await self._write_fenced(link, device, point, asked_ns)
            else:
                await self._write_wire(link, device, wire, scaled.encode(value))
            device.writes.written(number, value, asked_ns)
            self._answered(device, asked_ns, what)
            if point.read_back:
                what, asked_ns = f"to keep {point.name}", self._context.clock()
                _compare(point, scaled, await link.read(device.plan.unit_id, read_of(wire)), value)
                self._answered(device, asked_ns, what)
        except (Silence, Refusal) as fault:
            self._failed(device, fault, what)
            if device.writes.failed(number, value, self._context.clock()):
                tries = point.policy.attempts
                device.once(
                    f"tries of {point.name}", f"has not taken {point.name} in {tries} tries, and now rests of it"
                )
            return
        device.told.discard(f"tries of {point.name}")

    async def _look_for_others(self, link: ModbusLink, device: LinkDevice, point: OutputPoint, value: Value) -> None:
        """Before a value is written again: does the device still hold it? Else somebody else has written there, as a
        former leader of a pair may have, once. Raises Silence or Refusal."""
        number, wire = device.number(point), modbus(point.wire)
        assert number is not None, "a value without its scale is held back"
        held = await link.read(device.plan.unit_id, read_of(wire))
        what = f"others at {point.name}"
        if held == words_of_raw(wire, number.encode(value), held):
            device.told.discard(what)
        else:
            shown = number.decode(raw_of_words(wire, held), elementary(point.type_name).kind)
            device.once(what, f"was written to by somebody else: {point.name} was {shown} instead of {value}")

    async def _write_fenced(self, link: ModbusLink, device: LinkDevice, point: OutputPoint, now_ns: int) -> None:
        address, words = fenced_write(device.plan, self._context.sink.term, self._raws(device, point, now_ns))
        await link.write(device.plan.unit_id, modbus(point.wire).table, address, words)

    async def _write_wire(self, link: ModbusLink, device: LinkDevice, wire: ModbusWire, raw: float) -> None:
        """Write a point whole, or the bits of registers that it is. Raises Silence or Refusal."""
        unit_id = device.plan.unit_id
        if not wire.is_part:
            return await link.write(unit_id, wire.table, wire.address, words_of_raw(wire, raw))
        if wire.words > 1 or not device.mask_write:
            return await link.write_among(unit_id, wire, raw)
        try:
            await link.write_masked(unit_id, wire, raw)
        except Refusal as fault:
            if fault.code != ExceptionCode.ILLEGAL_FUNCTION:
                raise
            device.mask_write = False
            self._context.on_event(
                "info", f"{device.plan.name} has no function 22: bits of a register are read, changed and written back"
            )
            await link.write_among(unit_id, wire, raw)

    async def _beat(self, link: ModbusLink, device: LinkDevice, beat: HeartbeatCounter, now_ns: int) -> None:
        what = f"writing {beat.rule.point}"
        try:
            await self._write_wire(link, device, modbus(beat.rule.wire), beat.beat(now_ns))
        except (Silence, Refusal) as fault:
            self._failed(device, fault, what)
            return
        self._answered(device, now_ns, what)

    def _answered(self, device: LinkDevice, asked_ns: int, what: str) -> None:
        device.answered(asked_ns, what)
        self._backoff.reset()
        if not device.statistics.connected:
            now_ns = self._context.clock()
            device.statistics.connected = True
            self._polls.resume(device.plan.name, now_ns)
            device.writes.forget()
            device.report.regain(now_ns)

    def _failed(self, device: LinkDevice, fault: Silence | Refusal, what: str) -> None:
        device.statistics.requests += 1
        device.statistics.errors += 1
        if isinstance(fault, Refusal):
            device.refused(fault, what)
            return
        device.silent += 1
        if device.silent >= self._context.link.attempts:
            self._polls.postpone(device.plan.name, self._context.clock() + device.backoff.next_ns())
            device.lose(fault)


def _compare(point: OutputPoint, number: Numeric, held: list[int], value: Value) -> None:
    """Raises Refusal when the device does not hold what it was given."""
    wire = modbus(point.wire)
    if held != words_of_raw(wire, number.encode(value), held):
        shown = number.decode(raw_of_words(wire, held), elementary(point.type_name).kind)
        raise Refusal(f"it holds {shown} instead of {value}")
