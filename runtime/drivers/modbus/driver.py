"""Modbus client: one connection for all units of a gateway or line, one request in flight, reads and writes in turn.

What is read and written follows from the plan alone. A request without an answer costs its device one of `attempts`
tries; then the device counts as lost: its points turn BAD and it is asked once in a while (`lostunits.py`), so that the
others on the link are not held up. When nobody answers, the connection is made anew (one half open looks just so).
"""

import asyncio

from runtime.core.fault import DriverFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import LinkContext
from runtime.drivers.modbus.device import LinkDevice
from runtime.drivers.modbus.link import ModbusLink, Refusal, Silence
from runtime.drivers.modbus.lostunits import LostUnits
from runtime.drivers.modbus.outputs import OutputWriter
from runtime.drivers.modbus.pdu import ExceptionCode
from runtime.drivers.modbus.polls import Poll, PollSchedule
from runtime.drivers.rest import Rest
from runtime.iomap.wire import Table

IDLE_NS = 1_000_000_000
"""Longest sleep of a link that has nothing to do."""
UNMET_POLL_S = 0.01
PHASES = 4
"""Grids that links are spread over: of 50 links in phase the last waits for a third of 100 ms; a grid each costs more
of the processor than it gains (`voltscan bench io`)."""
SLOTS = 1000
"""By chance one of so many is where a link's slow reads begin (`PollSchedule`)."""


class ModbusDriver:
    """All devices of one Modbus link."""

    def __init__(self, context: LinkContext) -> None:
        self._context = context
        self._devices = {plan.name: LinkDevice.of(context, plan, self._new_backoff()) for plan in context.devices}
        self._driven = [device for device in self._devices.values() if device.plan.outputs or device.heartbeats]
        self._rest = Rest()
        self._link: ModbusLink | None = None
        self._backoff = self._new_backoff()
        self._epoch = context.sink.epoch
        self._polls = PollSchedule((), 0)
        self._lost_units = LostUnits()
        self._writer = OutputWriter(context, self)
        self._read_next = True
        self._unheard = 0

    def wake(self) -> None:
        """See `Driver`."""
        if self._driven:
            self._rest.wake()

    async def run(self) -> None:
        """See `Driver`. After a bug the link stays up for `settle`: the process ends with it."""
        while True:
            link = ModbusLink(self._context.link)
            try:
                await self._connect(link)
                self._unheard += 1
                await self._serve(link)
            except DriverFault as fault:
                self._drop(link)
                if self._unheard >= self._context.link.attempts:
                    self._lose_all(fault)
            except asyncio.CancelledError:
                self._drop(link)
                raise
            await asyncio.sleep(self._backoff.next_ns() / 1e9)

    async def _connect(self, link: ModbusLink) -> None:
        """Raises DriverFault when it cannot be had: then all devices are lost. A connection that only broke loses none
        by itself, or a gateway that hangs up on account of one dead unit would cost the others their quality; but
        several in a row on which nobody answered do."""
        try:
            await link.connect()
        except DriverFault as fault:
            self._lose_all(fault)
            raise

    def _lose_all(self, fault: DriverFault) -> None:
        for device in self._devices.values():
            device.heard()
            device.lose(fault)

    def _drop(self, link: ModbusLink) -> None:
        self._link = None
        link.close()

    async def settle(self) -> None:
        """See `Driver`. A device that this link has not yet met is waited for: an earlier io may have driven it."""
        for device in self._devices.values():
            while device.plan.outputs and not (device.statistics.connected or device.report.lost):  # noqa: ASYNC110
                await asyncio.sleep(UNMET_POLL_S)
            if self._link is not None:
                await self._writer.write_all(self._link, device)

    def _new_backoff(self) -> Backoff:
        plan = self._context.link
        return Backoff(min_ns=plan.backoff_min_ns, max_ns=plan.backoff_max_ns, random=self._context.random)

    async def _serve(self, link: ModbusLink) -> None:
        """Read and write until the connection breaks; then raise DriverFault."""
        self._link = link
        plans = [d.plan for d in self._devices.values()]
        phase, slot = self._context.random.randrange(PHASES) / PHASES, self._context.random.randrange(SLOTS)
        self._polls = PollSchedule(plans, self._context.clock(), phase=phase, slot=slot)
        tries = self._context.link.attempts
        if all(device.silent >= tries for device in self._devices.values()):
            for device in self._devices.values():
                device.heard()
        for device in self._devices.values():
            device.writes.forget()
            if device.silent >= tries:
                self._polls.postpone(device.plan.name, device.rests_until_ns)
        while True:
            self._rest.clear()
            self._follow_sink()
            now_ns = self._context.clock()
            poll = self._polls.due(now_ns)
            if poll is not None and self._read_next:
                self._read_next = False
                await self._poll(link, poll)
            elif await self._write_one(link, now_ns) or poll is not None:
                self._read_next = True
            else:
                await self._sleep(now_ns)
            self._check_link(link)

    async def _sleep(self, checked_ns: int) -> None:
        """Sleep until something that was not due at `checked_ns` is due, or until outputs change."""
        times = [checked_ns + IDLE_NS]
        times += [poll.next_ns for poll in self._polls.polls]
        times += [device.writes.next_ns() for device in self._driven]
        times += [beat.next_ns for device in self._driven for beat in device.heartbeats]
        for device in self._devices.values():
            device.report.review(checked_ns)
        due_ns = min(time_ns for time_ns in times if time_ns > checked_ns)
        await self._rest.sleep(max(0, due_ns - self._context.clock()) / 1e9)

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
        for device in self._devices.values():
            if device.silent < tries:
                return
        raise Silence("no answer", where=link.where)

    async def _poll(self, link: ModbusLink, poll: Poll) -> None:
        device = self._devices[poll.device.name]
        asked_ns = self._context.clock()
        self._polls.served(poll, asked_ns)
        what = f"reading {poll.read.table} registers {poll.read.address} to {poll.read.address + poll.read.count - 1}"
        try:
            came = await link.read_block(device.plan.unit_id, poll.read)
        except Silence as fault:
            self.failed(device, fault, asked_ns, what)
            return
        except Refusal as fault:
            if fault.code == ExceptionCode.ILLEGAL_DATA_ADDRESS and self._polls.split(poll, asked_ns):
                device.heard()  # one register of these is none: find it, and go on reading the others
                return
            self.failed(device, fault, asked_ns, what)
            device.page.bad(poll.read.entries)
            device.page.publish()
            return
        self.answered(device, asked_ns, what)
        device.take(poll.block, came, asked_ns)

    async def _write_one(self, link: ModbusLink, now_ns: int) -> bool:
        """Write the next output or heartbeat that is due; True when there was one."""
        for device in self._driven:
            if device.silent >= self._context.link.attempts and (device.plan.reads or now_ns < device.rests_until_ns):
                continue  # a read finds out when it is back
            if await self._writer.write_next(link, device, now_ns):
                return True
        return False

    def read_along(self, device: LinkDevice) -> Poll | None:
        """See `Answers`."""
        return self._polls.soonest(device.plan.name, Table.HOLDING)

    def took(self, device: LinkDevice, poll: Poll, came: bytes, asked_ns: int) -> None:
        """See `Answers`."""
        self._polls.served(poll, asked_ns)
        device.take(poll.block, came, asked_ns)

    def answered(self, device: LinkDevice, asked_ns: int, what: str) -> None:
        """See `Answers`."""
        device.answered(asked_ns, what)
        self._backoff.reset()
        self._unheard = 0
        if not device.statistics.connected:
            now_ns = self._context.clock()
            device.statistics.connected = True
            self._polls.resume(device.plan.name, now_ns)
            device.writes.forget()
            device.report.regain(now_ns)

    def failed(self, device: LinkDevice, fault: Silence | Refusal, asked_ns: int, what: str) -> None:
        """See `Answers`. A unit that is silent again and again rests, for its neighbours' sake."""
        device.statistics.requests += 1
        device.statistics.errors += 1
        if isinstance(fault, Refusal):
            device.refused(fault, what)
            return
        device.silent += 1
        device.wasted_ns += self._context.clock() - asked_ns
        if device.silent >= self._context.link.attempts:
            self._rest_unit(device)
            device.lose(fault)

    def _rest_unit(self, device: LinkDevice) -> None:
        tries = self._context.link.attempts
        device.rests_until_ns = self._lost_units.rest_until_ns(
            self._context.clock(),
            wasted_ns=device.wasted_ns,
            backoff_ns=device.backoff.next_ns(),
            lost=sum(other.silent >= tries for other in self._devices.values()),
        )
        device.wasted_ns = 0
        self._polls.postpone(device.plan.name, device.rests_until_ns)
