"""The Modbus client against servers that misbehave, over loopback: silence, lateness, refusal, garbage, half-open."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from io_points import MS, FakeFrame, input_point, modbus_wire, output_point
from iobench import IoBench

from runtime.core.quality import Quality
from runtime.drivers.modbus.link import ModbusLink, Silence, read_of
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.server import ModbusServer
from runtime.drivers.registry import DRIVERS
from runtime.iomap.merge import merge_reads
from runtime.iomap.plan import DevicePlan, Heartbeat, LinkPlan
from runtime.iomap.settings import ModbusTcpSettings

GOOD, BAD = Quality.GOOD, Quality.BAD
PATIENCE_S = 20.0
HEARTBEAT_REGISTER = 90


@dataclass
class PlayedUnit:
    """Holding registers 0 to 99. `mood` runs before each answer and may sleep or refuse."""

    mood: Callable[[int], Awaitable[None]] | None = None
    words: list[int] = field(default_factory=lambda: [11] * 100)
    writes: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    async def read_bits(self, _table: Table, _address: int, _count: int) -> Sequence[bool]:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)

    async def read_words(self, _table: Table, address: int, count: int) -> Sequence[int]:
        if self.mood is not None:
            await self.mood(address)
        return self.words[address : address + count]

    async def write_bits(self, _address: int, _bits: Sequence[bool]) -> None:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        if self.mood is not None:
            await self.mood(address)
        self.writes.append((address, tuple(words)))


async def never(_address: int) -> None:
    await asyncio.get_running_loop().create_future()


async def late(_address: int) -> None:
    await asyncio.sleep(0.15)  # past the client's time-out of 100 ms: the answer comes during a later request


async def refuse_high(address: int) -> None:
    if address >= 50:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)


def device(name: str, unit_id: int, *, read_back: bool = False) -> DevicePlan:
    points = tuple(
        input_point(f"r{address}", entry, modbus_wire(address=address), period_ns=20 * MS)
        for entry, address in enumerate((0, 50))
    )
    groups = {point.name: "fast" for point in points}
    return DevicePlan(
        name=name,
        profile="x",
        nature="sensor",
        served=False,
        unit_id=unit_id,
        inputs=points,
        outputs=(output_point("setpoint", 0, wire=modbus_wire("f32", address=70), read_back=read_back),),
        reads=merge_reads(points, groups=groups, max_words=10, max_gap_words=0),
        heartbeats=(
            Heartbeat(
                point="heartbeat",
                wire=modbus_wire(address=HEARTBEAT_REGISTER),
                kind="up",
                period_ns=20 * MS,
                minimum=1,
                maximum=60000,
            ),
        ),
    )


class Bench(IoBench):
    """The client with devices a_1 (unit 1) and b_1 (unit 2) on one link."""

    def __init__(self, port: int, *, read_back: bool = False) -> None:
        link = LinkPlan(
            name="l",
            settings=ModbusTcpSettings(host="127.0.0.1", port=port),
            timeout_ns=100 * MS,
            backoff_min_ns=10 * MS,
            backoff_max_ns=50 * MS,
        )
        devices = (device("a_1", 1, read_back=read_back), device("b_1", 2))
        super().__init__(link, *devices, registry=DRIVERS, fail_safe_after_ns=1000 * MS)
        self.start()

    def qualities(self, name: str) -> list[Quality]:
        return [quality for _, quality, _ in self.engine.pages[name].readings]

    def answered(self, name: str) -> int:
        statistics = self.engine.statistics[name]
        return statistics.requests - statistics.errors


@contextlib.asynccontextmanager
async def client_of(*units: PlayedUnit, read_back: bool = False) -> AsyncIterator[Bench]:
    server = ModbusServer(dict(enumerate(units, 1)), host="127.0.0.1", port=0)
    await server.start()
    bench = Bench(server.port, read_back=read_back)
    try:
        yield bench
    finally:
        await bench.stop()
        await server.stop()


@contextlib.asynccontextmanager
async def broken_client_of(*units: PlayedUnit) -> AsyncIterator[Bench]:
    """A client that its test breaks."""
    server = ModbusServer(dict(enumerate(units, 1)), host="127.0.0.1", port=0)
    await server.start()
    try:
        yield Bench(server.port)
    finally:
        await server.stop()


async def test_device_when_it_never_answers_then_lost_once_and_its_neighbour_goes_on() -> None:
    silent, healthy = PlayedUnit(never), PlayedUnit()
    async with client_of(silent, healthy) as bench:
        # one connection answers in order, so a gateway that waits for a dead unit forever would block all: this
        # server does, and the client must make the connection anew rather than wait
        await bench.until(lambda: any("a_1 lost" in e for e in bench.events), "a_1 lost")
        assert bench.qualities("a_1") == [BAD, BAD]
        silent.mood = None
        await bench.until(lambda: bench.qualities("a_1") == bench.qualities("b_1") == [GOOD, GOOD], "both good")


async def test_device_when_its_gateway_says_it_is_absent_then_lost_and_neighbour_undisturbed() -> None:
    async with client_of(PlayedUnit()) as bench:  # unit 2 does not exist: exception 0x0B
        await bench.until(lambda: any("b_1 lost" in e for e in bench.events), "b_1 lost")
        before = bench.answered("a_1")
        await bench.until(lambda: bench.answered("a_1") > before + 20, "a_1 goes on")
        assert bench.qualities("a_1") == [GOOD, GOOD]
        assert bench.qualities("b_1") == [BAD, BAD]
        assert sum("b_1" in event for event in bench.events) == 1
        assert not any("a_1 lost" in event for event in bench.events)


async def test_device_when_answers_come_late_then_no_value_lands_in_the_wrong_place() -> None:
    slow, other = PlayedUnit(late, words=[1] * 100), PlayedUnit(words=[2] * 100)
    async with client_of(slow, other) as bench:
        await bench.until(lambda: any("a_1 lost" in e for e in bench.events), "a_1 lost")
        for _ in range(50):
            seen = {value for value, _, _ in bench.engine.pages["b_1"].readings}
            assert seen <= {None, 2.0}
            await asyncio.sleep(0.005)
        slow.mood = None
        await bench.until(lambda: bench.qualities("a_1") == [GOOD, GOOD], "a_1 good")
        assert [value for value, _, _ in bench.engine.pages["a_1"].readings] == [1.0, 1.0]


async def test_device_when_it_refuses_some_registers_then_only_those_are_bad_and_it_is_said_once() -> None:
    async with client_of(PlayedUnit(refuse_high), PlayedUnit()) as bench:
        bench.drive(1.0)
        await bench.until(lambda: bench.engine.statistics["a_1"].errors > 5, "refusals")
        assert bench.qualities("a_1") == [GOOD, BAD]
        told = [event for event in bench.events if event.startswith("warning: a_1 refuses reading")]
        assert told == [
            "warning: a_1 refuses reading holding registers 50 to 50: illegal data address (code 2)",
        ]
        assert not any("a_1 lost" in event for event in bench.events)


async def test_outputs_when_driven_then_written_in_order_and_the_heartbeat_counts_until_fail_safe() -> None:
    unit = PlayedUnit()

    def beats() -> list[int]:
        return [words[0] for address, words in unit.writes if address == HEARTBEAT_REGISTER]

    def setpoints() -> list[tuple[int, ...]]:
        return [words for address, words in unit.writes if address == 70]

    async with client_of(unit, PlayedUnit()) as bench:
        bench.drive(50.0)
        await bench.until(lambda: len(beats()) > 5, "heartbeats")
        assert beats() == list(range(1, len(beats()) + 1))
        assert setpoints() == [(0x4248, 0x0000)]
        bench.frame = FakeFrame((50.0,), valid_until_ns=1 << 62, driving=False)
        await bench.until(lambda: setpoints()[-1] == (0, 0), "fail-safe")
        reads, count = bench.answered("a_1"), len(beats())
        await bench.until(lambda: bench.answered("a_1") > reads + 20, "more polls")
        assert len(beats()) == count


async def test_client_when_a_bug_ends_it_then_its_devices_get_their_fail_safe_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unit = PlayedUnit()
    async with broken_client_of(unit, PlayedUnit()) as bench:
        bench.drive(50.0)
        await bench.until(lambda: any(address == 70 for address, _ in unit.writes), "the set point")

        def bug(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("runtime.drivers.modbus.device.LinkDevice.take", bug)
        with pytest.raises(ZeroDivisionError):
            await bench.task
    assert [words for address, words in unit.writes if address == 70] == [(0x4248, 0), (0, 0)]


async def test_output_when_read_back_differs_then_said_once_and_written_again() -> None:
    forgetful = PlayedUnit(words=[0] * 100)  # takes writes and keeps its old words
    async with client_of(forgetful, PlayedUnit(), read_back=True) as bench:
        bench.drive(50.0)
        await bench.until(lambda: sum(address == 70 for address, _ in forgetful.writes) > 1, "written again")
        told = [event for event in bench.events if "to keep" in event]
        assert told == ["warning: a_1 refuses to keep setpoint: it holds 0.0 instead of 50.0"]


async def test_output_when_read_back_agrees_then_written_once() -> None:
    unit = PlayedUnit()
    unit.words[70:72] = [0x4248, 0x0000]
    async with client_of(unit, PlayedUnit(), read_back=True) as bench:
        bench.drive(50.0)
        await bench.until(lambda: bench.answered("a_1") > 30, "polls")
        assert [words for address, words in unit.writes if address == 70] == [(0x4248, 0x0000)]
        assert not any("to keep" in event for event in bench.events)


async def test_link_when_the_connection_broke_while_it_rested_then_requests_meet_silence() -> None:
    server = ModbusServer({1: PlayedUnit()}, host="127.0.0.1", port=0)
    await server.start()
    link = ModbusLink(LinkPlan(name="l", settings=ModbusTcpSettings(host="127.0.0.1", port=server.port)))
    await link.connect()
    wire = modbus_wire(address=7)
    assert await link.read(1, read_of(wire)) == [11]
    await server.stop()
    deadline = time.monotonic() + PATIENCE_S
    while link.connected:
        assert time.monotonic() < deadline, "never: the client notices the close"
        await asyncio.sleep(0.005)
    with pytest.raises(Silence):
        await link.read(1, read_of(wire))
    with pytest.raises(Silence):
        await link.write(1, wire.table, wire.address, [5])
    link.close()


GARBAGE = [
    b"\x00" * 300,
    b"\xff" * 300,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    bytes.fromhex("0001 0000 0005 01 03 02 00"),
    bytes.fromhex("0001 0000 0003 01 83 63"),
    bytes.fromhex("0001 0000 0007 01 03 04 00010002"),
    bytes.fromhex("0001 0000 0002 01 2b"),
]


@pytest.mark.parametrize("reply", GARBAGE, ids=range(len(GARBAGE)))
async def test_client_when_garbage_comes_back_then_bad_and_alive(reply: bytes) -> None:
    served = 0

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        with contextlib.suppress(ConnectionError):
            while await reader.read(300):
                served += 1
                writer.write(reply)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    bench = Bench(server.sockets[0].getsockname()[1])
    await bench.until(lambda: served > 8 and any("lost" in e or "refuses" in e for e in bench.events), "babble")
    assert Quality.GOOD not in (*bench.qualities("a_1"), *bench.qualities("b_1"))
    await bench.stop()
    server.close()


async def test_client_when_the_peer_closes_after_each_connect_then_one_event_a_device() -> None:
    connects = 0

    def close_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connects
        connects += 1
        writer.close()

    server = await asyncio.start_server(close_at_once, "127.0.0.1", 0)
    bench = Bench(server.sockets[0].getsockname()[1])
    await bench.until(lambda: connects > 10, "many connects")
    assert sum("lost" in event for event in bench.events) == 2
    await bench.stop()
    server.close()


async def test_engine_when_stopped_before_it_met_its_devices_then_they_get_fail_safe_values_all_the_same() -> None:
    units = PlayedUnit(), PlayedUnit()
    async with client_of(*units) as bench:
        await bench.stop()
        assert [{address for address, _ in unit.writes} for unit in units] == [{70}, {70}]
