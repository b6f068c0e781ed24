"""How one point lies on the wire, and the exact arithmetic between raw numbers and engineering values.

engineering = raw * scale + offset (scale first, then offset: requirements Q-18). Encoding divides, rounds half to
even and saturates at what the raw type can hold; it never wraps. Drivers, served devices and the virtual-time loop all
go through `Numeric.decode` and `Numeric.encode`, so all of them see the same rounding. A text is the raw number that
its bytes make, first character highest.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from runtime.core.elementary import Kind, Number, Value
from runtime.iomap.i2citem import I2cItem

WRITE_WORDS_MAX = 123
"""Registers of one write (Modbus Application Protocol V1.1b3, 6.12)."""


class Table(StrEnum):
    """The four tables of Modbus (Modbus Application Protocol V1.1b3, 4.3)."""

    HOLDING = "holding"
    INPUT = "input"
    COIL = "coil"
    DISCRETE = "discrete"

    @property
    def is_bits(self) -> bool:
        """True for the tables whose items are single bits."""
        return self in (Table.COIL, Table.DISCRETE)

    @property
    def is_writable(self) -> bool:
        """True for the tables a client may write."""
        return self in (Table.HOLDING, Table.COIL)

    def block_bytes(self, count: int) -> int:
        """How many bytes so many neighbouring items take in a request or a reply (6.1, 6.3): bits are packed."""
        return (count + 7) // 8 if self.is_bits else 2 * count


class RawType(StrEnum):
    """What the words of a point are. `flag` is a whole register that means TRUE or FALSE, `bit` one bit of it.

    `bcd16` and `bcd32` hold four and eight decimal digits of four bits; `string` holds two characters a register.
    """

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    BIT = "bit"
    FLAG = "flag"
    BCD16 = "bcd16"
    BCD32 = "bcd32"
    STRING = "string"


WORDS: dict[RawType, int] = {
    RawType.U16: 1,
    RawType.I16: 1,
    RawType.U32: 2,
    RawType.I32: 2,
    RawType.U64: 4,
    RawType.I64: 4,
    RawType.F32: 2,
    RawType.F64: 4,
    RawType.BIT: 1,
    RawType.FLAG: 1,
    RawType.BCD16: 1,
    RawType.BCD32: 2,
}
"""16-bit registers a point takes (a point of a bit table takes one item; a string as many as its text needs)."""

Order = Literal["big", "little"]
Padding = Literal["nul", "blank"]
"""What follows a text that is shorter than its registers."""
_FILL: dict[Padding, bytes] = {"nul": b"\0", "blank": b" "}
LineBias = Literal["as_is", "disabled", "pull_up", "pull_down"]
LineDrive = Literal["push_pull", "open_drain", "open_source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """A raw number: `bits` wide, signed or not, or a float of 32 or 64 bits; scaled to engineering units.

    `boolean` numbers decode to TRUE when raw == `on` (when `on` is None: when raw is not 0), and encode TRUE as `on`
    or 1, FALSE as `off`. A raw value equal to `not_implemented`, or a NaN, means that the device has no value. `digits`
    is set for a number that goes as so many decimal digits; `padding` for a text of bits / 8 characters (Latin-1, as a
    STRING is).
    """

    bits: int
    signed: bool
    floating: bool
    boolean: bool = False
    on: int | None = None
    off: int = 0
    scale: float = 1.0
    offset: float = 0.0
    not_implemented: int | None = None
    digits: int = 0
    padding: Padding | None = None

    @property
    def chars(self) -> int:
        """Most characters of a text; 0 for a number."""
        return 0 if self.padding is None else self.bits // 8

    @property
    def raw_minimum(self) -> int:
        """Smallest raw integer."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def raw_maximum(self) -> int:
        """Largest raw integer."""
        if self.digits:
            return int(10**self.digits) - 1
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    @property
    def is_integral(self) -> bool:
        """True when every engineering value is a whole number."""
        whole = float(self.scale).is_integer() and float(self.offset).is_integer()
        return whole and not self.floating and not self.boolean and self.padding is None

    @property
    def minimum(self) -> float:
        """Smallest engineering value that can be sent."""
        return min(self._ends())

    @property
    def maximum(self) -> float:
        """Largest engineering value that can be sent."""
        return max(self._ends())

    def decode(self, raw: float, kind: Kind) -> Value | None:
        """The engineering value as a tag of `kind` holds it; None when the device has no value."""
        return self.decoder(kind)(raw)

    def decoder(self, kind: Kind) -> Callable[[float], Value | None]:
        """`decode` for one kind, made once for many raw numbers."""
        decode = self._decoder(kind)
        nothing = self.not_implemented
        if nothing is None:
            return decode
        return lambda raw: None if raw == nothing else decode(raw)

    def _decoder(self, kind: Kind) -> Callable[[float], Value | None]:
        if self.padding is not None:
            return self._decode_text
        isfinite, on, scale, offset = math.isfinite, self.on, self.scale, self.offset
        if self.boolean or kind is Kind.BOOL:
            if on is None:
                return lambda raw: raw != 0 if isfinite(raw) else None
            return lambda raw: raw == on if isfinite(raw) else None
        if kind is Kind.REAL:
            return lambda raw: raw * scale + offset if isfinite(raw) else None
        step, start = int(scale), int(offset)
        return lambda raw: int(raw) * step + start if isfinite(raw) else None

    def _decode_text(self, raw: float) -> str:
        text, _, _ = int(raw).to_bytes(self.bits // 8, "big").partition(b"\0")
        return text.rstrip(b" ").decode("latin-1")

    def encode(self, value: Value) -> int | float:
        """The raw number nearest to an engineering value, saturated. `value` is finite: the sink has seen to it."""
        if self.padding is not None:
            assert isinstance(value, str), "a number reached the encoder of texts"
            text = value.encode("latin-1", "replace")[: self.chars]
            return int.from_bytes(text.ljust(self.chars, _FILL[self.padding]), "big")
        assert not isinstance(value, str), "a text reached the encoder of numbers"
        assert math.isfinite(value), "a value that is not finite reached the encoder"
        if self.boolean:
            return (1 if self.on is None else self.on) if value else self.off
        if self.floating:
            return _fit_float((value - self.offset) / self.scale, self.bits)
        whole = isinstance(value, int) and self.is_integral
        raw = _nearest(int(value) - int(self.offset), int(self.scale)) if whole else self._round(value)
        return min(max(raw, self.raw_minimum), self.raw_maximum)

    def _round(self, value: Number) -> int:
        raw = (value - self.offset) / self.scale
        return round(min(max(raw, self.raw_minimum), self.raw_maximum))

    def _ends(self) -> tuple[float, float]:
        if self.boolean:
            return 0.0, 1.0
        if self.floating:
            top = _FLOAT_MAX[self.bits] * abs(self.scale)
            return -top, top
        return self.raw_minimum * self.scale + self.offset, self.raw_maximum * self.scale + self.offset


_FLOAT_MAX = {32: struct.unpack(">f", b"\x7f\x7f\xff\xff")[0], 64: 1.7976931348623157e308}


def _fit_float(value: float, bits: int) -> float:
    top = _FLOAT_MAX[bits]
    clipped = min(max(value, -top), top)
    return clipped if bits == 64 else float(struct.unpack(">f", struct.pack(">f", clipped))[0])


def _nearest(value: int, step: int) -> int:
    """value / step rounded half to even in exact integers (a float would lose bits beyond 2^53)."""
    quotient, rest = divmod(value, step)
    twice = 2 * abs(rest) - abs(step)
    return quotient + 1 if twice > 0 or (twice == 0 and quotient % 2 == 1) else quotient


@dataclass(frozen=True, slots=True)
class Exponent:
    """The point of the same device whose value is the power of ten in a scale. `assumed`: what is taken where no device
    can be asked (a played device, virtual time); the scale of the number that has this exponent is already of it.

    Source: SunSpec Information Model Specification, data type sunssf.
    """

    point: str
    assumed: int = 0


EXPONENTS = range(-10, 11)
"""What a scale factor may be (SunSpec, sunssf); 0x8000 means that there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusWire:
    """A point in a Modbus table. `address` is the PDU address, from 0.

    `word_order` big: the first register holds the most significant word. `byte_order` big: as the standard says. A
    number of fewer bits than its registers have lies in their bits from `bit` (the least significant is 0) upwards.
    """

    kind: Literal["modbus"] = "modbus"
    table: Table
    address: int
    type: RawType
    number: Numeric
    word_order: Order = "big"
    byte_order: Order = "big"
    bit: int = 0
    exponent: Exponent | None = None

    @property
    def words(self) -> int:
        """Registers (or, in a bit table, bits) the point takes."""
        if self.table.is_bits:
            return 1
        return (self.number.chars + 1) // 2 if self.type is RawType.STRING else WORDS[self.type]

    @property
    def is_part(self) -> bool:
        """True for some bits of registers whose other bits belong to others."""
        return not self.table.is_bits and self.type is not RawType.STRING and self.number.bits < 16 * self.words

    @property
    def mask(self) -> int:
        """The bits of the registers, as one number, that are the point's."""
        return ((1 << self.number.bits) - 1) << self.bit

    @property
    def end(self) -> int:
        """First address after the point."""
        return self.address + self.words

    def scaled_by(self, power: int) -> Numeric:
        """The number with the exponent that the device gave instead of the assumed one."""
        assert self.exponent is not None, "the scale of this point is no affair of the device"
        return self.at_power(power - self.exponent.assumed)

    def at_power(self, power: int) -> Numeric:
        """The number with its scale times 10^power, to the last bit what that is written out."""
        return replace(self.number, scale=float(Decimal(repr(self.number.scale)).scaleb(power)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CanWire:
    """A point in a CAN message. `frame_id` includes the device's id offset."""

    kind: Literal["can"] = "can"
    message: str
    signal: str
    frame_id: int
    number: Numeric


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginWire:
    """A point of a device that a plug-in speaks with. `table` is the point's table in the profile, as JSON."""

    kind: Literal["plugin"] = "plugin"
    table: str
    number: Numeric


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioWire:
    """A line of a GPIO chip, by name or offset. `point`: its name in the profile, by which a site gives it a line.

    `initial`: the state of an output that nobody drove before; None: its fail-safe state.
    """

    kind: Literal["gpio"] = "gpio"
    point: str
    line: str
    is_output: bool
    active_low: bool = False
    bias: LineBias = "as_is"
    drive: LineDrive = "push_pull"
    debounce_ms: int = 0
    initial: bool | None = None
    number: Numeric


@dataclass(frozen=True, slots=True, kw_only=True)
class HostWire:
    """A quantity of the machine itself. `path`: of which file system, for `disk_used`."""

    kind: Literal["host"] = "host"
    quantity: str
    path: str
    number: Numeric


@dataclass(frozen=True, slots=True, kw_only=True)
class I2cWire:
    """A value of an I2C chip. `is_output`: the controller sets it."""

    kind: Literal["i2c"] = "i2c"
    item: I2cItem
    is_output: bool
    number: Numeric


Wire = ModbusWire | CanWire | GpioWire | HostWire | I2cWire | PluginWire
