"""What changed in a memory between two scans, in blocks, and the check sum of a memory; natively (deltacode.py)."""

import ctypes
import struct
import zlib

from runtime.image.layout import DELTA_BLOCK as BLOCK
from runtime.image.primitives import primitives

_COUNT = struct.Struct("<I")
_PLACE_SIZE = 4


def delta(before: bytes, after: bytes) -> bytes:
    """What changed, in blocks: their number, their places, their content; then the last bytes short of a block.

    Both memories are of one size.
    """
    blocks = len(after) // BLOCK
    assert len(before) == len(after)
    room = bytearray((_PLACE_SIZE + BLOCK) * blocks + 1)
    places = _address(room)
    count = primitives().delta(before, after, blocks, places, places + _PLACE_SIZE * blocks)
    content = _PLACE_SIZE * blocks
    return b"".join(
        (
            _COUNT.pack(count),
            memoryview(room)[: _PLACE_SIZE * count],
            memoryview(room)[content : content + BLOCK * count],
            after[BLOCK * blocks :],
        )
    )


def patch(before: bytes, changes: bytes) -> bytes | None:
    """`before` with the changes that `delta` found; None when they are none of it."""
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
