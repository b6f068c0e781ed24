"""Texts of forces and pins: two rooms for each, so that the one that stands is not the one that is being written.

Which of them stands is told by a number (image/layout.py): it is stored after the text, and scan looks only when the
force table's `changes` word has moved.
"""

import ctypes

_WORD = (1 << 64) - 1


def write_text(rooms: int, room_size: int, number: int, raw: bytes) -> int:
    """Write bytes into the room that does not stand while `number` does; the number that makes it stand."""
    assert len(raw) <= room_size, "the text is longer than its room"
    number = (number + 1) & _WORD
    ctypes.memmove(_room(rooms, room_size, number), raw, len(raw))
    return number


def standing_text(rooms: int, room_size: int, number: int) -> bytes:
    """The bytes of the room that stands while `number` does."""
    return ctypes.string_at(_room(rooms, room_size, number), room_size)


def _room(rooms: int, room_size: int, number: int) -> int:
    return rooms + (number & 1) * room_size
