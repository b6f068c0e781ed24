"""Output frames: what the scan wants written to the devices, with the terms under which it may be."""

from dataclasses import dataclass

from runtime.core.elementary import Value
from runtime.image.channel import ChannelEnd
from runtime.image.layout import FRAME_DRIVES, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_NO_LEASE, FRAME_VALUE_SIZE
from runtime.image.segment import ImageSegment


@dataclass(frozen=True, slots=True)
class OutputFrame:
    """One frame. `values` in the order of `ImageLayout.outputs`; finite by the kernel's care.

    `now_ns` is the scan's deadline (monotonic). `driving` False: the values are the fail-safe ones; `leased` False: for
    want of a lease (a member of a pair).
    """

    term: int
    scan_no: int
    now_ns: int
    valid_until_ns: int
    driving: bool
    values: tuple[Value, ...]
    leased: bool = True


class FrameReader:
    """Reads the newest frame. For io, which decides whether it may still be written."""

    def __init__(self, segment: ImageSegment) -> None:
        layout = segment.layout
        self._places = tuple(
            (slot.tag.type, slot.text_place or FRAME_HEADER_SIZE + slot.entry * FRAME_VALUE_SIZE)
            for slot in layout.outputs
        )
        self._end = ChannelEnd(segment, layout.frame)
        self._last: OutputFrame | None = None
        self._last_number = 0

    def latest(self) -> OutputFrame | None:
        """The newest frame (the same object while there is no newer one); None before the first."""
        if self._end.published() == self._last_number:
            return self._last
        number = self._end.read()
        if number:
            self._last_number = number
            self._last = self._decode()
        return self._last

    def _decode(self) -> OutputFrame:
        memory = self._end.buffer
        term, scan_no, now_ns, valid_until_ns, driving = FRAME_HEADER.unpack_from(memory)
        values = tuple(of.unpack(memory, at) for of, at in self._places)
        drives, leased = driving == FRAME_DRIVES, driving != FRAME_NO_LEASE
        return OutputFrame(term, scan_no, now_ns, valid_until_ns, drives, values, leased)
