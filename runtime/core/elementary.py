"""The elementary data types of IEC 61131-3 (3rd edition, table 10) as they lie in memory.

All values are little-endian and naturally aligned. TIME and LTIME are signed 64-bit counts of nanoseconds; so are DATE,
DT and their L forms, from 1970-01-01, and TOD and LTOD, from midnight. BOOL is one byte: 0 is FALSE, anything else is
TRUE; Voltscan writes 0 and 1 only. CHAR is one byte (ISO 8859-1), WCHAR two (UCS-2). A STRING[n] is n + 1 CHARs and a
WSTRING[n] n + 1 WCHARs: the text ends at the first 0, or after n; what follows is written as 0.
"""

import functools
import re
import struct
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol


class Kind(Enum):
    """What a type's bits mean; decides conversion, arithmetic and text form."""

    BOOL = "bool"
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    BITS = "bits"
    REAL = "real"
    TIME = "time"
    DATE = "date"
    CHAR = "char"
    TEXT = "text"


Number = bool | int | float
"""A value of any elementary type but the strings: bool, float for REAL and LREAL, int for the rest (a CHAR's code)."""
Value = Number | str
"""A Python value of an elementary type: str for STRING and WSTRING, else a Number."""


class Codec(Protocol):
    """What turns a type's values into bytes and back; struct.Struct is one."""

    @property
    def size(self) -> int:
        """Bytes of a value."""
        ...

    def pack(self, *values: Any) -> bytes:
        """One value as bytes."""
        ...

    def pack_into(self, buffer: Any, offset: int, /, *values: Any) -> None:
        """One value into memory."""
        ...

    def unpack_from(self, /, buffer: Any, offset: int = 0) -> tuple[Any, ...]:
        """One value from memory, alone in a tuple."""
        ...


class TextCodec:
    """Strings as they lie in memory: longer ones are cut, what is left of the room is 0."""

    def __init__(self, capacity: int, width: int) -> None:
        self._capacity, self._width = capacity, width
        self.size = (capacity + 1) * width

    def pack(self, text: str) -> bytes:
        """The text, up to its first 0; characters that the type does not have become `?`."""
        cut = text.partition("\0")[0][: self._capacity]
        if self._width == 1:
            return cut.encode("latin-1", "replace").ljust(self.size, b"\0")
        known = cut if max(cut, default="") <= "\uffff" else "".join(c if c <= "\uffff" else "?" for c in cut)
        return known.encode("utf-16-le", "surrogatepass").ljust(self.size, b"\0")

    def pack_into(self, buffer: bytearray | memoryview, offset: int, text: str) -> None:
        """The text into memory."""
        buffer[offset : offset + self.size] = self.pack(text)

    def unpack_from(self, buffer: bytes | bytearray | memoryview, offset: int = 0) -> tuple[str]:
        """The text at a place in memory, whatever bytes are there."""
        raw = bytes(buffer[offset : offset + self._capacity * self._width])
        if self._width == 1:
            return (raw.partition(b"\0")[0].decode("latin-1"),)
        units = "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw)))
        return (units.partition("\0")[0],)


@dataclass(frozen=True, slots=True)
class Elementary:
    """One elementary type: its name, kind and size in bytes."""

    name: str
    kind: Kind
    size: int
    codec: Codec = field(compare=False, repr=False)

    @property
    def bits(self) -> int:
        """Width in bits; BOOL counts as 1."""
        return 1 if self.kind is Kind.BOOL else self.size * 8

    @property
    def is_integer(self) -> bool:
        """True for the types whose Python value is an int (times, dates, characters and bit strings included)."""
        return self.kind not in (Kind.BOOL, Kind.REAL, Kind.TEXT)

    @property
    def is_signed(self) -> bool:
        """True for the integers that are held in two's complement (times and dates included)."""
        return self.kind in (Kind.SIGNED, Kind.TIME, Kind.DATE)

    @property
    def width(self) -> int:
        """Bytes of one character of a STRING (1) or WSTRING (2)."""
        return 2 if self.name.startswith("W") else 1

    @property
    def alignment(self) -> int:
        """What an address of the type must be a multiple of: its size up to 8, a character's for strings."""
        return self.width if self.kind is Kind.TEXT else min(self.size, 8)

    @property
    def capacity(self) -> int:
        """Characters that a STRING or WSTRING holds at most."""
        return self.size // self.width - 1

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
        """The initial value of a variable that names none: FALSE, 0, 0.0, T#0s or nothing."""
        if self.kind is Kind.BOOL:
            return False
        if self.kind is Kind.TEXT:
            return ""
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

LTIME = _type("LTIME", Kind.TIME, "q")
DATE = _type("DATE", Kind.DATE, "q")
LDATE = _type("LDATE", Kind.DATE, "q")
TOD = _type("TOD", Kind.DATE, "q")
LTOD = _type("LTOD", Kind.DATE, "q")
DT = _type("DT", Kind.DATE, "q")
LDT = _type("LDT", Kind.DATE, "q")
CHAR = _type("CHAR", Kind.CHAR, "B")
WCHAR = _type("WCHAR", Kind.CHAR, "H")

_ALL = (
    BOOL, SINT, INT, DINT, LINT, USINT, UINT, UDINT, ULINT, BYTE, WORD, DWORD, LWORD, REAL, LREAL,
    TIME, LTIME, DATE, LDATE, TOD, LTOD, DT, LDT, CHAR, WCHAR,
)  # fmt: skip

DEFAULT_CAPACITY = 80
"""Characters of a STRING or WSTRING that does not say (LANGUAGE.md rule 12)."""
MAX_CAPACITY = 32767
"""Characters of the longest STRING or WSTRING."""


@functools.cache
def string(capacity: int = DEFAULT_CAPACITY, *, wide: bool = False) -> Elementary:
    """The type STRING[capacity], or WSTRING[capacity]."""
    assert 1 <= capacity <= MAX_CAPACITY
    name = "WSTRING" if wide else "STRING"
    codec = TextCodec(capacity, 2 if wide else 1)
    return Elementary(name if capacity == DEFAULT_CAPACITY else f"{name}[{capacity}]", Kind.TEXT, codec.size, codec)


STRING = string()
WSTRING = string(wide=True)


def holds_text(of: Elementary, text: str) -> bool:
    """True when a variable of the string type can hold the text: no longer, all of its characters, none of them 0."""
    last = "\xff" if of.width == 1 else "\uffff"
    return len(text) <= of.capacity and all("\0" < c <= last for c in text)


_SIZED = re.compile(r"(W?)STRING(?:\[(\d{1,5})\])?")

ELEMENTARY: dict[str, Elementary] = {
    **{t.name: t for t in (*_ALL, STRING, WSTRING)},
    "TIME_OF_DAY": TOD,
    "LTIME_OF_DAY": LTOD,
    "DATE_AND_TIME": DT,
    "LDATE_AND_TIME": LDT,
}
"""Every elementary type by its upper-case names."""


def elementary(name: str) -> Elementary:
    """The type of this name, `STRING[20]` included. Raises KeyError when there is none."""
    sized = _SIZED.fullmatch(name)
    if sized is None or sized[2] is None:
        return ELEMENTARY[name]
    if not 1 <= int(sized[2]) <= MAX_CAPACITY:
        raise KeyError(name)
    return string(int(sized[2]), wide=bool(sized[1]))
