"""A Modbus device for the tests of the client, and the client that polls it: real frames over loopback."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from io_points import MS
from iobench import IoBench

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Request, Table, parse_request
from runtime.drivers.modbus.server import ModbusServer
from runtime.drivers.registry import DRIVERS
from runtime.iomap.plan.plan import DevicePlan, LinkPlan, ReadRequest
from runtime.iomap.plan.settings import ModbusTcpSettings
from runtime.iomap.wire import Table as MapTable


@dataclass
class Registers:
    """Holding registers and coils: those of `words`, and no others. `mood` runs before each answer and may sleep or
    refuse; it is told the address. `keeps` False: writes are taken and forgotten.
    """

    words: dict[int, int] = field(default_factory=dict)
    mood: Callable[[int], Awaitable[None]] | None = None
    keeps: bool = True
    asked: list[int] = field(default_factory=list)
    written: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        return [bool(word) for word in await self.read_words(table, address, count)]

    async def read_words(self, _table: Table, address: int, count: int) -> Sequence[int]:
        self.asked.append(address)
        if self.mood is not None:
            await self.mood(address)
        if any(at not in self.words for at in range(address, address + count)):
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        return [self.words[at] for at in range(address, address + count)]

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        await self.write_words(address, [int(bit) for bit in bits])

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        if self.mood is not None:
            await self.mood(address)
        self.written.append((address, tuple(words)))
        if self.keeps:
            self.words |= {address + step: word for step, word in enumerate(words)}

    def written_at(self, address: int) -> list[tuple[int, ...]]:
        """What was written there, in order."""
        return [words for at, words in self.written if at == address]


def row(word: int = 11) -> dict[int, int]:
    """Registers 0 to 99, all the same."""
    return dict.fromkeys(range(100), word)


def without_function(refused: int) -> Callable[[bytes], Request]:
    """What a server makes of requests that does not know that function; in place of `parse_request`."""

    def parse(pdu: bytes) -> Request:
        if pdu[0] == refused:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)
        return parse_request(pdu)

    return parse


def read(
    address: int,
    count: int = 1,
    entries: tuple[int, ...] = (),
    exponents: tuple[int, ...] = (),
    counters: tuple[int, ...] = (),
) -> ReadRequest:
    return ReadRequest(
        group="g",
        table=MapTable.HOLDING,
        address=address,
        count=count,
        period_ns=20 * MS,
        entries=entries,
        exponents=exponents,
        counters=counters,
    )


def plan_of(**changes: object) -> DevicePlan:
    """Unit 1."""
    made = {"name": "device_1", "profile": "x", "nature": "sensor", "served": False, "unit_id": 1} | changes
    return DevicePlan(**made)  # type: ignore[arg-type]


class ClientBench(IoBench):
    """The client and what it makes of its devices, on one link."""

    @property
    def readings(self) -> list[tuple[Value | None, Quality]]:
        """Of the first device."""
        return [(value, quality) for value, quality, _ in next(iter(self.engine.pages.values())).readings]

    def qualities(self, name: str) -> list[Quality]:
        return [quality for _, quality, _ in self.engine.pages[name].readings]

    def answered(self, name: str) -> int:
        statistics = self.engine.statistics[name]
        return statistics.requests - statistics.errors


def client(port: int, *plans: DevicePlan, timeout_ns: int = 500 * MS) -> ClientBench:
    """A client of the server at that port, not yet started."""
    link = LinkPlan(
        name="l",
        settings=ModbusTcpSettings(port=port),
        timeout_ns=timeout_ns,
        backoff_min_ns=10 * MS,
        backoff_max_ns=50 * MS,
    )
    return ClientBench(link, *plans, registry=DRIVERS, fail_safe_after_ns=1000 * MS)


@contextlib.asynccontextmanager
async def serving(*units: Registers) -> AsyncIterator[int]:
    """A server of these units, numbered from 1; its port."""
    server = ModbusServer(dict(enumerate(units, 1)), host="127.0.0.1", port=0)
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def polling(device: Registers, plan: DevicePlan, *values: Value) -> AsyncIterator[ClientBench]:
    """A client of one device; `values` drive its outputs."""
    async with serving(device) as port:
        bench = client(port, plan)
        if values:
            bench.drive(*values)
        async with bench:
            yield bench
