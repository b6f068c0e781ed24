"""Snapshots: application memory as it was at the end of a scan, copied once and decoded where one looks."""

import struct

from runtime.core.appmemory import FAULT_COUNT, NOW_NS, SCAN_NO, WALL_NS
from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.core.tag import Tag, Variable
from runtime.image.channel import ChannelEnd
from runtime.image.layout import Channel, ImageLayout
from runtime.image.segment import ImageSegment

_I64 = struct.Struct("<q")
_U64 = struct.Struct("<Q")
NEVER_NS = 2**63 - 1
"""Age of a tag that was never read."""


class Snapshot:
    """All variables after one scan. Immutable."""

    __slots__ = ("_quality_offset", "_stamp_offset", "memory")

    def __init__(self, memory: bytes, *, quality_offset: int, stamp_offset: int) -> None:
        self.memory = memory
        self._quality_offset = quality_offset
        self._stamp_offset = stamp_offset

    @property
    def scan_no(self) -> int:
        """Number of the scan since the start of the scan process."""
        number: int = _U64.unpack_from(self.memory, SCAN_NO)[0]
        return number

    @property
    def now_ns(self) -> int:
        """Scan clock, monotonic ns."""
        now_ns: int = _I64.unpack_from(self.memory, NOW_NS)[0]
        return now_ns

    @property
    def wall_ns(self) -> int:
        """Wall clock, ns since 1970-01-01 UTC."""
        wall_ns: int = _I64.unpack_from(self.memory, WALL_NS)[0]
        return wall_ns

    @property
    def fault_count(self) -> int:
        """Faults up to and with this scan."""
        count: int = _U64.unpack_from(self.memory, FAULT_COUNT)[0]
        return count

    def value(self, variable: Variable) -> Value:
        """The value as its elementary type; of an enumeration, the number."""
        return variable.type.unpack(self.memory, variable.offset)

    def quality(self, tag: Tag) -> Quality:
        """The quality the tag had in this scan."""
        return Quality(self.memory[self._quality_offset + tag.index])

    def stamp_ns(self, tag: Tag) -> int:
        """Monotonic ns of the last good reading; 0 or less: never."""
        stamp_ns: int = _I64.unpack_from(self.memory, self._stamp_offset + 8 * tag.index)[0]
        return stamp_ns

    def age_ns(self, tag: Tag) -> int:
        """Scan clock minus stamp, at least 0; NEVER_NS for a tag that was never read."""
        stamp_ns = self.stamp_ns(tag)
        return max(0, self.now_ns - stamp_ns) if stamp_ns > 0 else NEVER_NS


class SnapshotReader:
    """Copies the newest snapshot out of the image segment; `of` names another channel of application memory."""

    def __init__(self, segment: ImageSegment, of: Channel | None = None) -> None:
        self._layout: ImageLayout = segment.layout
        self._end = ChannelEnd(segment, of or segment.layout.snapshots)
        self._last: Snapshot | None = None
        self._last_number = 0

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Of the channel, as `ChannelEnd.place`."""
        return self._end.place

    @property
    def number(self) -> int:
        """Of the snapshot that was read last; 0: none was."""
        return self._last_number

    def took(self, number: int, memory: bytes) -> Snapshot:
        """Somebody else has read the snapshot of that number: it is the newest here, too."""
        self._last_number = number
        self._last = self._snapshot(memory)
        return self._last

    def latest(self) -> Snapshot | None:
        """The newest snapshot (the same object while there is no newer one); None before the first scan."""
        if self._end.published() == self._last_number:
            return self._last
        number = self._end.read()
        if number:
            self._last_number = number
            self._last = self._snapshot(bytes(self._end.buffer))
        return self._last

    def _snapshot(self, memory: bytes) -> Snapshot:
        layout = self._layout
        return Snapshot(memory, quality_offset=layout.quality_offset, stamp_offset=layout.stamp_offset)
