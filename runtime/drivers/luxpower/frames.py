"""Frames of a LuxPowerTek data logger: registers asked for and told, without a connection. Numbers are little-endian.

    A1 1A | version u16 | length u16 of what follows | 01 | kind u8 | serial of the data logger, 10 characters | body

The body of kind C2 (data of the inverter) is its length u16, then what a checksum guards, then the checksum (CRC-16 as
in Modbus RTU): 00 to the inverter or 01 from it | function u8 | serial of the inverter, 10 characters | register u16 |
values. A question for registers holds their number as its value, a written register its value. An answer with version
2 and up has the length of its values u8 before them; a refused request has function + 80h and the reason u8.
Other kinds (C1: a sign of life) are passed over, as are answers to questions of others: the data logger tells every
client everything. Source: lxp-bridge (celsworth, MIT), packets of running devices, read for facts.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from runtime.drivers.modbus.rtu import crc_of

MARK = b"\xa1\x1a"
VERSION, ANSWER_VERSION = 1, 2
DATA = 0xC2
READ_HOLDING, READ_INPUT, WRITE = 3, 4, 6
REFUSED = 0x80
_HEAD = struct.Struct("<2sHHBB10s")
_BODY = struct.Struct("<BB10sH")
_LENGTH_AT, _LENGTH_END = 4, 6
_LENGTH_MAX = 1024
"""Longest answer: 127 registers take about 300 bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an inverter told: the function (with `REFUSED` when it would not), the first register, and its values."""

    function: int
    inverter: bytes
    register: int
    words: tuple[int, ...]
    reason: int = 0


def request(*, datalog: bytes, inverter: bytes, function: int, register: int, value: int) -> bytes:
    """The frame of a question for `value` registers, or of a register to be written with `value`."""
    return _frame(VERSION, datalog, _BODY.pack(0, function, inverter, register) + struct.pack("<H", value))


def reply(told: Answer, *, datalog: bytes) -> bytes:
    """The frame that tells an answer, as data loggers of version 2 send it."""
    values = struct.pack(f"<{len(told.words)}H", *told.words)
    if told.function & REFUSED:
        values = bytes((told.reason,))
    elif told.function in (READ_HOLDING, READ_INPUT):
        values = bytes((len(values),)) + values
    return _frame(ANSWER_VERSION, datalog, _BODY.pack(1, told.function, told.inverter, told.register) + values)


@dataclass(slots=True)
class Frames:
    """Takes bytes as they come and gives the answers in them; what is no frame is skipped up to the next mark."""

    _bytes: bytearray = field(default_factory=bytearray)

    def take(self, some: bytes) -> Iterator[Answer]:
        """Answers that are complete with these bytes."""
        self._bytes += some
        while (frame := self._next()) is not None:
            answer = _answer(frame)
            if answer is not None:
                yield answer

    def _next(self) -> bytes | None:
        while True:
            start = self._bytes.find(MARK)
            if start < 0:
                del self._bytes[: max(0, len(self._bytes) - 1)]  # the last byte may begin a mark
                return None
            del self._bytes[:start]
            if len(self._bytes) < _LENGTH_END:
                return None
            length = int.from_bytes(self._bytes[_LENGTH_AT:_LENGTH_END], "little")
            if length > _LENGTH_MAX:
                del self._bytes[:1]
                continue
            if len(self._bytes) < _LENGTH_END + length:
                return None
            frame = bytes(self._bytes[: _LENGTH_END + length])
            del self._bytes[: _LENGTH_END + length]
            return frame


def _frame(version: int, datalog: bytes, guarded: bytes) -> bytes:
    body = guarded + crc_of(guarded)
    tail = struct.pack("<H", len(body)) + body
    return _HEAD.pack(MARK, version, _HEAD.size + len(tail) - _LENGTH_END, 1, DATA, datalog) + tail


def _answer(frame: bytes) -> Answer | None:
    """The answer in a frame; None when it holds none, or its checksum is wrong."""
    if len(frame) < _HEAD.size + 2 + _BODY.size + 2 or frame[7] != DATA:
        return None
    version = int.from_bytes(frame[2:4], "little")
    length = int.from_bytes(frame[_HEAD.size : _HEAD.size + 2], "little")
    body = frame[_HEAD.size + 2 :]
    if length != len(body) or crc_of(body[:-2]) != body[-2:]:
        return None
    _, function, inverter, register = _BODY.unpack_from(body)
    values = body[_BODY.size : -2]
    if function & REFUSED:
        return Answer(function, inverter, register, (), values[0] if values else 0)
    if version > 1 and function in (READ_HOLDING, READ_INPUT):
        if not values or values[0] != len(values) - 1:
            return None
        values = values[1:]
    if len(values) % 2:
        return None
    return Answer(function, inverter, register, struct.unpack(f"<{len(values) // 2}H", values))
