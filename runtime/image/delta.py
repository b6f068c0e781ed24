"""What changed in a memory between two scans, in blocks, and the check sum of a memory; natively (deltacode.py)."""

import ctypes
import struct
import zlib

from runtime.image.layout import DELTA_BLOCK as BLOCK
from runtime.image.primitives import primitives

_COUNT = struct.Struct("<I")
_SUM = struct.Struct("<Q")
_SUM_SIZE, _PLACE_SIZE = 8, 4


class Differ:
    """Finds what changes in a memory of that size, one state after the other. For one thread."""

    def __init__(self, size: int) -> None:
        self._blocks = size // BLOCK
        self._contents = _SUM_SIZE + _PLACE_SIZE * self._blocks
        self._room = bytearray(self._contents + BLOCK * self._blocks)
        self._address = _address(self._room)
        self.size = size

    def delta(self, before: bytes, after: bytes) -> tuple[bytes, int]:
        """What changed, in blocks: their number, their places, their content; then the last bytes short of a block.

        And the check sum of the memory after. Both memories are of the one size.
        """
        assert len(before) == len(after) == self.size
        address, contents = self._address, self._contents
        count = primitives().delta(before, after, self._blocks, address + _SUM_SIZE, address + contents, address)
        room, rest = self._room, after[BLOCK * self._blocks :]
        changed = room[_SUM_SIZE : _SUM_SIZE + _PLACE_SIZE * count], room[contents : contents + BLOCK * count]
        total: int = _SUM.unpack_from(room)[0]
        return b"".join((_COUNT.pack(count), *changed, rest)), total ^ zlib.crc32(rest)


def patch(before: bytes, changes: bytes) -> bytes | None:
    """`before` with the changes that a `Differ` found; None when they are none of it."""
    blocks = len(before) // BLOCK
    if len(changes) < _COUNT.size:
        return None
    (count,) = _COUNT.unpack_from(changes)
    content = _COUNT.size + _PLACE_SIZE * count
    if len(changes) != content + BLOCK * count + len(before) - BLOCK * blocks:
        return None
    patched, told = bytearray(before), bytearray(changes)
    places = _address(told) + _COUNT.size
    if not primitives().patch(_address(patched) if before else 0, blocks, places, places + _PLACE_SIZE * count, count):
        return None
    patched[BLOCK * blocks :] = changes[content + BLOCK * count :]
    return bytes(patched)


def check_sum(memory: bytes) -> int:
    """64 bits that are others for another memory: surely where one word is another, else all but surely."""
    blocks = len(memory) // BLOCK
    return primitives().sum(memory, blocks) ^ zlib.crc32(memory[BLOCK * blocks :])


def _address(buffer: bytearray) -> int:
    """Where its bytes are, as long as it is kept and not made longer."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
