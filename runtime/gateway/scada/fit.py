"""Can a register of the SCADA map show every value of a tag?"""

from dataclasses import dataclass

from runtime.core.elementary import Kind
from runtime.core.tag import Tag
from runtime.gateway.scada.text import TextWire
from runtime.iomap.wire import WRITE_WORDS_MAX, ModbusWire, Numeric, RawType

_EXACT_BITS = {RawType.F32: 24, RawType.F64: 53}
"""Whole numbers up to 2 to this power are exact in a float (IEEE 754-2019, table 3.2)."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why not, and how to mend it."""

    why: str
    mend: str


def misfit(tag: Tag, wire: ModbusWire | TextWire, *, written: bool) -> Misfit | None:
    """None when every value of the tag (within its declared range; of a string, cut to `length`) can be shown."""
    if tag.secret:
        return Misfit("it is declared {secret}", "leave the register out: nobody outside may see it")
    if isinstance(wire, TextWire):
        return _text(tag, wire, written=written)
    kind, raw, number = tag.type.kind, wire.type, wire.number
    if kind is Kind.TEXT:
        return Misfit("a string has no number", 'use type = "string"')
    if kind is Kind.BOOL or tag.labels:
        return _named(tag, number)
    if kind is Kind.REAL:
        return _range(tag, number, tag.minimum, tag.maximum)
    if number.floating:
        if kind not in (Kind.TIME, Kind.DATE) and tag.type.size * 8 > _EXACT_BITS[raw]:
            return Misfit(f"{raw.value} is exact only up to 2^{_EXACT_BITS[raw]}", f"use {_wide(tag)}")
        return None
    if kind in (Kind.TIME, Kind.DATE) and tag.maximum is None and number.scale == 1.0:
        return None if raw is RawType.I64 else Misfit("it counts nanoseconds", "use i64, or scale = 1e6 for ms")
    low = tag.type.minimum if tag.minimum is None else tag.minimum
    high = tag.type.maximum if tag.maximum is None else tag.maximum
    return None if kind in (Kind.TIME, Kind.DATE) and tag.maximum is None else _range(tag, number, low, high)


def _text(tag: Tag, wire: TextWire, *, written: bool) -> Misfit | None:
    if tag.type.kind is not Kind.TEXT:
        return Misfit("it is no string", f"use {_wide(tag)}")
    if wire.length > tag.type.capacity:
        return Misfit(f"it holds {tag.type.capacity} characters, not {wire.length}", "leave out `length`, or lower it")
    if written and wire.words > WRITE_WORDS_MAX:
        longest = WRITE_WORDS_MAX * 2 // wire.width
        return Misfit(f"one write has {WRITE_WORDS_MAX} registers at most", f"give it a `length` of at most {longest}")
    return None


def _named(tag: Tag, number: Numeric) -> Misfit | None:
    if number.floating or number.scale != 1.0:
        return Misfit("it is not a quantity", 'use an integer type such as "u16", without scale')
    values = [value for _, value in tag.labels] or [0, 1]
    if min(values) < number.raw_minimum or max(values) > number.raw_maximum:
        return Misfit(f"its values go from {min(values)} to {max(values)}", 'use "i16" or a wider type')
    return None


def _range(tag: Tag, number: Numeric, low: float | None, high: float | None) -> Misfit | None:
    lowest, highest = number.minimum, number.maximum
    if low is not None and low < lowest:
        return Misfit(f"it can be {low:g}, the register ends at {lowest:g}", "use a signed or wider type, or a scale")
    if high is not None and high > highest:
        return Misfit(f"it can be {high:g}, the register ends at {highest:g}", f"use {_wide(tag)}, or a larger scale")
    return None


def _wide(tag: Tag) -> str:
    if tag.type.kind is Kind.REAL:
        return "f32"
    return f"{'i' if tag.type.is_signed else 'u'}{max(16, tag.type.size * 8)}"
