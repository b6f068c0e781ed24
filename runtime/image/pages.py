"""Input pages: what io read from one device, in engineering values, handed to the scan in one publish."""

import math
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from runtime.core.elementary import Elementary, Kind, Value, holds_text
from runtime.core.quality import Quality
from runtime.image.channel import ChannelEnd
from runtime.image.layout import PAGE_NUMBER_SIZE, PAGE_NUMBERS_OFFSET, InputSlot
from runtime.image.primitives import primitives
from runtime.image.segment import ImageSegment

Reading = tuple[Value | None, Quality, int]
"""Value (None: keep the last one), its quality, and the monotonic ns of the last good reading (0: never)."""


class PageEnd(ChannelEnd):
    """A device's channel of pages, whose newest number stands beside those of the other devices, too."""

    def __init__(self, segment: ImageSegment, device: str) -> None:
        pages = segment.layout.pages
        super().__init__(segment, pages[device])
        self._number_at = segment.address + PAGE_NUMBERS_OFFSET + list(pages).index(device) * PAGE_NUMBER_SIZE

    def publish(self) -> int:
        """Hand the buffer's content to the scan; the number of the page."""
        number = super().publish()
        primitives().store_u64(self._number_at, number)
        return number


class PageWriter:
    """Writes one device's page. One writer a device: the task of io that polls it."""

    def __init__(self, segment: ImageSegment, device: str) -> None:
        self.points = tuple(slot for slot in segment.layout.inputs if slot.device == device)
        self._ways = tuple(_Way.of(point) for point in self.points)
        self._end = PageEnd(segment, device)
        if not self._end.read():  # an io process that died left its last values; go on from them
            self._end.buffer[:] = bytes(len(self._end.buffer))

    def write(self, readings: Sequence[Reading], changed: Iterable[int] | None = None) -> int:
        """Publish one reading a point, in map order; the number of the page.

        A value that is not finite or does not fit into the tag's type (a text that is longer than it) is no reading:
        the point turns BAD and keeps the value and time of the last one. `changed`: the only points whose readings are
        not those of the last time.
        """
        assert len(readings) == len(self._ways), f"{len(readings)} readings for {len(self._ways)} points"
        page, ways = self._end.buffer, self._ways
        for entry in range(len(ways)) if changed is None else changed:
            value, quality, stamp_ns = readings[entry]
            way = ways[entry]
            if value is not None:
                if not way.takes(value):
                    page[way.quality_at] = Quality.BAD
                    continue
                way.put(page, way.value_at, value)
            page[way.quality_at] = quality
            _STAMP.pack_into(page, way.stamp_at, stamp_ns)
        return self._end.publish()


@dataclass(frozen=True, slots=True)
class _Way:
    """How a point's value goes into the page: by `put`, if the point `takes` it."""

    takes: Callable[[Any], bool]
    put: Callable[[bytearray, int, Any], object]
    value_at: int
    quality_at: int
    stamp_at: int

    @classmethod
    def of(cls, slot: InputSlot) -> "_Way":
        """That of one input."""
        of, places = slot.tag.type, slot.places
        low, high = _ends(of)

        def holds(number: Any) -> bool:
            return not isinstance(number, str) and low <= number <= high

        takes = partial(fits, of) if of.kind is Kind.TEXT else holds
        return cls(takes, of.codec.pack_into, places.value, places.quality, places.stamp)


class PageReader:
    """Reads one device's page, for tests and tools; the scan has its own latch."""

    def __init__(self, segment: ImageSegment, device: str) -> None:
        points = (slot for slot in segment.layout.inputs if slot.device == device)
        self._points = tuple((point.tag.type, point.places) for point in points)
        self._end = ChannelEnd(segment, segment.layout.pages[device])

    def read(self) -> list[tuple[Value, Quality, int]] | None:
        """Value, quality and stamp of each point; None before the first page."""
        if not self._end.read():
            return None
        page = self._end.buffer
        return [
            (of.unpack(page, places.value), Quality(page[places.quality]), _STAMP.unpack_from(page, places.stamp)[0])
            for of, places in self._points
        ]


_STAMP = struct.Struct("<q")
_REAL_MAX = 3.4028235677973366e38
"""From here on the nearest 32-bit float is infinite: FLT_MAX plus half of its last place."""


def fits(of: Elementary, value: Value) -> bool:
    """True when a variable of the type can hold the value: all of a text, no NaN and no infinity."""
    if of.kind is Kind.TEXT or isinstance(value, str):
        return isinstance(value, str) and of.kind is Kind.TEXT and holds_text(of, value)
    low, high = _ends(of)
    return low <= value <= high


def _ends(of: Elementary) -> tuple[float, float]:
    """The smallest and the largest number that a variable of the type can hold; a NaN lies nowhere between them."""
    if of.kind is Kind.REAL:
        top = sys.float_info.max if of.size == 8 else math.nextafter(_REAL_MAX, 0.0)
        return -top, top
    return (0, 0) if of.kind is Kind.TEXT else (of.minimum, of.maximum)
