"""The Modbus client against servers that misbehave, over loopback: silence, lateness, refusal, garbage, half-open."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from io_points import MS, FakeFrame, input_point, modbus_wire, output_point
from registers import ClientBench, Registers, client, row, serving

from runtime.core.quality import Quality
from runtime.drivers.modbus.link import ModbusLink, Silence, read_of
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal
from runtime.drivers.modbus.server import ModbusServer
from runtime.iomap.plan.merge import merge_reads
from runtime.iomap.plan.plan import DevicePlan, Heartbeat, LinkPlan
from runtime.iomap.plan.settings import ModbusTcpSettings

GOOD, BAD = Quality.GOOD, Quality.BAD
PATIENCE_S = 120.0
HEARTBEAT_REGISTER = 90
Mood = Callable[[int], Awaitable[None]]


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


def bench_at(port: int, *, read_back: bool = False) -> ClientBench:
    """The client with devices a_1 (unit 1) and b_1 (unit 2) on one link, started."""
    bench = client(port, device("a_1", 1, read_back=read_back), device("b_1", 2), timeout_ns=100 * MS)
    bench.start()
    return bench


def unit(mood: Mood | None = None, *, word: int = 11) -> Registers:
    """It takes writes and keeps its old words."""
    return Registers(row(word), mood=mood, keeps=False)


@contextlib.asynccontextmanager
async def client_of(*units: Registers, read_back: bool = False) -> AsyncIterator[ClientBench]:
    async with serving(*units) as port:
        bench = bench_at(port, read_back=read_back)
        try:
            yield bench
        finally:
            await bench.stop()


@contextlib.asynccontextmanager
async def broken_client_of(*units: Registers) -> AsyncIterator[ClientBench]:
    """A client that its test breaks."""
    async with serving(*units) as port:
        yield bench_at(port)


async def test_device_when_it_never_answers_then_lost_once_and_its_neighbour_goes_on() -> None:
    silent, healthy = unit(never), unit()
    async with client_of(silent, healthy) as bench:
        # one connection answers in order, so a gateway that waits for a dead unit forever would block all: this
        # server does, and the client must make the connection anew rather than wait
        await bench.until(lambda: any("a_1 lost" in e for e in bench.events), "a_1 lost")
        assert bench.qualities("a_1") == [BAD, BAD]
        silent.mood = None
        await bench.until(lambda: bench.qualities("a_1") == bench.qualities("b_1") == [GOOD, GOOD], "both good")


async def test_device_when_its_gateway_says_it_is_absent_then_lost_and_neighbour_undisturbed() -> None:
    async with client_of(unit()) as bench:  # unit 2 does not exist: exception 0x0B
        await bench.until(lambda: any("b_1 lost" in e for e in bench.events), "b_1 lost")
        before = bench.answered("a_1")
        await bench.until(lambda: bench.answered("a_1") > before + 20, "a_1 goes on")
        assert bench.qualities("a_1") == [GOOD, GOOD]
        assert bench.qualities("b_1") == [BAD, BAD]
        assert sum("b_1" in event for event in bench.events) == 1
        assert not any("a_1 lost" in event for event in bench.events)


async def test_device_when_answers_come_late_then_no_value_lands_in_the_wrong_place() -> None:
    slow, other = unit(late, word=1), unit(word=2)
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
    async with client_of(unit(refuse_high), unit()) as bench:
        bench.drive(1.0)
        await bench.until(lambda: bench.engine.statistics["a_1"].errors > 5, "refusals")
        assert bench.qualities("a_1") == [GOOD, BAD]
        told = [event for event in bench.events if event.startswith("warning: a_1 refuses reading")]
        assert told == [
            "warning: a_1 refuses reading holding registers 50 to 50: illegal data address (code 2)",
        ]
        assert not any("a_1 lost" in event for event in bench.events)


async def test_outputs_when_driven_then_written_in_order_and_the_heartbeat_counts_until_fail_safe() -> None:
    first = unit()

    def beats() -> list[int]:
        return [words[0] for words in first.written_at(HEARTBEAT_REGISTER)]

    def setpoints() -> list[tuple[int, ...]]:
        return first.written_at(70)

    async with client_of(first, unit()) as bench:
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
    first = unit()
    async with broken_client_of(first, unit()) as bench:
        bench.drive(50.0)
        await bench.until(lambda: first.written_at(70), "the set point")

        def bug(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("runtime.drivers.modbus.device.LinkDevice.take", bug)
        with pytest.raises(ZeroDivisionError):
            await bench.task
    assert first.written_at(70) == [(0x4248, 0), (0, 0)]


async def test_output_when_read_back_differs_then_said_once_and_written_again() -> None:
    forgetful = unit(word=0)  # takes writes and keeps its old words
    async with client_of(forgetful, unit(), read_back=True) as bench:
        bench.drive(50.0)
        await bench.until(lambda: len(forgetful.written_at(70)) > 1, "written again")
        told = [event for event in bench.events if "to keep" in event]
        assert told == ["warning: a_1 refuses to keep setpoint: it holds 0.0 instead of 50.0"]


async def test_output_when_read_back_agrees_then_written_once() -> None:
    first = unit()
    first.words |= {70: 0x4248, 71: 0x0000}
    async with client_of(first, unit(), read_back=True) as bench:
        bench.drive(50.0)
        await bench.until(lambda: bench.answered("a_1") > 30, "polls")
        assert first.written_at(70) == [(0x4248, 0x0000)]
        assert not any("to keep" in event for event in bench.events)


async def test_link_when_the_connection_broke_while_it_rested_then_requests_meet_silence() -> None:
    server = ModbusServer({1: unit()}, host="127.0.0.1", port=0)
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
    bench = bench_at(server.sockets[0].getsockname()[1])
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
    bench = bench_at(server.sockets[0].getsockname()[1])
    await bench.until(lambda: connects > 10, "many connects")
    assert sum("lost" in event for event in bench.events) == 2
    await bench.stop()
    server.close()


async def test_engine_when_stopped_before_it_met_its_devices_then_they_get_fail_safe_values_all_the_same() -> None:
    units = unit(), unit()
    async with client_of(*units) as bench:
        await bench.stop()
        assert [{address for address, _ in one.written} for one in units] == [{70}, {70}]
