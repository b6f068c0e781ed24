"""Modbus RTU: frames with their checksum, and a client on a serial line where everything goes wrong that can."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from io_points import MS, modbus_wire
from serialline import PlayedLine, served_on_pty, served_on_tcp

from runtime.core.fault import DriverFault
from runtime.drivers.modbus.link import ModbusLink, Refusal, Silence, read_of
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.rtu import Listener, answer_bytes, crc_of, frame_of
from runtime.iomap.plan.plan import LinkPlan
from runtime.iomap.plan.settings import LinkSettings, ModbusRtuSettings, ModbusRtuTcpSettings
from runtime.iomap.wire import Table as MapTable

READ_TWO = bytes.fromhex("03 0000 0002")
TWO = bytes.fromhex("03 04 0001 0002")
PATIENT_MS = 10_000
"""Where silence is not the subject: a machine that stands still for a moment is no silent device."""
Told = TypeVar("Told")


@pytest.mark.parametrize(
    ("frame", "crc"),
    [
        ("01 03 00 00 00 02", "C4 0B"),  # the example that every manual of an RS-485 meter prints
        ("01 04 02 FF FF", "B8 80"),
        ("11 03 00 6B 00 03", "76 87"),  # Modbus Application Protocol, 6.3, as a frame to unit 17
    ],
)
def test_crc_when_compared_with_published_frames_then_the_same(frame: str, crc: str) -> None:
    assert crc_of(bytes.fromhex(frame)) == bytes.fromhex(crc)


@pytest.mark.parametrize(
    ("request_", "length"),
    [
        ("01 0000 0009", 7),
        ("02 0000 0008", 6),
        ("03 0000 007D", 255),
        ("04 0000 0001", 7),
        ("05 0001 FF00", 8),
        ("06 0001 0003", 8),
        ("0F 0000 000A 02 CD01", 8),
        ("10 0001 0002 04 000A0102", 8),
        ("16 0004 00F2 0025", 10),
        ("17 0003 0006 000E 0003 06 00FF00FF00FF", 17),
    ],
)
def test_answer_when_its_request_is_known_then_its_length_too(request_: str, length: int) -> None:
    assert answer_bytes(bytes.fromhex(request_)) == length


ANSWER = frame_of(7, TWO)
ECHO = frame_of(7, READ_TWO)
HEARD = [
    # what comes, is it taken
    ("the answer", [ANSWER], True),
    ("byte by byte", [bytes((b,)) for b in ANSWER], True),
    ("after noise", [b"\x00\xff\x07\x03", ANSWER], True),
    ("after its echo", [ECHO, ANSWER], True),
    ("after its echo in one piece", [ECHO + ANSWER], True),
    ("after another unit's", [frame_of(8, TWO), ANSWER], True),
    ("after one of another length", [frame_of(7, bytes.fromhex("03 02 0001")), ANSWER], True),
    ("after one of another function", [frame_of(7, bytes.fromhex("04 04 0001 0002")), ANSWER], True),
    ("the echo alone", [ECHO], False),
    ("half of it", [ANSWER[:6]], False),
    ("another unit's", [frame_of(8, TWO)], False),
    ("with a bit turned", [ANSWER[:4] + bytes((ANSWER[4] ^ 1,)) + ANSWER[5:]], False),
    ("with a wrong checksum", [ANSWER[:-1] + bytes((ANSWER[-1] ^ 0xFF,))], False),
    ("noise", [bytes(range(200))], False),
]


@pytest.mark.parametrize(("what", "pieces", "taken"), HEARD, ids=[row[0] for row in HEARD])
def test_listener_when_bytes_come_then_only_the_own_answer_is_taken(
    what: str, pieces: list[bytes], taken: bool
) -> None:
    listener = Listener(7, READ_TWO)
    told = [pdu for piece in pieces if (pdu := listener.hear(piece)) is not None]
    assert told == ([TWO] if taken else []), what


def test_listener_when_the_device_refuses_then_its_exception() -> None:
    assert Listener(7, READ_TWO).hear(frame_of(7, b"\x83\x02")) == b"\x83\x02"


def test_listener_when_the_line_echoes_then_a_written_register_needs_an_answer_of_its_own() -> None:
    write = bytes.fromhex("06 0001 0003")
    listener = Listener(7, write, echoes=True)
    assert listener.hear(frame_of(7, write)) is None
    assert listener.hear(frame_of(7, write)) == write


@dataclass
class Registers:
    words: list[int] = field(default_factory=lambda: list(range(100)))

    async def read_bits(self, _table: Table, address: int, count: int) -> Sequence[bool]:
        return [bool(word) for word in self.words[address : address + count]]

    async def read_words(self, _table: Table, address: int, count: int) -> Sequence[int]:
        if address >= 90:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        return self.words[address : address + count]

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        await self.write_words(address, [int(bit) for bit in bits])

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        self.words[address : address + len(words)] = words


@dataclass
class Bench:
    link: ModbusLink
    played: PlayedLine
    registers: Registers

    async def read(self, address: int, words: int = 2) -> list[int]:
        return await self.link.read(7, read_of(modbus_wire("u32" if words == 2 else "u16", address=address)))

    async def answered(self, ask: Callable[[], Awaitable[Told]]) -> Told:
        """The answer, asked for again where a busy machine let the short time-out of the line pass."""
        for _ in range(100):
            with contextlib.suppress(Silence):
                return await ask()
        raise AssertionError("never answered")


def link_of(settings: LinkSettings, timeout_ms: int = PATIENT_MS) -> ModbusLink:
    return ModbusLink(LinkPlan(name="l", settings=settings, timeout_ns=timeout_ms * MS))


def serial(device: str, **changes: object) -> ModbusRtuSettings:
    made = {"device": device, "baud": 115200, "parity": "even", "stop_bits": 1, "gap_ns": MS} | changes
    return ModbusRtuSettings(**made)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def line(where: str, *, timeout_ms: int = 100) -> AsyncIterator[Bench]:
    registers = Registers()
    played = PlayedLine({7: registers})
    served = served_on_pty(played) if where == "serial" else served_on_tcp(played)
    async with served as place:  # type: ignore[attr-defined]
        link = link_of(
            serial(place) if where == "serial" else ModbusRtuTcpSettings(host="127.0.0.1", port=place, gap_ns=0),
            timeout_ms,
        )
        await link.connect()
        try:
            yield Bench(link, played, registers)
        finally:
            link.close()


both = pytest.mark.parametrize("where", ["serial", "tcp"])


@both
async def test_line_when_all_functions_are_used_then_each_does_what_it_says(where: str) -> None:
    async with line(where, timeout_ms=PATIENT_MS) as bench:
        assert await bench.read(10) == [10, 11]
        await bench.link.write(7, MapTable.HOLDING, 5, [500])
        await bench.link.write(7, MapTable.HOLDING, 6, [600, 700])
        await bench.link.write(7, MapTable.COIL, 20, [1])
        await bench.link.write(7, MapTable.COIL, 21, [0, 1, 0])
        await bench.link.write_masked(7, modbus_wire("u16", bits=(4, 7), address=8), 5)
        await bench.link.write_among(7, modbus_wire("u16", bits=(0, 3), address=9), 6)
        assert bench.registers.words[5:10] == [500, 600, 700, 0x58, 6]
        assert bench.registers.words[20:24] == [1, 0, 1, 0]
        assert [frame[1] for frame in bench.played.frames] == [3, 6, 16, 5, 15, 22, 3, 6]
        for table, function in ((MapTable.INPUT, 4), (MapTable.COIL, 1), (MapTable.DISCRETE, 2)):
            kind = "bit" if table.is_bits else "u16"
            await bench.link.read(7, read_of(modbus_wire(kind, table=table, address=20)))
            assert bench.played.frames[-1][1] == function
        with pytest.raises(Refusal, match="illegal data address"):
            await bench.read(95)


@both
async def test_line_when_it_echoes_then_answers_are_found_and_a_write_is_not_taken_for_done(where: str) -> None:
    async with line(where) as bench:

        async def echo(frame: bytes) -> list[bytes]:
            return [frame, await bench.played.reply(frame)]

        async def echo_only(frame: bytes) -> list[bytes]:
            return [frame]

        bench.played.spoil = echo
        assert await bench.answered(lambda: bench.read(10)) == [10, 11]
        await bench.answered(lambda: bench.link.write(7, MapTable.HOLDING, 5, [500]))
        assert bench.registers.words[5] == 500
        bench.played.spoil = echo_only
        with pytest.raises(Silence):
            await bench.link.write(7, MapTable.HOLDING, 5, [501])


SPOILT = {
    "nothing": lambda good: [good[:0]],
    "noise": lambda good: [good[:1] + b"\xfe\x00\x81" * 20],
    "half": lambda good: [good[: len(good) // 2]],
    "wrong checksum": lambda good: [good[:-1] + bytes((good[-1] ^ 0x55,))],
    "another unit": lambda good: [frame_of(8, good[1:-2])],
    "babble": lambda good: [good[:1] * 3000, b"\xaa" * 3000],
}


@both
@pytest.mark.parametrize("fault", SPOILT)
async def test_line_when_an_answer_is_spoilt_then_silence_and_the_next_one_is_right(where: str, fault: str) -> None:
    async with line(where) as bench:

        async def spoil(frame: bytes) -> list[bytes]:
            return SPOILT[fault](await bench.played.reply(frame))

        bench.played.spoil = spoil
        with pytest.raises(Silence):
            await bench.read(10)
        bench.played.spoil = None
        assert await bench.answered(lambda: bench.read(20)) == [20, 21]


@both
async def test_line_when_an_answer_comes_late_then_the_next_request_does_not_take_it(where: str) -> None:
    async with line(where) as bench:

        async def late(frame: bytes) -> list[bytes]:
            await asyncio.sleep(0.13)  # past the time-out of 100 ms: a request of the same shape is waiting by then
            return [await bench.played.reply(frame)]

        bench.played.spoil = late
        with pytest.raises(Silence):
            await bench.read(10)
        bench.played.spoil = None
        assert await bench.answered(lambda: bench.read(20)) == [20, 21]
        assert await bench.answered(lambda: bench.read(30)) == [30, 31]


@both
async def test_line_when_noise_comes_between_requests_then_the_next_answer_is_right(where: str) -> None:
    async with line(where, timeout_ms=PATIENT_MS) as bench:

        async def trailing(frame: bytes) -> list[bytes]:
            return [await bench.played.reply(frame) + b"\x07\x03\x04\x00"]

        bench.played.spoil = trailing
        for address in range(10, 40, 2):
            assert await bench.read(address) == [address, address + 1]


async def test_serial_line_when_there_is_no_such_device_then_the_reason_is_told() -> None:
    with pytest.raises(DriverFault, match="cannot be opened: No such file"):
        await link_of(serial("/dev/no_such_line")).connect()


async def test_serial_line_when_it_is_pulled_out_then_broken() -> None:
    registers = Registers()
    async with served_on_pty(PlayedLine({7: registers})) as device:
        link = link_of(serial(device, parity="none", stop_bits=2, baud=9600))
        await link.connect()
        assert await link.read(7, read_of(modbus_wire(address=3))) == [3]
    async with asyncio.timeout(10):
        while link.connected:  # noqa: ASYNC110 (the kernel tells it)
            await asyncio.sleep(0.005)
    with pytest.raises(Silence):
        await link.read(7, read_of(modbus_wire(address=3)))
    link.close()
