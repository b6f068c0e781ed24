"""What one Modbus read brings, as raw numbers: worked out once from the plan, so that a poll is little but unpacking.

Whole numbers in the order of the standard are fields of one `struct` over the whole block; points that are bits of one
register share its field. What is left (other orders of words and bytes, digits, texts) is cut out of the block and goes
through the general codec. Points that overlap each other lie in further layers over the same block.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runtime.drivers.codec import raw_of_words
from runtime.drivers.modbus.pdu import bits_of
from runtime.iomap.plan.plan import DevicePlan, ReadRequest
from runtime.iomap.wire import ModbusWire, RawType, Wire

_INTEGERS = {1: "H", 2: "I", 4: "Q"}
_FLOATS = {RawType.F32: "f", RawType.F64: "d"}
_AfterCut = Callable[[bytes], float]
_AfterWord = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Block:
    """One read of a device. Its raw numbers come in the order of `read`: entries, exponents, counters."""

    read: ReadRequest
    raws: Callable[[bytes], Sequence[float]]

    @classmethod
    def of(cls, device: DevicePlan, read: ReadRequest) -> "Block":
        """The block of a read that the device's plan has made."""
        points: list[Wire] = [device.inputs[entry].wire for entry in read.entries]
        points += [device.exponents[place].wire for place in read.exponents]
        points += [device.counters[place].wire for place in read.counters]
        return cls(read, _raws_of([wire for wire in points if isinstance(wire, ModbusWire)], read))


def _raws_of(wires: Sequence[ModbusWire], read: ReadRequest) -> Callable[[bytes], Sequence[float]]:
    if read.table.is_bits:
        places = [wire.address - read.address for wire in wires]

        def raws_of_bits(block: bytes) -> Sequence[float]:
            bits = bits_of(block, read.count)
            return [bits[place] for place in places]

        return raws_of_bits
    fields = sorted({(wire.address - read.address, _code(wire)) for wire in wires})
    layers, order = _layered(fields)
    own = [order.index((wire.address - read.address, _code(wire))) for wire in wires]
    steps = [(field, _after(wire)) for field, wire in zip(own, wires, strict=True)]
    return _unpacking(layers, steps)


def _unpacking(
    layers: Sequence[struct.Struct], steps: Sequence[tuple[int, Callable[..., float] | None]]
) -> Callable[[bytes], Sequence[float]]:
    first, more = layers[0] if layers else struct.Struct(""), layers[1:]
    if not more and list(steps) == [(place, None) for place in range(len(steps))]:
        return first.unpack_from

    def raws(block: bytes) -> Sequence[float]:
        found = first.unpack_from(block)
        for layer in more:
            found += layer.unpack_from(block)
        return [found[field] if after is None else after(found[field]) for field, after in steps]

    return raws


def _layered(fields: Iterable[tuple[int, str]]) -> tuple[list[struct.Struct], list[tuple[int, str]]]:
    """The fields in layers without overlap, and the order in which unpacking the layers brings them."""
    left, layers, order = list(fields), list[struct.Struct](), list[tuple[int, str]]()
    while left:
        at, code, over = 0, ">", list[tuple[int, str]]()
        for place, own in left:
            if 2 * place < at:
                over.append((place, own))
                continue
            code += f"{2 * place - at}x{own}"
            at = 2 * place + struct.calcsize(">" + own)
            order.append((place, own))
        layers.append(struct.Struct(code))
        left = over
    return layers, order


def _is_plain(wire: ModbusWire) -> bool:
    return wire.byte_order == "big" and (wire.words == 1 or wire.word_order == "big")


def _code(wire: ModbusWire) -> str:
    """How `struct` unpacks the registers of a point."""
    if not _is_plain(wire) or wire.type is RawType.STRING or wire.number.digits:
        return f"{2 * wire.words}s"
    if wire.type in _FLOATS:
        return _FLOATS[wire.type]
    code = _INTEGERS[wire.words]
    return code.lower() if wire.number.signed and not wire.is_part else code


def _after(wire: ModbusWire) -> _AfterCut | _AfterWord | None:
    """What makes a raw number of the field; None: it is one."""
    if _code(wire).endswith("s"):
        words = struct.Struct(f">{wire.words}H")
        return lambda cut: raw_of_words(wire, words.unpack(cut))
    if not wire.is_part:
        return None
    mask, bit = wire.mask, wire.bit
    if not wire.number.signed:
        return lambda whole: (whole & mask) >> bit
    top, span = wire.number.raw_maximum, 1 << wire.number.bits

    def signed_part(whole: int) -> int:
        raw = (whole & mask) >> bit
        return raw - span if raw > top else raw

    return signed_part
