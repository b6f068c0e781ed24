"""Where each point of a device lies in the device's input page.

A page holds all stamps, then all numbers, then all qualities, then all texts, each in the order in which the points lie
in application memory, numbers next to each other where they are so there, too. So what the scan moves, it moves in long
copies, and it fetches no byte that it does not need: memory that was last touched a cycle ago is in no cache any more.

    i64[n]   stamps: monotonic ns of the last good reading, 0 = never
    ...      numbers, little-endian, at the same place in a word of 8 bytes as in application memory
    u8[n]    qualities, padded to 8
    ...      texts, each in a room of its own (`text_room`)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.core.elementary import Elementary, Kind
from runtime.core.tag import Tag

STAMP_SIZE = 8
_WORD = 8


@dataclass(frozen=True, slots=True)
class PointPlaces:
    """Where value, stamp and quality of one point lie, in bytes from the start of its page."""

    value: int
    stamp: int
    quality: int

    def at(self, address: int) -> "PointPlaces":
        """In a page that begins at this address."""
        return PointPlaces(self.value + address, self.stamp + address, self.quality + address)


def place_points(tags: Sequence[Tag]) -> tuple[tuple[PointPlaces, ...], int]:
    """The places of a device's points, in the order given, and the size of its page, a multiple of 8."""
    in_memory = sorted(range(len(tags)), key=lambda number: tags[number].offset)
    values: dict[int, int] = {}
    at = STAMP_SIZE * len(tags)
    last: Tag | None = None
    for number in in_memory:
        tag = tags[number]
        if text_room(tag.type):
            continue
        if last is None or last.offset + last.type.size != tag.offset:
            at += (tag.offset - at) % _WORD
        values[number], at, last = at, at + tag.type.size, tag
    qualities = at
    at = _padded(qualities + len(tags))
    for number in in_memory:
        room = text_room(tags[number].type)
        if room:
            values[number], at = at, at + room
    ranks = {number: rank for rank, number in enumerate(in_memory)}
    places = (
        PointPlaces(values[number], STAMP_SIZE * ranks[number], qualities + ranks[number])
        for number in range(len(tags))
    )
    return tuple(places), at


def text_room(of: Elementary) -> int:
    """Bytes that a text of the type takes outside application memory; 0 for what is no string."""
    return _padded(of.size) if of.kind is Kind.TEXT else 0


def _padded(size: int) -> int:
    return (size + _WORD - 1) // _WORD * _WORD
