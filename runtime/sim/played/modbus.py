"""Modbus devices that the program plays, behind all that carries Modbus: TCP, a serial line, a converter, a logger.

What their registers hold is in `unit.py`; devices may share a unit as on the real link.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from runtime.core.fault import PlcFault
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import LinkContext
from runtime.drivers.modbus.server import ModbusServer, Unit
from runtime.drivers.modbus.streams import SerialStream, TcpStream
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.settings import LuxpowerTcpSettings, ModbusRtuSettings, ModbusRtuTcpSettings, ModbusTcpSettings
from runtime.sim.played.faultyunit import FaultyUnit
from runtime.sim.played.luxpower import serve_logger
from runtime.sim.played.rtu import serve_line
from runtime.sim.played.sharedunit import Share, SharedUnit
from runtime.sim.played.streamserver import Ready, serve_streams
from runtime.sim.played.unit import PlayedUnit


class ServedModbus:
    """All played devices of one link: behind a TCP address, a converter, a serial line or a data logger. A `Driver`."""

    def __init__(self, context: LinkContext) -> None:
        self._context = context
        self._shares: dict[int, list[Share]] = {}
        for plan in context.devices:
            self._shares.setdefault(plan.unit_id, []).append(_share(context, plan))
        link = context.link
        self._backoff = Backoff(min_ns=link.backoff_min_ns, max_ns=link.backoff_max_ns, random=context.random)

    def wake(self) -> None:
        """See `Driver`. Values are looked up when a client asks."""

    async def run(self) -> None:
        """See `Driver`. An address that cannot be had is tried again: who held it may just be ending."""
        told = ""
        while True:
            try:
                await self._serve()
                told = ""
            except PlcFault as fault:
                if str(fault) != told:
                    told = str(fault)
                    self._context.on_event("error", told)
            self._connected(False)
            await asyncio.sleep(self._backoff.next_ns() / 1e9)

    async def settle(self) -> None:
        """See `Driver`. A played device that goes down has nothing to write."""

    async def _serve(self) -> None:
        """Answer clients until the line breaks, if it is one that can. Raises PlcFault when it cannot be had."""
        settings = self._context.link.settings
        units = {unit_id: _joined(own) for unit_id, own in self._shares.items()}
        match settings:
            case ModbusTcpSettings():
                await _serve_tcp(settings, units, self._tell)
            case ModbusRtuTcpSettings():
                await serve_streams(
                    settings.host, settings.port, lambda r, w: serve_line(TcpStream(r, w), units), self._tell
                )
            case LuxpowerTcpSettings():
                behind = _joined([share for own in self._shares.values() for share in own])  # frames name no unit
                await serve_streams(
                    settings.host,
                    settings.port,
                    lambda r, w: serve_logger(TcpStream(r, w), settings, behind),
                    self._tell,
                )
            case ModbusRtuSettings():
                with contextlib.closing(SerialStream(settings)) as line:
                    self._tell(settings.device)
                    await serve_line(line, units)

    def _tell(self, where: str) -> None:
        self._backoff.reset()
        self._connected(True)
        names = ", ".join(plan.name for plan in self._context.devices)
        self._context.on_event("info", f"{names} served on {where}")

    def _connected(self, connected: bool) -> None:
        for plan in self._context.devices:
            self._context.statistics[plan.name].connected = connected


async def _serve_tcp(settings: ModbusTcpSettings, units: Mapping[int, Unit], ready: Ready) -> None:
    server = ModbusServer(units, host=settings.host, port=settings.port)
    await server.start()
    try:
        ready(f"{settings.host}:{server.port}")
        await asyncio.get_running_loop().create_future()
    finally:
        await server.stop()


def _joined(shares: Sequence[Share]) -> Unit:
    """Devices under one identifier. They share no register: the check of the map has seen to it."""
    return shares[0].unit if len(shares) == 1 else SharedUnit(shares)


def _share(context: LinkContext, plan: DevicePlan) -> Share:
    played = PlayedUnit(context, plan)
    unit = FaultyUnit(played, plan.faults, clock=context.clock, random=context.random) if plan.faults else played
    return Share(unit, played.points, played.gaps)
