"""CAN: all devices of one bus. Frames in are decoded as they come, frames out go cyclically.

The same driver serves a played device: the plan then says that the device's messages are sent and the controller's
received. A message is sent only while there is something to say: when the sink gives no value, or every point of the
message holds in fail-safe, the bus falls silent and the other side's own time-out acts.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import can
from cantools.database.can import Database, Message
from cantools.database.errors import Error as DatabaseError

from runtime.core.fault import DriverFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.can.link import open_bus, where
from runtime.drivers.page import DevicePage
from runtime.iomap.plan import DevicePlan, MessagePlan, OutputPoint
from runtime.iomap.wire import CanWire

SEND_FAILURES_MAX = 10
"""Sends that may fail in a row (a full queue, a bus without a listener) before the bus is opened anew."""
FRAMES_A_TURN = 64
"""Frames taken in one go before other tasks have their turn."""
VIRTUAL_POLL_S = 0.002
"""A virtual bus has no file descriptor to wait for."""
IDLE_NS = 1_000_000_000


@dataclass(slots=True)
class _Received:
    """A message that is expected. `entries` of the device's page by signal."""

    plan: MessagePlan
    codec: Message
    entries: dict[str, int]
    last_ns: int = 0
    missing: bool = False


@dataclass(slots=True)
class _Sent:
    """A message that is sent. `raw` holds the last raw value of each signal."""

    plan: MessagePlan
    codec: Message
    points: list[OutputPoint]
    raw: dict[str, int | float] = field(default_factory=dict)
    next_ns: int = 0


@dataclass(slots=True)
class _Device:
    plan: DevicePlan
    page: DevicePage
    statistics: DeviceStatistics
    received: list[_Received]
    sent: list[_Sent]
    told_lost: bool = False


class CanDriver:
    """All devices of one CAN bus."""

    def __init__(self, context: LinkContext) -> None:
        self._context = context
        self._databases: dict[str, Database] = {}
        self._devices = [self._device(plan) for plan in context.devices]
        self._by_id = {(m.plan.frame_id, m.plan.extended): (d, m) for d in self._devices for m in d.received}
        link = context.link
        self._backoff = Backoff(min_ns=link.backoff_min_ns, max_ns=link.backoff_max_ns, random=context.random)
        self._bus: can.BusABC | None = None
        self._broken: asyncio.Future[None] | None = None
        self._send_failures = 0

    def wake(self) -> None:
        """See `Driver`. Frames go out by the clock, not by changes."""

    async def run(self) -> None:
        """See `Driver`."""
        while True:
            try:
                await self._serve()
            except DriverFault as fault:
                for device in self._devices:
                    self._lost(device, fault.what, fault.mend)
            await asyncio.sleep(self._backoff.next_ns() / 1e9)

    async def settle(self) -> None:
        """See `Driver`."""
        for device in self._devices:
            for message in device.sent:
                if self._bus is not None:
                    with contextlib.suppress(DriverFault):  # the bus is gone: `run` says so
                        self._send(self._bus, device, message)

    def _device(self, plan: DevicePlan) -> _Device:
        database = self._databases.get(plan.profile)
        if database is None:
            database = self._databases[plan.profile] = Database()
            database.add_dbc_string(plan.dbc)
        received, sent = [], []
        for message in plan.messages:
            codec = database.get_message_by_name(message.name)
            if message.sent:
                points = [p for p in plan.outputs if isinstance(p.wire, CanWire) and p.wire.message == message.name]
                sent.append(_Sent(message, codec, points, {signal.name: 0 for signal in codec.signals}))
            else:
                entries = {
                    p.wire.signal: p.entry
                    for p in plan.inputs
                    if isinstance(p.wire, CanWire) and p.wire.message == message.name
                }
                received.append(_Received(message, codec, entries))
        context = self._context
        return _Device(plan, context.pages[plan.name], context.statistics[plan.name], received, sent)

    async def _serve(self) -> None:
        """Send and receive until the bus breaks; then raise DriverFault."""
        bus = open_bus(self._context.link, [message.plan for _, message in self._by_id.values()])
        now_ns = self._context.clock()
        for device in self._devices:
            for received in device.received:
                received.last_ns, received.missing = now_ns, False
            for sent in device.sent:
                sent.next_ns = now_ns
        self._bus, self._send_failures = bus, 0
        self._broken = asyncio.get_running_loop().create_future()
        try:
            async with _reading(bus, lambda: self._drain(bus)):
                while True:
                    await self._wait(self._turn(bus))
        finally:
            self._bus = None
            bus.shutdown()

    async def _wait(self, until_ns: int) -> None:
        assert self._broken is not None
        rest_s = max(0, until_ns - self._context.clock()) / 1e9
        done, _ = await asyncio.wait([self._broken], timeout=rest_s)
        for broken in done:
            broken.result()

    def _turn(self, bus: can.BusABC) -> int:
        """Send what is due, notice what is missing; when to look again."""
        now_ns = self._context.clock()
        times = [now_ns + IDLE_NS]
        for device in self._devices:
            for sent in device.sent:
                if sent.next_ns <= now_ns:
                    self._send(bus, device, sent)
                    sent.next_ns += sent.plan.period_ns * ((now_ns - sent.next_ns) // sent.plan.period_ns + 1)
                times.append(sent.next_ns)
            for received in device.received:
                if not received.missing:
                    self._check_missing(device, received, now_ns)
                    times.append(received.last_ns + received.plan.timeout_ns)
        return min(time_ns for time_ns in times if time_ns > now_ns)

    def _send(self, bus: can.BusABC, device: _Device, message: _Sent) -> None:
        now_ns = self._context.clock()
        values = [(point, self._context.sink.value(point, now_ns)) for point in message.points]
        if all(value is None for _, value in values):
            return
        for point, value in values:
            if value is not None:
                assert isinstance(point.wire, CanWire)
                message.raw[point.wire.signal] = point.wire.number.encode(value)
        payload = message.codec.encode(message.raw, scaling=False, strict=False)
        frame = can.Message(
            arbitration_id=message.plan.frame_id, is_extended_id=message.plan.extended, data=payload, check=True
        )
        device.statistics.requests += 1
        try:
            bus.send(frame)
            self._send_failures = 0
        except can.CanError as fault:
            device.statistics.errors += 1
            self._send_failures += 1
            if self._send_failures >= SEND_FAILURES_MAX:
                raise DriverFault(f"sending fails: {fault}", where=where(self._context.link)) from fault

    def _drain(self, bus: can.BusABC) -> None:
        """Take the frames that have come. Called by the event loop."""
        for _ in range(FRAMES_A_TURN):
            try:
                frame = bus.recv(timeout=0)
            except (can.CanError, OSError) as fault:
                self._receive_failed(fault)
                return
            if frame is None:
                return
            self._take(frame)

    def _receive_failed(self, fault: can.CanError | OSError) -> None:
        """Something that is no CAN frame is dropped; a bus that is gone is opened anew."""
        for device in self._devices:
            device.statistics.errors += 1
        gone = isinstance(fault, OSError) or isinstance(fault.__cause__, OSError)
        if gone and self._broken is not None and not self._broken.done():
            self._broken.set_exception(DriverFault(f"receiving fails: {fault}", where=where(self._context.link)))

    def _take(self, frame: can.Message) -> None:
        known = self._by_id.get((frame.arbitration_id, frame.is_extended_id))
        if known is None or frame.is_error_frame or frame.is_remote_frame:
            return
        device, message = known
        now_ns = self._context.clock()
        device.statistics.requests += 1
        try:
            decoded = message.codec.decode(bytes(frame.data), decode_choices=False, scaling=False)
        except (DatabaseError, ValueError):
            device.statistics.errors += 1
            return
        assert isinstance(decoded, dict)
        for signal, entry in message.entries.items():
            raw = decoded.get(signal)
            if isinstance(raw, (int, float)):
                device.page.take(entry, raw, now_ns)
        device.page.publish()
        message.last_ns, message.missing = now_ns, False
        self._heard(device, now_ns)

    def _heard(self, device: _Device, now_ns: int) -> None:
        self._backoff.reset()
        device.statistics.last_good_ns = now_ns
        if not device.statistics.connected and not any(message.missing for message in device.received):
            device.statistics.connected = True
            self._context.on_event("info", f"{device.plan.name} {'is back' if device.told_lost else 'is heard'}")
            device.told_lost = False

    def _check_missing(self, device: _Device, message: _Received, now_ns: int) -> None:
        if now_ns - message.last_ns < message.plan.timeout_ns:
            return
        message.missing = True
        device.page.bad(message.entries.values())
        device.page.publish()
        timeout_ms = message.plan.timeout_ns // 1_000_000
        self._tell_lost(device, f"no {message.plan.name} (0x{message.plan.frame_id:X}) for {timeout_ms} ms")

    def _lost(self, device: _Device, what: str, mend: str) -> None:
        device.page.all_bad()
        device.page.publish()
        self._tell_lost(device, f"{what} ({where(self._context.link)})" + (f"; {mend}" if mend else ""))

    def _tell_lost(self, device: _Device, why: str) -> None:
        device.statistics.connected = False
        if not device.told_lost:
            device.told_lost = True
            self._context.on_event("error", f"{device.plan.name} lost: {why}; its inputs are BAD")


@contextlib.asynccontextmanager
async def _reading(bus: can.BusABC, drain: Callable[[], None]) -> AsyncIterator[None]:
    """Have `drain` called whenever the bus has frames."""
    try:
        descriptor = bus.fileno()
    except NotImplementedError:
        descriptor = -1
    if descriptor < 0:
        task = asyncio.create_task(_poll_virtual(drain))
        try:
            yield
        finally:
            task.cancel()
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, drain)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


async def _poll_virtual(drain: Callable[[], None]) -> None:
    while True:
        drain()
        await asyncio.sleep(VIRTUAL_POLL_S)
