"""CAN: all devices of one bus. Frames in are taken as they come, frames out go cyclically (station.py says which).

A bus that breaks, goes off or cannot be opened is opened anew after a growing wait, until it works.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import can

from runtime.core.fault import DriverFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import LinkContext
from runtime.drivers.can.broadcast import Broadcaster
from runtime.drivers.can.link import broadcaster_of, open_bus, restart, where
from runtime.drivers.can.station import Outgoing, Station

SEND_FAILURES_MAX = 10
"""Sends that may fail in a row (a full queue, a bus without a listener) before the bus is opened anew."""
FRAMES_A_TURN = 64
"""Frames taken in one go before other tasks have their turn: about 1 ms."""
VIRTUAL_POLL_S = 0.002
"""A virtual bus has no file descriptor to wait for."""


class CanDriver:
    """All devices of one CAN bus. A simulation hands in a station that spoils frames."""

    def __init__(self, context: LinkContext, station: Station | None = None) -> None:
        self._context = context
        self.station = station or Station(context)
        link = context.link
        self._backoff = Backoff(min_ns=link.backoff_min_ns, max_ns=link.backoff_max_ns, random=context.random)
        self._bus: can.BusABC | None = None
        self._broadcaster: Broadcaster | None = None
        self._broken: asyncio.Future[None] | None = None
        self._send_failures = 0
        self._told_no_restart = False

    def wake(self) -> None:
        """See `Driver`. Frames go out by the clock, not by changes; what the kernel repeats ends with the right to."""
        if self._broadcaster is not None and self._context.sink.is_silent(self._context.clock()):
            self._broadcaster.forget()

    async def run(self) -> None:
        """See `Driver`."""
        while True:
            try:
                await self._serve()
            except DriverFault as fault:
                why = f"{fault.what} ({where(self._context.link)})" + (f"; {fault.mend}" if fault.mend else "")
                self.station.broken(why, self._context.clock())
            await asyncio.sleep(self._backoff.next_ns() / 1e9)

    async def settle(self) -> None:
        """See `Driver`."""
        if self._bus is not None:
            with contextlib.suppress(DriverFault):  # the bus is gone: `run` says so
                for outgoing in self.station.everything(self._context.clock()):
                    self._send(self._bus, outgoing)
                if self._broadcaster is not None:  # nothing is repeated any more, whatever the values hold
                    self._broadcaster.close()
                    self._broadcaster = None

    async def _serve(self) -> None:
        """Send and receive until the bus breaks; then raise DriverFault."""
        bus = open_bus(self._context.link, self.station.received)
        self._bus, self._send_failures = bus, 0
        self._broken = asyncio.get_running_loop().create_future()
        try:
            self._broadcaster = broadcaster_of(self._context.link)
            if self.station.bus.off:  # only now, so that a bus that goes off again at once is noticed
                self._restart()
            self.station.opened(self._context.clock())
            async with _reading(bus, lambda: self._drain(bus)):
                while True:
                    for outgoing in self.station.due(self._context.clock()):
                        self._send(bus, outgoing)
                    await self._wait()
        finally:
            self._bus = None
            if self._broadcaster is not None:
                self._broadcaster.close()
                self._broadcaster = None
            bus.shutdown()

    def _restart(self) -> None:
        """Bring the controller back. Where the kernel refuses, it may still do so by itself: said once, and go on."""
        try:
            restart(self._context.link)
        except DriverFault as fault:
            if not self._told_no_restart:
                self._told_no_restart = True
                self._context.on_event("warning", str(fault))

    async def _wait(self) -> None:
        assert self._broken is not None
        now_ns = self._context.clock()
        rest_s = (self.station.next_ns(now_ns) - now_ns) / 1e9
        done, _ = await asyncio.wait([self._broken], timeout=rest_s)
        for broken in done:
            broken.result()

    def _send(self, bus: can.BusABC, outgoing: Outgoing) -> None:
        statistics = outgoing.member.statistics
        statistics.requests += 1
        try:
            self._hand_over(bus, outgoing)
            self._send_failures = 0
        except (can.CanError, OSError) as fault:
            statistics.errors += 1
            self._send_failures += 1
            if self._send_failures >= SEND_FAILURES_MAX:
                raise DriverFault(f"sending fails: {fault}", where=where(self._context.link)) from fault

    def _hand_over(self, bus: can.BusABC, outgoing: Outgoing) -> None:
        """To the kernel's broadcast manager as far as the values hold for more than one send, else to the bus."""
        now_ns, period_ns = self._context.clock(), outgoing.plan.period_ns
        sends = self._context.sink.holds_ns(now_ns) // period_ns if outgoing.repeats else 0
        if self._broadcaster is not None and sends > 1:
            self._broadcaster.keep(outgoing.frame, period_ns=period_ns, sends=sends, now_ns=now_ns)
        else:
            bus.send(outgoing.frame)

    def _drain(self, bus: can.BusABC) -> None:
        """Take the frames that have come. Called by the event loop."""
        frames = []
        for _ in range(FRAMES_A_TURN):
            try:
                frame = bus.recv(timeout=0)
            except (can.CanError, OSError, ValueError) as fault:
                self._receive_failed(fault)
                break
            if frame is None:
                break
            frames.append(frame)
        if self.station.take(frames, self._context.clock()):
            self._backoff.reset()
        if self.station.bus.off:
            self._break("the controller is off the bus (bus-off): too many errors", _BUS_OFF_MEND)

    def _receive_failed(self, fault: can.CanError | OSError | ValueError) -> None:
        """Something that is no CAN frame is dropped; a bus that is gone is opened anew."""
        for member in self.station.members:
            member.statistics.errors += 1
        if isinstance(fault, OSError) or isinstance(fault.__cause__, OSError):
            self._break(f"receiving fails: {fault}")

    def _break(self, what: str, mend: str = "") -> None:
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(DriverFault(what, where=where(self._context.link), mend=mend))


_BUS_OFF_MEND = "check bit rate, wiring and termination"


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
