"""Input pages: what io read from one device, in engineering values, handed to the scan in one publish."""

import math
import struct
from collections.abc import Sequence

from runtime.core.elementary import Elementary, Kind, Value, holds_text
from runtime.core.quality import Quality
from runtime.image.channel import ChannelEnd
from runtime.image.layout import INPUT_ENTRY, INPUT_ENTRY_SIZE, InputSlot
from runtime.image.segment import ImageSegment

Reading = tuple[Value | None, Quality, int]
"""Value (None: keep the last one), its quality, and the monotonic ns of the last good reading (0: never)."""

_VALUE_OFFSET, _QUALITY_OFFSET = 8, 16


class PageWriter:
    """Writes one device's page. One writer a device: the task of io that polls it."""

    def __init__(self, segment: ImageSegment, device: str) -> None:
        self.points = tuple(slot for slot in segment.layout.inputs if slot.device == device)
        self._types = tuple(point.tag.type for point in self.points)
        self._places = tuple(_value_place(point) for point in self.points)
        self._end = ChannelEnd(segment, segment.layout.pages[device])
        if not self._end.read():  # an io process that died left its last values; go on from them
            self._end.buffer[:] = bytes(len(self._end.buffer))

    def write(self, readings: Sequence[Reading]) -> int:
        """Publish one reading a point, in map order; the number of the page.

        A value that is not finite or does not fit into the tag's type (a text that is longer than it) is no reading:
        the point turns BAD and keeps the value and time of the last one.
        """
        assert len(readings) == len(self._types), f"{len(readings)} readings for {len(self._types)} points"
        page = self._end.buffer
        at = 0
        for of, place, (value, quality, stamp_ns) in zip(self._types, self._places, readings, strict=True):
            if value is not None and not fits(of, value):
                page[at + _QUALITY_OFFSET] = Quality.BAD
            else:
                if value is not None:
                    of.pack_into(page, place, value)
                page[at + _QUALITY_OFFSET] = quality
                _STAMP.pack_into(page, at, stamp_ns)
            at += INPUT_ENTRY_SIZE
        return self._end.publish()


class PageReader:
    """Reads one device's page, for tests and tools; the scan has its own latch."""

    def __init__(self, segment: ImageSegment, device: str) -> None:
        points = tuple(slot for slot in segment.layout.inputs if slot.device == device)
        self._entries_size = len(points) * INPUT_ENTRY_SIZE
        self._values = tuple((point.tag.type, _value_place(point)) for point in points)
        self._end = ChannelEnd(segment, segment.layout.pages[device])

    def read(self) -> list[tuple[Value, Quality, int]] | None:
        """Value, quality and stamp of each point; None before the first page."""
        if not self._end.read():
            return None
        entries = INPUT_ENTRY.iter_unpack(self._end.buffer[: self._entries_size])
        return [
            (of.unpack(self._end.buffer, place), Quality(quality), stamp_ns)
            for (of, place), (stamp_ns, _, quality) in zip(self._values, entries, strict=True)
        ]


def _value_place(point: InputSlot) -> int:
    """Where the value lies in the page."""
    return point.text_place or point.entry * INPUT_ENTRY_SIZE + _VALUE_OFFSET


_STAMP = struct.Struct("<q")
_REAL_MAX = 3.4028235677973366e38
"""From here on the nearest 32-bit float is infinite: FLT_MAX plus half of its last place."""


def fits(of: Elementary, value: Value) -> bool:
    """True when a variable of the type can hold the value: all of a text, no NaN and no infinity."""
    if of.kind is Kind.TEXT or isinstance(value, str):
        return isinstance(value, str) and of.kind is Kind.TEXT and holds_text(of, value)
    if of.kind is Kind.REAL:
        return math.isfinite(value) and (of.size == 8 or abs(value) < _REAL_MAX)
    return of.minimum <= value <= of.maximum
