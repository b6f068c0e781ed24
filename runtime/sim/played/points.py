"""Lines, I2C chips and the host that the program plays, for controllers whose link says where (`played_at`).

Raw numbers cross by the points' names (`drivers/playedpoints.py`), so each point is rounded and saturated as its
profile says. While the program does not drive, a device refuses: a client sees no frozen values.
"""

import asyncio
import json
from collections.abc import Sequence

from runtime.core.fault import ConfigFault, DriverFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import LinkContext
from runtime.drivers.playedpoints import LINE_MAX
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.playedfaults import FaultKind
from runtime.iomap.plan.settings import GpioSettings, HostSettings, I2cSettings
from runtime.iomap.wire import Numeric
from runtime.sim.played.faultyunit import SILENT
from runtime.sim.played.streamserver import serve_streams


class _Silence(Exception):
    """A device with a fault that says nothing."""


class PlayedDevice:
    """One device, with its faults at their times after this was made."""

    def __init__(self, context: LinkContext, plan: DevicePlan) -> None:
        self._context = context
        self._plan = plan
        self._page = context.pages[plan.name]
        self._outputs = {point.name: point for point in plan.outputs}
        self._inputs = {point.name: point for point in plan.inputs}
        self._written: dict[str, float] = {}
        self._frozen: dict[str, float] = {}
        self._since_ns = context.clock()

    async def read(self, names: Sequence[str]) -> list[float]:
        """Raw numbers of these points; one that nobody drives reads 0. Raises DriverFault or _Silence."""
        kind = await self._suffer()
        self._context.statistics[self._plan.name].requests += 1
        raw = [self._raw(name) for name in names]
        if kind == "garbage":
            return [self._random(name) for name in names]
        if kind == "frozen":
            return [self._frozen.setdefault(name, number) for name, number in zip(names, raw, strict=True)]
        return raw[: len(raw) // 2] if kind == "wrong_length" else raw

    async def write(self, name: str, raw: float) -> None:
        """What a controller sets. A frozen device says yes and takes nothing."""
        if await self._suffer() == "frozen":
            return
        statistics = self._context.statistics[self._plan.name]
        statistics.requests += 1
        self._written[name] = raw
        point = self._inputs.get(name)
        if point is not None:
            self._page.take(point.entry, raw, self._context.clock())
            self._page.publish()
        statistics.last_good_ns = self._context.clock()

    def _raw(self, name: str) -> float:
        point = self._outputs.get(name)
        if point is None:
            return self._written.get(name, 0)
        value = self._context.sink.value(point, self._context.clock())
        if value is None:
            raise DriverFault("its program does not drive")
        return point.wire.number.encode(value)

    def _random(self, name: str) -> float:
        random, number = self._context.random, self._number(name)
        if number is None or number.floating:
            return random.uniform(-1e9, 1e9)
        return random.getrandbits(number.bits)

    def _number(self, name: str) -> Numeric | None:
        point = self._outputs.get(name) or self._inputs.get(name)
        return None if point is None else point.wire.number

    async def _suffer(self) -> FaultKind | None:
        """The fault of this moment, after what it does to any request."""
        played_ns = self._context.clock() - self._since_ns
        fault = next((fault for fault in self._plan.faults if fault.covers(played_ns)), None)
        if fault is None:
            self._frozen.clear()
            return None
        if fault.kind in SILENT:
            raise _Silence
        if fault.kind == "exception":
            raise DriverFault("device failure")
        if fault.kind == "delay":
            await asyncio.sleep(fault.delay_ns / 1e9)
        return fault.kind


class ServedPoints:
    """All played devices of one link. A `Driver`."""

    def __init__(self, context: LinkContext) -> None:
        self._context = context
        self._devices = {plan.name: PlayedDevice(context, plan) for plan in context.devices}
        link = context.link
        self._backoff = Backoff(min_ns=link.backoff_min_ns, max_ns=link.backoff_max_ns, random=context.random)
        self._followers: set[asyncio.Event] = set()

    def wake(self) -> None:
        """See `Driver`. Who follows lines looks whether one of his has changed."""
        for follower in self._followers:
            follower.set()

    async def run(self) -> None:
        """See `Driver`. An address that cannot be had is tried again: who held it may just be ending."""
        settings = self._context.link.settings
        assert isinstance(settings, GpioSettings | I2cSettings | HostSettings), "the registry gives it links of these"
        host, _, port = settings.played_at.rpartition(":")
        told = ""
        while True:
            try:
                await serve_streams(host, int(port), self._talk, self._ready)
            except ConfigFault as fault:
                if str(fault) != told:
                    told = str(fault)
                    self._context.on_event("error", told)
            await asyncio.sleep(self._backoff.next_ns() / 1e9)

    async def settle(self) -> None:
        """See `Driver`. A played device that goes down has nothing to write."""

    def _ready(self, where: str) -> None:
        for name in self._devices:
            self._context.statistics[name].connected = True
        self._context.on_event("info", f"{', '.join(self._devices)} served on {where}")

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until he goes, or says what cannot be read."""
        while line := await reader.readline():
            try:
                asked = json.loads(line)
            except ValueError:
                return
            match asked:
                case {"device": str(name), "follow": [*points]} if name in self._devices:
                    await self._follow(self._devices[name], [str(point) for point in points], reader, writer)
                    return
            reply = await self._answer(asked)
            if reply is not None:
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()

    async def _answer(self, asked: object) -> dict[str, object] | None:
        try:
            match asked:
                case {"device": str(name), "read": [*points]} if name in self._devices:
                    return {"raw": await self._devices[name].read([str(point) for point in points])}
                case {"device": str(name), "write": str(point), "raw": int() | float() as raw} if name in self._devices:
                    await self._devices[name].write(point, raw)
                    return {"raw": []}
                case {"device": str(name)} if name not in self._devices:
                    return {"refused": f"{name} is not played here, but {', '.join(self._devices)}"}
        except DriverFault as fault:
            return {"refused": fault.what}
        except _Silence:
            return None
        return {"refused": "this is no request"}

    async def _follow(
        self, device: PlayedDevice, points: Sequence[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Tell these points once, and then whenever one has changed, until the client goes."""
        changed = asyncio.Event()
        changed.set()
        self._followers.add(changed)
        gone, told = asyncio.create_task(reader.read(LINE_MAX)), None
        try:
            while not gone.done():
                waits = asyncio.create_task(changed.wait())
                await asyncio.wait([gone, waits], return_when=asyncio.FIRST_COMPLETED)
                waits.cancel()
                changed.clear()
                told = await _tell_changed(device, points, told, writer)
        finally:
            self._followers.discard(changed)
            gone.cancel()


async def _tell_changed(
    device: PlayedDevice, points: Sequence[str], told: list[float] | None, writer: asyncio.StreamWriter
) -> list[float] | None:
    """What was told last after this. A device that refuses or is silent tells no edges: its polls say so."""
    try:
        raw = await device.read(points)
    except (DriverFault, _Silence):
        return told
    if raw != told:
        writer.write(json.dumps({"raw": raw}).encode() + b"\n")
        await writer.drain()
    return raw
