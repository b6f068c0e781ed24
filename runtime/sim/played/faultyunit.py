"""A played Modbus device with faults: its replies are withheld, late, refused or spoiled, writes are lost."""

import asyncio
from collections.abc import Sequence
from random import Random

from runtime.drivers.base import Clock
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.server import NoReply, Unit
from runtime.iomap.plan.playedfaults import FaultKind, FaultPlan

SILENT: tuple[FaultKind, ...] = ("silent", "flapping", "bus_off")
"""Faults in which a device does not answer; a bus that goes off is silence here."""


class FaultyUnit:
    """Answers for `unit`, with its faults at their times after this was made. See playedfaults.py for each kind."""

    def __init__(self, unit: Unit, faults: Sequence[FaultPlan], *, clock: Clock, random: Random) -> None:
        self._unit = unit
        self._faults = tuple(faults)
        self._clock = clock
        self._random = random
        self._since_ns = clock()
        self._held: dict[tuple[Table, int, int], tuple[int, ...]] = {}

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        """See `Unit`."""
        kind = await self._suffer()
        bits = await self._unit.read_bits(table, address, count)
        if kind == "garbage":
            return [bool(self._random.getrandbits(1)) for _ in bits]
        return [bool(bit) for bit in self._spoiled(kind, (table, address, count), bits)]

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:
        """See `Unit`."""
        kind = await self._suffer()
        words = await self._unit.read_words(table, address, count)
        if kind == "garbage":
            return [self._random.getrandbits(16) for _ in words]
        return self._spoiled(kind, (table, address, count), words)

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        """See `Unit`. A frozen device says yes and takes nothing."""
        if await self._suffer() != "frozen":
            await self._unit.write_bits(address, bits)

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        """See `Unit`. A frozen device says yes and takes nothing."""
        if await self._suffer() != "frozen":
            await self._unit.write_words(address, words)

    async def _suffer(self) -> FaultKind | None:
        """The fault of this moment, after what it does to any request. Raises NoReply or ModbusRefusal."""
        played_ns = self._clock() - self._since_ns
        fault = next((fault for fault in self._faults if fault.covers(played_ns)), None)
        if fault is None:
            self._held.clear()
            return None
        if fault.kind in SILENT:
            raise NoReply
        if fault.kind == "exception":
            raise ModbusRefusal(ExceptionCode.SERVER_DEVICE_FAILURE)
        if fault.kind == "delay":
            await asyncio.sleep(fault.delay_ns / 1e9)
        return fault.kind

    def _spoiled(self, kind: FaultKind | None, asked: tuple[Table, int, int], items: Sequence[int]) -> Sequence[int]:
        if kind == "wrong_length":
            return items[: len(items) // 2]
        return self._held.setdefault(asked, tuple(items)) if kind == "frozen" else items
