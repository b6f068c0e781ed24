"""Modbus requests as a client makes them, and what their replies hold: pure bytes, function code first.

Source: Modbus Application Protocol V1.1b3, clause 6 (functions 01-06, 15, 16, 22, 23) and 7 (exception replies).
"""

import struct
from collections.abc import Sequence

from runtime.drivers.modbus.pdu import bits_of, packed_bits
from runtime.iomap.wire import Table

_READS: dict[Table, int] = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}
FUNCTIONS = (*_READS.values(), 5, 6, 15, 16, 22, 23)
"""The functions of these requests."""
_FIVE = struct.Struct(">BHH")


def read_request(table: Table, address: int, count: int) -> bytes:
    """Functions 01 to 04."""
    return _FIVE.pack(_READS[table], address, count)


def write_request(table: Table, address: int, words: Sequence[int]) -> bytes:
    """Neighbouring words (or bits) as one: function 05 or 06 for one, 15 or 16 for more."""
    if table.is_bits:
        bits = [bool(word) for word in words]
        if len(bits) == 1:
            return _FIVE.pack(5, address, 0xFF00 if bits[0] else 0)
        packed = packed_bits(bits, len(bits))
        return _FIVE.pack(15, address, len(bits)) + bytes((len(packed),)) + packed
    if len(words) == 1:
        return _FIVE.pack(6, address, words[0])
    return _FIVE.pack(16, address, len(words)) + _counted(words)


def mask_write_request(address: int, *, keep: int, take: int) -> bytes:
    """Function 22: of the register stay the bits of `keep`, and those of `take` are set."""
    return struct.pack(">BHHH", 22, address, keep, take)


def read_write_request(address: int, count: int, *, write_address: int, words: Sequence[int]) -> bytes:
    """Function 23: the write is done before the read."""
    return _FIVE.pack(23, address, count) + struct.pack(">HH", write_address, len(words)) + _counted(words)


def block_in(reply: bytes) -> bytes | None:
    """What a reply to a read brought: registers, or bits packed into bytes. None: its own length contradicts it."""
    return reply[2:] if len(reply) >= 2 and reply[1] == len(reply) - 2 else None


def words_of(table: Table, block: bytes, count: int) -> list[int]:
    """The words of a block of registers, or the bits of one of bits."""
    return bits_of(block, count) if table.is_bits else list(struct.unpack(f">{count}H", block))


def _counted(words: Sequence[int]) -> bytes:
    return struct.pack(f">B{len(words)}H", 2 * len(words), *words)
