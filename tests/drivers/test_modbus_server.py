"""The Modbus TCP server as a strict peer sees it: raw frames against expected frames."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Sequence

import pytest

from runtime.core.fault import ConfigFault
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.server import ModbusServer, answer


class TenWords:
    """Ten holding registers and ten coils from address 0."""

    def __init__(self) -> None:
        self.words = list(range(100, 110))
        self.bits = [False] * 10

    def _check(self, address: int, count: int) -> None:
        if address + count > 10:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        assert table in (Table.COILS, Table.DISCRETE_INPUTS)
        self._check(address, count)
        return self.bits[address : address + count]

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:
        assert table in (Table.HOLDING, Table.INPUT)
        self._check(address, count)
        return self.words[address : address + count]

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        self._check(address, len(bits))
        self.bits[address : address + len(bits)] = bits

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        self._check(address, len(words))
        self.words[address : address + len(words)] = words


@pytest.mark.parametrize(
    ("request_hex", "reply_hex"),
    [
        ("03 0000 0002", "03 04 0064 0065"),
        ("04 0009 0001", "04 02 006d"),
        ("01 0000 000a", "01 02 0000"),
        ("05 0003 ff00", "05 0003 ff00"),
        ("05 0003 0000", "05 0003 0000"),
        ("06 0001 abcd", "06 0001 abcd"),
        ("0f 0000 000a 02 ff03", "0f 0000 000a"),
        ("10 0000 0002 04 00010002", "10 0000 0002"),
        ("16 0004 00f2 0025", "16 0004 00f2 0025"),
        ("17 0000 0002 0000 0001 02 0007", "17 04 0007 0065"),
    ],
)
async def test_answer_when_request_is_right_then_as_the_specification_says(request_hex: str, reply_hex: str) -> None:
    assert await answer(TenWords(), bytes.fromhex(request_hex)) == bytes.fromhex(reply_hex)


@pytest.mark.parametrize(
    ("request_hex", "reply_hex"),
    [
        ("", "80 01"),
        ("07", "87 01"),
        ("2b 0e0100", "ab 01"),
        ("90 0000 0001", "90 01"),
        ("03 0000", "83 03"),
        ("03 0000 0001 00", "83 03"),
        ("03 0000 0000", "83 03"),
        ("03 0000 007e", "83 03"),
        ("01 0000 07d1", "81 03"),
        ("03 fff0 007d", "83 02"),
        ("03 0009 0002", "83 02"),
        ("05 0003 1234", "85 03"),
        ("10 0000 0002 03 000100", "90 03"),
        ("10 0000 007c 00", "90 03"),
        ("10 0000 0002 04 0001", "90 03"),
        ("0f 0000 0009 01 ff", "8f 03"),
        ("16 0000 00f2", "96 03"),
        ("17 0000 0000 0000 0001 02 0007", "97 03"),
        ("17 0000 0001 0000 0002 02 0007", "97 03"),
    ],
)
async def test_answer_when_request_is_wrong_then_the_right_exception(request_hex: str, reply_hex: str) -> None:
    assert await answer(TenWords(), bytes.fromhex(request_hex)) == bytes.fromhex(reply_hex)


async def test_answer_when_unit_is_unknown_then_target_does_not_respond() -> None:
    assert await answer(None, bytes.fromhex("03 0000 0001")) == bytes.fromhex("83 0b")


async def test_mask_write_when_read_back_then_example_of_clause_6_16() -> None:
    unit = TenWords()
    unit.words[4] = 0x0012
    await answer(unit, bytes.fromhex("16 0004 00f2 0025"))
    assert unit.words[4] == 0x0017


def frame(transaction: int, pdu_hex: str, unit: int = 1) -> bytes:
    pdu = bytes.fromhex(pdu_hex)
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


@pytest.fixture
async def server() -> AsyncIterator[ModbusServer]:
    serving = ModbusServer({1: TenWords()}, host="127.0.0.1", port=0, connections_max=2, idle_s=20.0, rest_s=0.2)
    await serving.start()
    yield serving
    await serving.stop()


async def open_to(server: ModbusServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", server.port)


async def test_server_when_requests_share_a_segment_then_each_is_answered_in_order(server: ModbusServer) -> None:
    reader, writer = await open_to(server)
    writer.write(frame(1, "03 0000 0001") + frame(2, "03 0001 0001") + frame(3, "03 0000 0001", unit=9))
    expected = frame(1, "03 02 0064") + frame(2, "03 02 0065") + frame(3, "83 0b", unit=9)
    assert await reader.readexactly(len(expected)) == expected
    writer.close()


async def test_server_when_a_frame_comes_byte_by_byte_then_answered_once_whole(server: ModbusServer) -> None:
    reader, writer = await open_to(server)
    for byte in frame(7, "03 0002 0001"):
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0)
    assert await reader.readexactly(11) == frame(7, "03 02 0066")
    writer.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 600,
        struct.pack(">HHHB", 1, 0, 1, 1),
        struct.pack(">HHHB", 1, 0, 255, 1),
        frame(1, "03 0000 0001")[:9],
    ],
)
async def test_server_when_garbage_comes_then_connection_is_closed_and_others_go_on(
    server: ModbusServer, garbage: bytes
) -> None:
    good_reader, good_writer = await open_to(server)
    reader, writer = await open_to(server)
    writer.write(garbage)
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionResetError):  # closed with unread bytes: the kernel resets
            assert await reader.read() == b""
    good_writer.write(frame(1, "03 0000 0001"))
    assert await good_reader.readexactly(11) == frame(1, "03 02 0064")
    writer.close()
    good_writer.close()


async def test_server_when_connections_are_used_up_then_one_more_is_closed_at_once(server: ModbusServer) -> None:
    links = [await open_to(server) for _ in range(2)]
    for reader, writer in links:
        writer.write(frame(1, "03 0000 0001"))
        await reader.readexactly(11)
    reader, writer = await open_to(server)
    assert await reader.read() == b""
    assert (server.connections, server.refused_connections) == (2, 1)
    writer.close()
    for _, link in links:
        link.close()


async def test_server_when_idle_too_long_then_closes() -> None:
    serving = ModbusServer({}, host="127.0.0.1", port=0, idle_s=0.05)
    await serving.start()
    reader, writer = await open_to(serving)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    await serving.stop()


async def test_server_when_port_is_taken_then_says_where() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigFault, match="cannot listen") as caught:
            await ModbusServer({}, host="127.0.0.1", port=port).start()
    assert caught.value.where == f"127.0.0.1:{port}"


async def test_answer_when_pdu_is_anything_then_a_reply_or_an_exception_and_never_a_crash() -> None:
    for seed in range(3000):
        chance = random.Random(seed)
        functions = [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, chance.randrange(256)]
        pdu = bytes([chance.choice(functions)]) + chance.randbytes(chance.randrange(20))
        unit = TenWords()
        reply = await answer(unit, pdu)
        assert 2 <= len(reply) <= 253, f"seed {seed}"
        assert reply[0] & 0x7F == pdu[0] & 0x7F, f"seed {seed}"
        if reply[0] & 0x80:
            assert unit.words == list(range(100, 110)), f"seed {seed}: refused, but written"
