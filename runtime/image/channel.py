"""One end of a channel in Python: a private buffer, published from or copied into by the compiled primitives."""

import ctypes

from runtime.image.layout import Channel
from runtime.image.primitives import primitives
from runtime.image.segment import SharedSegment

READ_ATTEMPTS = 8
"""A writer laps a reader once in a blue moon (layout.py); eight times in a row means it publishes without pause."""


class ChannelEnd:
    """A channel of a mapped segment, and a buffer for one payload."""

    def __init__(self, segment: SharedSegment, channel: Channel) -> None:
        self._segment = segment  # keeps the mapping while this end lives
        self.buffer = bytearray(channel.payload_size)
        self._anchor = (ctypes.c_char * channel.payload_size).from_buffer(self.buffer)
        self._call = (
            segment.address + channel.offset,
            channel.slots,
            channel.slot_size,
            channel.payload_size,
            ctypes.addressof(self._anchor),
        )

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Address of the channel, slots, their distance, size of a payload."""
        return self._call[:4]

    def publish(self) -> int:
        """Hand the buffer's content to all readers; the number of the payload."""
        return primitives().publish(*self._call)

    def read(self) -> int:
        """Fill the buffer with the newest payload; its number. 0: nothing published, or the buffer holds garbage."""
        read = primitives().read
        for _ in range(READ_ATTEMPTS):
            number = read(*self._call)
            if number or not self.published():
                return number
        return 0

    def published(self) -> int:
        """Number of the newest payload; 0 before the first."""
        return primitives().load_u64(self._call[0])
