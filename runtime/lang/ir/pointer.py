"""A pointer as a value: an offset in application memory with the bounds it must stay in, never a machine address.

Sixteen bytes, little-endian, that any other bytes may stand for; what is read from memory is checked at each use
(`Followed`), so that no content of memory leads out of globals, instances and static variables:

    tag      u32   its upper half is the layout's mark: a pointer made for another layout leads nowhere; 0 is null.
                   The lower half is the number of a block's type (semantics/classes.py), 0 for everything else
    low      u32   first byte of the object whose address was taken
    high     u32   first byte behind it
    offset   u32   where it points; may lie anywhere, it is use that is checked

The offset is the upper end of the number, so that adding a multiple of 2 ** 96 moves the pointer, wraps, and leaves
its bounds alone. As a number (comparison, difference, conversion) a pointer is its offset.
"""

from typing import Any

from runtime.core.elementary import Elementary, Kind

SIZE = 16
LOW_BIT, HIGH_BIT, OFFSET_BIT = 32, 64, 96
"""Where the parts begin in the number."""


class _PointerCodec:
    """Pointers as the 128-bit numbers they are."""

    size = SIZE

    def pack(self, *values: Any) -> bytes:
        """One pointer as bytes."""
        return int(values[0]).to_bytes(SIZE, "little")

    def pack_into(self, buffer: Any, offset: int, /, *values: Any) -> None:
        """One pointer into memory."""
        buffer[offset : offset + SIZE] = self.pack(*values)

    def unpack_from(self, /, buffer: Any, offset: int = 0) -> tuple[Any, ...]:
        """One pointer from memory."""
        return (int.from_bytes(buffer[offset : offset + SIZE], "little"),)


POINTER = Elementary("POINTER", Kind.BITS, SIZE, _PointerCodec())
"""The type of pointers in the IR; no program can name it."""


def pointer(*, tag: int, low: int, high: int, offset: int) -> int:
    """The number made of its parts."""
    return tag | low << LOW_BIT | high << HIGH_BIT | (offset & 0xFFFFFFFF) << OFFSET_BIT


def parts(value: int) -> tuple[int, int, int, int]:
    """Tag, low, high and offset."""
    return value & 0xFFFFFFFF, value >> LOW_BIT & 0xFFFFFFFF, value >> HIGH_BIT & 0xFFFFFFFF, value >> OFFSET_BIT


MARK_BIT = 16
"""The layout's mark begins here in the tag."""


def mark_of(layout_digest: bytes) -> int:
    """The mark of a layout, in place in the tag; never 0."""
    return (int.from_bytes(layout_digest[:2], "little") or 1) << MARK_BIT
