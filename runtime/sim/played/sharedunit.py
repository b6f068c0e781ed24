"""Several played devices behind one unit identifier: bank and racks of a battery, each with registers of its own.

A request is cut where one device's registers end and another's begin, and answered by those whose they are. A write
that would touch two devices is refused (exception 2): a unit takes all of a request or nothing.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.server import Unit

Item = TypeVar("Item")
Reader = Callable[[Unit, int, int], Coroutine[Any, Any, Sequence[Item]]]


@dataclass(frozen=True, slots=True)
class Share:
    """One device of the unit: `points` are the addresses of its registers, `gaps` those that may be read across."""

    unit: Unit
    points: frozenset[tuple[Table, int]]
    gaps: frozenset[tuple[Table, int]]


class SharedUnit:
    """A `Unit` of devices that share no register."""

    def __init__(self, shares: Sequence[Share]) -> None:
        self._owners = {at: share.unit for share in reversed(shares) for at in share.gaps}
        self._owners |= {at: share.unit for share in shares for at in share.points}

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        """See `Unit`."""
        return await self._read(table, address, count, lambda unit, at, n: unit.read_bits(table, at, n))

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:
        """See `Unit`."""
        return await self._read(table, address, count, lambda unit, at, n: unit.read_words(table, at, n))

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        """See `Unit`."""
        await self._only(Table.COILS, address, len(bits)).write_bits(address, bits)

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        """See `Unit`."""
        await self._only(Table.HOLDING, address, len(words)).write_words(address, words)

    async def _read(self, table: Table, address: int, count: int, read: Reader[Item]) -> list[Item]:
        items: list[Item] = []
        for unit, at, part in list(self._parts(table, address, count)):
            items += await read(unit, at, part)
        return items

    def _only(self, table: Table, address: int, count: int) -> Unit:
        parts = list(self._parts(table, address, count))
        if len(parts) != 1:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        return parts[0][0]

    def _parts(self, table: Table, address: int, count: int) -> Iterator[tuple[Unit, int, int]]:
        """Runs of one owner: the unit, where its run starts, how long it is. Raises ModbusRefusal for nobody's."""
        start = address
        for at in range(address, address + count):
            owner = self._owners.get((table, at))
            if owner is None:
                raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
            if at + 1 == address + count or self._owners.get((table, at + 1)) is not owner:
                yield owner, start, at + 1 - start
                start = at + 1
