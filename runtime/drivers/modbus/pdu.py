"""Modbus requests and replies as a server sees them: pure bytes in, typed requests out, and back.

Source: Modbus Application Protocol V1.1b3, clause 6 (functions 01-06, 15, 16, 22, 23) and 7 (exception codes).
A request is checked in the order of the state diagrams there: function (exception 1), quantity and length (3), address
range (2); what the addresses hold is the unit's affair.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from runtime.core.fault import DriverFault
from runtime.iomap.wire import WRITE_WORDS_MAX

READ_BITS_MAX = 2000
READ_WORDS_MAX = 125
WRITE_BITS_MAX = 1968
READ_WRITE_WORDS_MAX = 121
"""Quantities of one request, clauses 6.1, 6.3, 6.11 and 6.17; that of 6.12 is the site map's too."""
ADDRESSES = 65536
REFUSED = 0x80
"""Set in the function code of a reply that refuses; the code of the exception follows (clause 7)."""


class ExceptionCode(IntEnum):
    """Why a server does not do what it is asked (clause 7)."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_DATA_ADDRESS = 2
    ILLEGAL_DATA_VALUE = 3
    SERVER_DEVICE_FAILURE = 4
    SERVER_DEVICE_BUSY = 6
    GATEWAY_PATH_UNAVAILABLE = 0x0A
    GATEWAY_TARGET_NO_RESPONSE = 0x0B


class ModbusRefusal(DriverFault):
    """A request that is answered with an exception code."""

    def __init__(self, code: ExceptionCode, what: str = "") -> None:
        self.code = code
        super().__init__(what or code.name.lower().replace("_", " "))


class Table(Enum):
    """The four tables of clause 4.4."""

    COILS = "coils"
    DISCRETE_INPUTS = "discrete inputs"
    HOLDING = "holding registers"
    INPUT = "input registers"


@dataclass(frozen=True, slots=True)
class Read:
    """Functions 01 to 04."""

    function: int
    table: Table
    address: int
    count: int


@dataclass(frozen=True, slots=True)
class WriteBits:
    """Functions 05 and 15, on coils."""

    function: int
    address: int
    bits: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class WriteWords:
    """Functions 06 and 16, on holding registers."""

    function: int
    address: int
    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MaskWrite:
    """Function 22: (word AND and_mask) OR (or_mask AND NOT and_mask)."""

    function: int
    address: int
    and_mask: int
    or_mask: int


@dataclass(frozen=True, slots=True)
class ReadWrite:
    """Function 23: the write is done before the read."""

    function: int
    address: int
    count: int
    write_address: int
    words: tuple[int, ...]


Request = Read | WriteBits | WriteWords | MaskWrite | ReadWrite

_TABLES = {1: Table.COILS, 2: Table.DISCRETE_INPUTS, 3: Table.HOLDING, 4: Table.INPUT}


def parse_request(pdu: bytes) -> Request:
    """The request in a PDU (function code first).

    Raises ModbusRefusal with the code to answer.
    """
    function = pdu[0] if pdu else 0
    if function in _TABLES:
        return _parse_read(function, pdu)
    if function in (5, 6):
        return _parse_write_single(function, pdu)
    if function == 15:
        return _parse_write_bits(pdu)
    if function == 16:
        return _parse_write_words(pdu)
    if function == 22:
        _need(len(pdu) == 7)
        return MaskWrite(22, *struct.unpack(">HHH", pdu[1:]))
    if function == 23:
        return _parse_read_write(pdu)
    raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)


def packed_bits(bits: Sequence[bool], count: int) -> bytes:
    """So many bits as a block: the lowest address in bit 0 of the first byte."""
    packed = bytearray((count + 7) // 8)
    for place, bit in enumerate(bits):
        packed[place // 8] |= bool(bit) << place % 8
    return bytes(packed)


def bits_of(block: bytes, count: int) -> list[int]:
    """The first bits of a block again."""
    return [block[place // 8] >> place % 8 & 1 for place in range(count)]


def reply_bits(request: Read, bits: Sequence[bool]) -> bytes:
    """The reply to functions 01 and 02."""
    packed = packed_bits(bits[: request.count], request.count)
    return bytes((request.function, len(packed))) + packed


def reply_words(request: Read | ReadWrite, words: Sequence[int]) -> bytes:
    """The reply to functions 03, 04 and 23."""
    return bytes((request.function, 2 * len(words))) + struct.pack(f">{len(words)}H", *words)


def reply_written(request: WriteBits | WriteWords | MaskWrite, pdu: bytes) -> bytes:
    """The reply to a write: an echo, of functions 15 and 16 the address and quantity only."""
    return pdu[:5] if request.function in (15, 16) else pdu


def reply_exception(function: int, code: ExceptionCode) -> bytes:
    """The reply that refuses."""
    return bytes((function | REFUSED, code))


def _need(condition: bool, code: ExceptionCode = ExceptionCode.ILLEGAL_DATA_VALUE) -> None:
    if not condition:
        raise ModbusRefusal(code)


def _need_addresses(address: int, count: int) -> None:
    _need(address + count <= ADDRESSES, ExceptionCode.ILLEGAL_DATA_ADDRESS)


def _parse_read(function: int, pdu: bytes) -> Read:
    _need(len(pdu) == 5)
    address, count = struct.unpack(">HH", pdu[1:])
    _need(1 <= count <= (READ_BITS_MAX if function <= 2 else READ_WORDS_MAX))
    _need_addresses(address, count)
    return Read(function, _TABLES[function], address, count)


def _parse_write_single(function: int, pdu: bytes) -> WriteBits | WriteWords:
    _need(len(pdu) == 5)
    address, word = struct.unpack(">HH", pdu[1:])
    if function == 6:
        return WriteWords(6, address, (word,))
    _need(word in (0x0000, 0xFF00))  # clause 6.5: all other values are illegal
    return WriteBits(5, address, (word == 0xFF00,))


def _parse_write_bits(pdu: bytes) -> WriteBits:
    _need(len(pdu) >= 6)
    address, count, size = struct.unpack(">HHB", pdu[1:6])
    _need(1 <= count <= WRITE_BITS_MAX and size == (count + 7) // 8 and len(pdu) == 6 + size)
    _need_addresses(address, count)
    return WriteBits(15, address, tuple(map(bool, bits_of(pdu[6:], count))))


def _parse_write_words(pdu: bytes) -> WriteWords:
    _need(len(pdu) >= 6)
    address, count, size = struct.unpack(">HHB", pdu[1:6])
    _need(1 <= count <= WRITE_WORDS_MAX and size == 2 * count and len(pdu) == 6 + size)
    _need_addresses(address, count)
    return WriteWords(16, address, struct.unpack(f">{count}H", pdu[6:]))


def _parse_read_write(pdu: bytes) -> ReadWrite:
    _need(len(pdu) >= 10)
    address, count, write_address, written, size = struct.unpack(">HHHHB", pdu[1:10])
    _need(1 <= count <= READ_WORDS_MAX and 1 <= written <= READ_WRITE_WORDS_MAX)
    _need(size == 2 * written and len(pdu) == 10 + size)
    _need_addresses(address, count)
    _need_addresses(write_address, written)
    return ReadWrite(23, address, count, write_address, struct.unpack(f">{written}H", pdu[10:]))
