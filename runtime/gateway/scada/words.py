"""A register's engineering value as 16-bit words, and back: saturation, "no value", and what a master may write."""

import math
from collections.abc import Sequence

from runtime.core.elementary import Kind, Value
from runtime.drivers.codec import raw_of_words, words_of_raw
from runtime.gateway.scada.map import ScadaRegister
from runtime.gateway.scada.text import TextWire


def to_words(register: ScadaRegister, value: Value) -> list[int]:
    """The words that show a value, saturated at the register's range.

    A value that is not finite is shown as NaN, or as the integer that SunSpec calls "not implemented": the highest of
    an unsigned type, the lowest of a signed one.
    """
    wire = register.wire
    if isinstance(wire, TextWire):
        return wire.to_words(str(value))
    number = wire.number
    raw: int | float
    assert not isinstance(value, str), "the map's check gives every string a text wire"
    if math.isfinite(value):
        raw = number.encode(value)
    elif number.floating:
        raw = math.nan
    else:
        raw = number.raw_minimum if number.signed else number.raw_maximum
    return words_of_raw(wire, raw)


def from_words(register: ScadaRegister, words: Sequence[int]) -> Value | None:
    """The value that a master wrote, for the register's tag; None when it is not finite or no value of its kind."""
    assert register.tag is not None, "only a register with a tag is written"
    wire = register.wire
    if isinstance(wire, TextWire):
        return wire.from_words(words)
    raw = raw_of_words(wire, words)
    kind = register.tag.type.kind
    if not math.isfinite(raw):
        return None
    if kind is Kind.BOOL:
        return bool(raw) if raw in (0, 1) else None
    value = raw * wire.number.scale + wire.number.offset
    return value if kind is Kind.REAL else round(value) if float(value).is_integer() else None
