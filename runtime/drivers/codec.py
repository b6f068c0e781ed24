"""Registers and raw numbers: word order, byte order, bits. Scale and offset are `Numeric`'s (iomap/wire.py)."""

import struct
from collections.abc import Sequence

from runtime.iomap.wire import ModbusWire, RawType

_FLOATS = {RawType.F32: ">f", RawType.F64: ">d"}


def raw_of_words(wire: ModbusWire, words: Sequence[int]) -> int | float:
    """The raw number in `wire.words` registers (0..65535 each), or bits of a bit table."""
    assert len(words) == wire.words, f"{len(words)} words for a point of {wire.words}"
    if wire.table.is_bits:
        return int(bool(words[0]))
    packed = b"".join(word.to_bytes(2, wire.byte_order) for word in _in_order(wire, words))
    if wire.type in _FLOATS:
        return float(struct.unpack(_FLOATS[wire.type], packed)[0])
    raw = int.from_bytes(packed, "big", signed=wire.number.signed)
    return raw >> wire.bit & 1 if wire.type is RawType.BIT else raw


def words_of_raw(wire: ModbusWire, raw: float) -> list[int]:
    """The registers that carry a raw number (which fits: `Numeric.encode` saturates)."""
    if wire.table.is_bits:
        return [int(bool(raw))]
    if wire.type in _FLOATS:
        packed = struct.pack(_FLOATS[wire.type], raw)
    elif wire.type is RawType.BIT:
        packed = (int(bool(raw)) << wire.bit).to_bytes(2, "big")
    else:
        packed = int(raw).to_bytes(2 * wire.words, "big", signed=wire.number.signed)
    words = [int.from_bytes(packed[at : at + 2], wire.byte_order) for at in range(0, len(packed), 2)]
    return list(_in_order(wire, words))


def _in_order(wire: ModbusWire, words: Sequence[int]) -> Sequence[int]:
    return words if wire.word_order == "big" else list(reversed(words))
