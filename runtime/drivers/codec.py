"""Registers and raw numbers: word order, byte order, bits, digits. Scale and offset are `Numeric`'s (iomap/wire.py)."""

import math
import struct
from collections.abc import Sequence

from runtime.iomap.wire import ModbusWire, RawType

_FLOATS = {RawType.F32: ">f", RawType.F64: ">d"}


def raw_of_words(wire: ModbusWire, words: Sequence[int]) -> int | float:
    """The raw number in `wire.words` registers (0..65535 each), or bits of a bit table; NaN: they hold none."""
    assert len(words) == wire.words, f"{len(words)} words for a point of {wire.words}"
    if wire.table.is_bits:
        return int(bool(words[0]))
    packed = b"".join(word.to_bytes(2, wire.byte_order) for word in _in_order(wire, words))
    if wire.type in _FLOATS:
        return float(struct.unpack(_FLOATS[wire.type], packed)[0])
    if wire.type is RawType.STRING:
        return int.from_bytes(packed[: wire.number.chars], "big")
    if wire.number.digits:
        digits = packed.hex()
        return int(digits) if digits.isdecimal() else math.nan
    if wire.is_part:
        return _part_of(wire, int.from_bytes(packed, "big"))
    return int.from_bytes(packed, "big", signed=wire.number.signed)


def words_of_raw(wire: ModbusWire, raw: float, around: Sequence[int] | None = None) -> list[int]:
    """The registers that carry a raw number (which fits: `Numeric.encode` saturates).

    `around`: what the registers hold in the bits that are not the point's; without it they are 0.
    """
    if wire.table.is_bits:
        return [int(bool(raw))]
    if wire.type in _FLOATS:
        packed = struct.pack(_FLOATS[wire.type], raw)
    elif wire.type is RawType.STRING:
        packed = int(raw).to_bytes(wire.number.chars, "big").ljust(2 * wire.words, b"\0")
    elif wire.number.digits:
        packed = bytes.fromhex(f"{int(raw):0{wire.number.digits}d}")
    elif wire.is_part:
        rest = 0 if around is None else _packed_number(wire, around) & ~wire.mask
        packed = (rest | int(raw) << wire.bit & wire.mask).to_bytes(2 * wire.words, "big")
    else:
        packed = int(raw).to_bytes(2 * wire.words, "big", signed=wire.number.signed)
    words = [int.from_bytes(packed[at : at + 2], wire.byte_order) for at in range(0, len(packed), 2)]
    return list(_in_order(wire, words))


def mask_words(wire: ModbusWire) -> list[int]:
    """The bits of each register that are the point's, as they lie in the registers."""
    packed = wire.mask.to_bytes(2 * wire.words, "big")
    words = [int.from_bytes(packed[at : at + 2], wire.byte_order) for at in range(0, len(packed), 2)]
    return list(_in_order(wire, words))


def _part_of(wire: ModbusWire, whole: int) -> int:
    raw = (whole & wire.mask) >> wire.bit
    return raw - (1 << wire.number.bits) if wire.number.signed and raw > wire.number.raw_maximum else raw


def _packed_number(wire: ModbusWire, words: Sequence[int]) -> int:
    return int.from_bytes(b"".join(word.to_bytes(2, wire.byte_order) for word in _in_order(wire, words)), "big")


def _in_order(wire: ModbusWire, words: Sequence[int]) -> Sequence[int]:
    return words if wire.word_order == "big" else list(reversed(words))
