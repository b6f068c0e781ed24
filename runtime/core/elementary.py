"""The elementary data types of IEC 61131-3 (3rd edition, table 10) as they lie in memory.

All values are little-endian and naturally aligned. TIME is a signed 64-bit count of nanoseconds.
BOOL is one byte: 0 is FALSE, anything else is TRUE; Voltscan writes 0 and 1 only.
"""

import struct
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What a type's bits mean; decides conversion, arithmetic and text form."""

    BOOL = "bool"
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    BITS = "bits"
    REAL = "real"
    TIME = "time"


Value = bool | int | float
"""A Python value of an elementary type: bool for BOOL, float for REAL and LREAL, int for the rest."""


@dataclass(frozen=True, slots=True)
class Elementary:
    """One elementary type: its name, kind and size in bytes (also its alignment)."""

    name: str
    kind: Kind
    size: int
    codec: struct.Struct = field(compare=False, repr=False)

    @property
    def bits(self) -> int:
        """Width in bits; BOOL counts as 1."""
        return 1 if self.kind is Kind.BOOL else self.size * 8

    @property
    def is_integer(self) -> bool:
        """True for the types whose Python value is an int (TIME and bit strings included)."""
        return self.kind in (Kind.SIGNED, Kind.UNSIGNED, Kind.BITS, Kind.TIME)

    @property
    def is_signed(self) -> bool:
        """True for the integers that are held in two's complement (TIME included)."""
        return self.kind in (Kind.SIGNED, Kind.TIME)

    @property
    def minimum(self) -> int:
        """Smallest value of an integer type."""
        return -(1 << (self.size * 8 - 1)) if self.is_signed else 0

    @property
    def maximum(self) -> int:
        """Largest value of an integer type; 1 for BOOL."""
        if self.kind is Kind.BOOL:
            return 1
        return (1 << (self.size * 8 - 1)) - 1 if self.is_signed else (1 << (self.size * 8)) - 1

    @property
    def default(self) -> Value:
        """The initial value of a variable that names none: FALSE, 0, 0.0 or T#0s."""
        if self.kind is Kind.BOOL:
            return False
        return 0.0 if self.kind is Kind.REAL else 0

    def unpack(self, memory: bytes | bytearray | memoryview, offset: int = 0) -> Value:
        """Read one value from memory."""
        value: Value = self.codec.unpack_from(memory, offset)[0]
        return value

    def pack_into(self, memory: bytearray | memoryview, offset: int, value: Value) -> None:
        """Write one value into memory.

        Raises struct.error or OverflowError when the value does not fit: callers check ranges first.
        """
        self.codec.pack_into(memory, offset, value)


def _type(name: str, kind: Kind, code: str) -> Elementary:
    codec = struct.Struct("<" + code)
    return Elementary(name, kind, codec.size, codec)


BOOL = _type("BOOL", Kind.BOOL, "?")
SINT = _type("SINT", Kind.SIGNED, "b")
INT = _type("INT", Kind.SIGNED, "h")
DINT = _type("DINT", Kind.SIGNED, "i")
LINT = _type("LINT", Kind.SIGNED, "q")
USINT = _type("USINT", Kind.UNSIGNED, "B")
UINT = _type("UINT", Kind.UNSIGNED, "H")
UDINT = _type("UDINT", Kind.UNSIGNED, "I")
ULINT = _type("ULINT", Kind.UNSIGNED, "Q")
BYTE = _type("BYTE", Kind.BITS, "B")
WORD = _type("WORD", Kind.BITS, "H")
DWORD = _type("DWORD", Kind.BITS, "I")
LWORD = _type("LWORD", Kind.BITS, "Q")
REAL = _type("REAL", Kind.REAL, "f")
LREAL = _type("LREAL", Kind.REAL, "d")
TIME = _type("TIME", Kind.TIME, "q")

ELEMENTARY: dict[str, Elementary] = {
    t.name: t
    for t in (BOOL, SINT, INT, DINT, LINT, USINT, UINT, UDINT, ULINT, BYTE, WORD, DWORD, LWORD, REAL, LREAL, TIME)
}
"""Every elementary type by its upper-case name."""
