"""The SCADA server of a controller: it outlives the engines of an online change, and its clients need not notice one.

Between two engines a request waits for the next one's unit. Where a register that a client may know is gone or shows
something else, the clients are disconnected, for Modbus has no other way to say so; they connect again. New registers
disturb nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.core.fault import ConfigFault
from runtime.drivers.modbus.pdu import Table
from runtime.drivers.modbus.server import ModbusServer, Unit
from runtime.gateway.scada.map import ScadaMap, ScadaRegister
from runtime.wire.messages import Severity

LISTEN_AGAIN_S = 2.0
"""After this long the SCADA server tries again for an address that somebody holds."""
Tell = Callable[[Severity, str], Any]


@dataclass(frozen=True, slots=True)
class ScadaService:
    """The SCADA map and where it is served."""

    map: ScadaMap
    host: str
    port: int


class ScadaServer:
    """Listens at one address at a time. For one asyncio loop."""

    def __init__(self) -> None:
        self._place = _Place()
        self._server: ModbusServer | None = None
        self._service: ScadaService | None = None

    async def serve(self, service: ScadaService, unit: Unit, tell: Tell) -> None:
        """Have `unit` answer until this is cancelled; the connections stay then. What people should know is told."""
        await self._go_over(service, tell)
        self._place.take(unit)
        try:
            await self._listen(service, tell)
            await asyncio.Event().wait()
        finally:
            self._place.leave()

    async def close(self) -> None:
        """Let go of the address and of all connections."""
        if self._server is not None:
            await self._server.stop()
        self._server = self._service = None

    async def _go_over(self, service: ScadaService, tell: Tell) -> None:
        former, self._service = self._service, service
        if former is None or self._server is None:
            return
        if (former.host, former.port, former.map.units) != (service.host, service.port, service.map.units):
            await self._server.stop()
            self._server = None
            tell("warning", f"the SCADA server moves to {service.host}:{service.port}: its clients are disconnected")
            return
        lost = _lost(former.map, service.map)
        if lost:
            versions = f"version {former.map.version} to {service.map.version}"
            if former.map.version == service.map.version:
                versions = f"its version is still {service.map.version}"
            told = f"the SCADA map has changed ({versions}): {', '.join(lost)} {'is' if len(lost) == 1 else 'are'} gone"
            tell("warning", f"{told} or different; {self._server.connections} clients are disconnected")
            await self._server.disconnect()

    async def _listen(self, service: ScadaService, tell: Tell) -> None:
        told = ""
        while self._server is None:
            server = ModbusServer(dict.fromkeys(service.map.units, self._place), host=service.host, port=service.port)
            try:
                await server.start()
            except ConfigFault as fault:
                if fault.what != told:
                    tell("error", str(fault))
                told = fault.what
                await asyncio.sleep(LISTEN_AGAIN_S)
            else:
                self._server = server


class _Place:
    """Where units answer, one after the other."""

    def __init__(self) -> None:
        self._unit: Unit | None = None
        self._taken = asyncio.Event()

    def take(self, unit: Unit) -> None:
        self._unit = unit
        self._taken.set()

    def leave(self) -> None:
        self._unit = None
        self._taken.clear()

    async def _now(self) -> Unit:
        while self._unit is None:
            await self._taken.wait()
        return self._unit

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        return await (await self._now()).read_bits(table, address, count)

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:
        return await (await self._now()).read_words(table, address, count)

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        await (await self._now()).write_bits(address, bits)

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        await (await self._now()).write_words(address, words)


def _lost(former: ScadaMap, now: ScadaMap) -> list[str]:
    """The registers that are not there any more as they were, by name."""
    there = {_shape(register) for register in now.registers}
    return [register.name for register in former.registers if _shape(register) not in there]


def _shape(register: ScadaRegister) -> tuple[object, ...]:
    """All that a client may go by; where the tags lie in memory is not part of it."""
    tag = register.tag
    shown = (tag.name.lower(), tag.type.name, tag.labels, tag.unit) if tag is not None else ()
    watched = tuple(tuple(tag.name for tag in tags) for tags in register.inputs)
    return register.name, register.wire, shown, register.status, register.command, watched
