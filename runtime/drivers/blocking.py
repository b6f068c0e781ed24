"""Devices whose library blocks (lines, I2C chips, files of the host): one thread a link asks them in turn.

io's loop never waits for such a device: it waits for the thread, and when a call takes longer than the link's time-out,
the device's inputs turn BAD while the call goes on.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from runtime.core.elementary import Value
from runtime.core.fault import DriverFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.blockingdevice import BlockingDevice
from runtime.drivers.lossreport import LossReport
from runtime.drivers.page import DevicePage
from runtime.drivers.sink import SinkState
from runtime.drivers.writes import HeartbeatCounter, WriteSchedule
from runtime.iomap.plan.plan import DevicePlan, InputPoint

IDLE_NS = 1_000_000_000
"""Longest sleep of a link that has nothing to do."""
Args = ParamSpec("Args")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Poll:
    """Inputs that are asked for together. A poll that comes late keeps its place and makes up for nothing."""

    points: tuple[InputPoint, ...]
    period_ns: int
    next_ns: int = 0

    def served(self, now_ns: int) -> None:
        self.next_ns += self.period_ns * ((now_ns - self.next_ns) // self.period_ns + 1)


@dataclass(slots=True)
class _Device:
    plan: DevicePlan
    device: BlockingDevice
    page: DevicePage
    statistics: DeviceStatistics
    writes: WriteSchedule
    heartbeats: list[HeartbeatCounter]
    polls: list[_Poll]
    backoff: Backoff
    report: LossReport
    retry_ns: int = 0
    failures: int = 0
    is_open: bool = False
    listens: bool = False
    watched: int | None = None
    warned: set[str] = field(default_factory=set)

    def next_ns(self) -> int:
        """When there is something to do, if no output changes."""
        if not self.is_open:
            return self.retry_ns
        times = [self.writes.next_ns(), *(p.next_ns for p in self.polls), *(b.next_ns for b in self.heartbeats)]
        return min(times)


class BlockingDriver:
    """All devices of one link, each made by `make`. A `Driver`."""

    def __init__(self, context: LinkContext, make: Callable[[DevicePlan], BlockingDevice]) -> None:
        self._context = context
        self._devices = [self._device(plan, make(plan)) for plan in context.devices]
        self._changed = asyncio.Event()
        self._epoch = context.sink.epoch
        self._settling = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=context.link.name)

    def wake(self) -> None:
        """See `Driver`."""
        self._changed.set()

    async def run(self) -> None:
        """See `Driver`."""
        try:
            while True:
                self._changed.clear()
                self._follow_sink()
                now_ns = self._context.clock()
                worked = [await self._work(device, now_ns) for device in self._devices]
                if not any(worked):
                    await self._rest(now_ns)
        finally:
            for device in self._devices:
                self._unwatch(device)
                self._thread.submit(device.device.close)
            self._thread.shutdown(wait=False)

    async def settle(self) -> None:
        """See `Driver`. What is written here is the last: `run` asks and writes nothing more."""
        self._settling = True
        for device in self._devices:
            for number, point in enumerate(device.plan.outputs):
                value = self._context.sink.value(point, self._context.clock())
                if value is not None and device.is_open:
                    await self._write(device, number, value)

    def _device(self, plan: DevicePlan, device: BlockingDevice) -> _Device:
        context = self._context
        link = context.link
        return _Device(
            plan=plan,
            device=device,
            page=context.pages[plan.name],
            statistics=context.statistics[plan.name],
            writes=WriteSchedule(plan.outputs),
            heartbeats=[HeartbeatCounter(rule) for rule in plan.heartbeats],
            polls=[_Poll(tuple(plan.inputs[e] for e in entries), period) for period, entries in plan.asked_together()],
            backoff=Backoff(min_ns=link.backoff_min_ns, max_ns=link.backoff_max_ns, random=context.random),
            report=LossReport(plan.name, context.on_event),
        )

    def _follow_sink(self) -> None:
        """Coming to or from fail-safe, every output is written anew."""
        if self._epoch != self._context.sink.epoch:
            self._epoch = self._context.sink.epoch
            for device in self._devices:
                device.writes.forget()
                if device.listens and self._context.sink.state is not SinkState.STANDBY:
                    self._unwatch(device)
                    device.is_open, device.retry_ns = False, 0
                    self._thread.submit(device.device.close)

    async def _work(self, device: _Device, now_ns: int) -> bool:
        """Do the next thing that is due; False when nothing is."""
        device.report.review(now_ns)
        if self._settling:
            return False
        if not device.is_open:
            if now_ns >= device.retry_ns:
                await self._open(device)
            return False
        due = device.writes.due(now_ns, self._context.sink.value)
        if due is not None:
            await self._write(device, *due)
            return True
        for beat in device.heartbeats:
            if beat.next_ns <= now_ns and self._context.sink.drives(now_ns):
                await self._call(device, device.device.write, beat.rule.wire, beat.beat(now_ns))
                return True
        poll = min(device.polls, key=lambda poll: poll.next_ns, default=None)
        if poll is None or poll.next_ns > now_ns:
            return False
        poll.served(now_ns)
        await self._sample(device, poll.points, now_ns)
        return True

    async def _rest(self, checked_ns: int) -> None:
        """Sleep until something is due that was not at `checked_ns`, or until outputs change."""
        times = [checked_ns + IDLE_NS, *(device.next_ns() for device in self._devices)]
        due_ns = min((time_ns for time_ns in times if time_ns > checked_ns), default=checked_ns + IDLE_NS)
        try:
            async with asyncio.timeout(max(0, due_ns - self._context.clock()) / 1e9):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _open(self, device: _Device) -> None:
        listens = self._context.sink.state is SinkState.STANDBY
        if await self._call(device, device.device.listen if listens else device.device.open) is _FAILED:
            return
        now_ns = self._context.clock()
        device.is_open, device.failures, device.listens = True, 0, listens
        device.writes.forget()
        for poll in device.polls:
            poll.next_ns = now_ns
        device.watched = device.device.fileno()
        if device.watched is not None:
            asyncio.get_running_loop().add_reader(device.watched, self._take_changes, device)
        self._changed.set()

    async def _sample(self, device: _Device, points: Sequence[InputPoint], asked_ns: int) -> None:
        raw = await self._call(device, device.device.sample, [point.wire for point in points])
        if isinstance(raw, _Failed):
            return
        for point, number in zip(points, raw, strict=True):
            if number is None:
                device.page.bad([point.entry])
            elif device.page.readings[point.entry][2] <= asked_ns:  # else: it changed after it was asked for
                device.page.take(point.entry, number, asked_ns)
        device.page.publish()

    def _take_changes(self, device: _Device) -> None:
        """Points changed by themselves. Called by the loop."""
        try:
            changes = device.device.changes()
        except DriverFault as fault:
            self._lose(device, fault)
            return
        for wire, raw, stamp_ns in changes:
            for point in device.plan.inputs:
                if point.wire == wire:
                    device.page.take(point.entry, raw, stamp_ns)
        device.page.publish()

    async def _write(self, device: _Device, number: int, value: Value) -> None:
        point = device.plan.outputs[number]
        asked_ns = self._context.clock()
        raw = point.wire.number.encode(value)
        if await self._call(device, device.device.write, point.wire, raw) is _FAILED:
            device.writes.failed(number, value, self._context.clock())
            return
        device.writes.written(number, value, asked_ns)
        if point.read_back:
            held = await self._call(device, device.device.sample, [point.wire])
            if not isinstance(held, _Failed) and held[0] != raw:
                device.writes.failed(number, value, self._context.clock())
                if point.name not in device.warned:
                    device.warned.add(point.name)
                    text = f"{device.plan.name} refuses to keep {point.name}: it holds {held[0]} instead of {raw}"
                    self._context.on_event("warning", text)

    async def _call(
        self, device: _Device, call: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> "Result | _Failed":
        """Have the thread call; what a fault means for the device is seen to here."""
        assert not kwargs
        asked_ns = self._context.clock()
        device.statistics.requests += 1
        asked = asyncio.get_running_loop().run_in_executor(self._thread, call, *args)
        done, _ = await asyncio.wait([asked], timeout=self._context.link.timeout_ns / 1e9)
        if not done:
            self._bad(device, f"no answer within {self._context.link.timeout_ns // 1_000_000} ms")
            await asyncio.wait([asked])  # the thread is taken as long: nothing else can be asked for
        try:
            result = asked.result()
        except DriverFault as fault:
            self._failed(device, fault)
            return _FAILED
        now_ns = self._context.clock()
        if device.is_open:  # to be opened is no answer yet: a bus opens whatever hangs on it
            device.failures = 0
            device.backoff.reset()
            device.statistics.round_trip_ns, device.statistics.last_good_ns = now_ns - asked_ns, now_ns
            device.statistics.connected = True
            device.report.regain(now_ns)
        return result

    def _failed(self, device: _Device, fault: DriverFault) -> None:
        device.statistics.errors += 1
        device.failures += 1
        if not device.is_open or device.failures >= self._context.link.attempts:
            self._lose(device, fault)

    def _lose(self, device: _Device, fault: DriverFault) -> None:
        where = f" ({fault.where})" if fault.where else ""
        self._bad(device, f"{fault.what}{where}" + (f"; {fault.mend}" if fault.mend else ""))
        self._unwatch(device)
        device.is_open = False
        device.retry_ns = self._context.clock() + device.backoff.next_ns()
        self._thread.submit(device.device.close)

    def _bad(self, device: _Device, why: str) -> None:
        device.statistics.connected = False
        device.page.all_bad()
        device.page.publish()
        device.report.lose(why, self._context.clock())

    def _unwatch(self, device: _Device) -> None:
        if device.watched is not None:
            asyncio.get_running_loop().remove_reader(device.watched)
            device.watched = None


class _Failed:
    """Stands for the result of a call that failed."""


_FAILED = _Failed()
