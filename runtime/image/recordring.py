"""The record ring: what each scan took in, written by the scan as it ends, read by the recorder at its leisure.

A piece of the image segment: RING_HEADER_SIZE bytes of header, then `size` bytes (a power of two) that the scan writes
round and round without ever waiting. `claimed` and `written` count bytes since the start; the scan raises `claimed`
before it writes a record and `written` after. A reader copies what lies between its own place and `written`; if
`claimed` is by then more than `size` ahead of that place, the scan has overtaken it: records are lost.

The scan also tells where the last RING_CHECKPOINTS checkpoints begin, so that a recorder that was killed finds what the
ring still holds: a checkpoint, and every record after it.

A record is RECORD_HEADER, then parts: PART_HEADER and as many bytes. All lengths are multiples of 8.

    part      index     bytes
    PAGE      device    the input page that was latched (image/layout.py)
    FORCES    0         u64 inputs, u64 outputs forced; each: u64 force point, u64 value (scan/plan.py, ActiveForce)
    PINS      0         each variable held: u64 offset, u32 kind, u32 0, u64 value (scan/plan.py, ActivePin)
    COMMAND   0         the mailbox entry that was taken (image/control.py)
    COMMAND_TEXT  n     the text that came with command n of this record, from 0; padded with anything
    HELD_TEXTS 0        the texts of forces, then of pins, as the scan holds them (scan/plan.py, held_texts)
    MEMORY    0         application memory after the scan      | these in a checkpoint only, which is written
    TASKS     0         each task: i64 turn, u64 calls         | after the scan whose number it carries, and
    SAFE      0         fail-safe values and texts of a frame  | has every page and all forces too
    ORIGIN    0         i64 PLC time minus monotonic ns, u64 stop count, u64 version of the programs
"""

import ctypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from runtime.image.layout import RING_CHECKPOINTS, RING_HEADER_SIZE
from runtime.image.primitives import primitives
from runtime.image.segment import ImageSegment

RECORD_HEADER = struct.Struct("<QQQqqQQQQQ")
"""Length (all of it), kind, scan number, deadline ns (monotonic), wall clock ns, faults acknowledged, run switch (0 too
without a lease), term, the tasks that are late (a bit a task), digest of the output frame's values."""
PART_HEADER = struct.Struct("<QQQ")
"""part, index, bytes that follow."""
DIGEST_START, DIGEST_FACTOR = 0xCBF2_9CE4_8422_2325, 0x0000_0100_0000_01B3
"""FNV-1a, 64 bits (Fowler, Noll, Vo), over words instead of bytes."""
DIGEST_LANES = 4
"""Words of a frame go into them in turn, what is left over into the first, in the end the other lanes, too. A
multiplication has to wait for the one before it: so many side by side take no longer than one."""


class RecordKind(IntEnum):
    """What a record is of."""

    SCAN = 1
    CHECKPOINT = 2


class Part(IntEnum):
    """What a part of a record holds: see the head of this file."""

    PAGE = 1
    FORCES = 2
    COMMAND = 3
    MEMORY = 4
    TASKS = 5
    SAFE = 6
    ORIGIN = 7
    PINS = 8
    COMMAND_TEXT = 9
    HELD_TEXTS = 10


class RingHeader(ctypes.Structure):
    """The first bytes of the ring. `checkpoints_asked` is the reader's word, the others are the scan's."""

    _fields_ = (
        ("written", ctypes.c_uint64),
        ("claimed", ctypes.c_uint64),
        ("epoch", ctypes.c_uint64),  # raised when a scan process begins the ring anew
        ("checkpoint_count", ctypes.c_uint64),  # checkpoints written since the ring was begun
        (
            "checkpoints",
            ctypes.c_uint64 * RING_CHECKPOINTS,
        ),  # number n, from 0, began at checkpoints[n % RING_CHECKPOINTS]
        ("checkpoints_asked", ctypes.c_uint64),
        ("pad_in", ctypes.c_uint64 * 7),
    )


_SPARE = 8
"""An eighth of the ring may be written while a resumed reader takes the rest."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `parts`: what, index, bytes."""

    kind: RecordKind
    scan_no: int
    now_ns: int
    wall_ns: int
    fault_ack: int
    run_switch: int
    term: int
    late: int
    digest: int
    parts: tuple[tuple[Part, int, bytes], ...]


_VERSION = struct.Struct("<16xQ")


def version_of(checkpoint: Record) -> int:
    """Which version of the programs a checkpoint is of. Raises ValueError when the record is no checkpoint."""
    for part, _, content in checkpoint.parts:
        if part is Part.ORIGIN:
            version: int = _VERSION.unpack(content)[0]
            return version
    raise ValueError("a checkpoint says of which version it is")


def parse_records(raw: bytes) -> Iterator[Record]:
    """The records in bytes that hold whole ones. Raises ValueError when they do not."""
    at = 0
    while at < len(raw):
        if len(raw) - at < RECORD_HEADER.size:
            raise ValueError("a record is cut short")
        length, kind, scan_no, now, wall, ack, run_switch, term, late, digest = RECORD_HEADER.unpack_from(raw, at)
        if length < RECORD_HEADER.size or length % 8 or at + length > len(raw):
            raise ValueError(f"a record cannot have {length} bytes here")
        parts: list[tuple[Part, int, bytes]] = []
        place, end = at + RECORD_HEADER.size, at + length
        while place < end:
            part, index, size = PART_HEADER.unpack_from(raw, place)
            place += PART_HEADER.size
            parts.append((Part(part), index, raw[place : place + size]))
            place += size
        yield Record(RecordKind(kind), scan_no, now, wall, ack, run_switch, term, late, digest, tuple(parts))
        at = end


def begin_ring(header: int) -> None:
    """Start the ring at this address anew: a scan process does, before its first scan."""
    ring = RingHeader.from_address(header)
    ring.epoch += 1
    for word in (RingHeader.checkpoint_count, RingHeader.written, RingHeader.claimed):
        primitives().store_u64(header + word.offset, 0)


assert ctypes.sizeof(RingHeader) == RING_HEADER_SIZE


class RingReader:
    """Takes records out of a ring. One reader a ring: it also asks for checkpoints."""

    def __init__(self, segment: ImageSegment, *, from_start: bool = False) -> None:
        """`from_start`: from the oldest record in the ring on, as for a version that has just taken over."""
        layout = segment.layout
        self._segment = segment  # keeps the mapping while this reader lives
        self._header = segment.address + layout.record_offset
        self._room = self._header + ctypes.sizeof(RingHeader)
        self._size = layout.record_size
        self._epoch = self._load(RingHeader.epoch.offset)
        self._place = 0 if from_start else self._load(RingHeader.written.offset)
        self.was_followed = self._load(RingHeader.checkpoint_count.offset) > 0
        """True when checkpoints had been asked for before: another recorder has followed this ring."""

    @classmethod
    def resumed(cls, segment: ImageSegment) -> "RingReader":
        """From the oldest checkpoint on that the ring still holds with all that follows it, else from now on.

        For a recorder that takes the place of one that died.
        """
        found, now = cls(segment), cls(segment)
        found._place = found._oldest_checkpoint()
        place = found._place
        try:
            kinds = [record.kind for record in parse_records(found.take() or b"")][:1]
        except (ValueError, struct.error):  # bytes that no scan wrote
            return now
        found._place = place
        return found if kinds == [RecordKind.CHECKPOINT] else now

    def _oldest_checkpoint(self) -> int:
        """Where it begins, with room to spare before the scan overwrites it; the ring's end when there is none."""
        written, count = self._load(RingHeader.written.offset), self._load(RingHeader.checkpoint_count.offset)
        for number in range(max(0, count - RING_CHECKPOINTS), count):
            place = self._load(RingHeader.checkpoints.offset + 8 * (number % RING_CHECKPOINTS))
            behind = written - place
            if place % 8 == 0 and 0 < behind < self._size - self._size // _SPARE:
                return place
        return written

    def _load(self, offset: int) -> int:
        return primitives().load_u64(self._header + offset)

    def ask_checkpoint(self) -> None:
        """Have the scan write a checkpoint after its next scan."""
        primitives().add_u64(self._header + RingHeader.checkpoints_asked.offset, 1)

    def take(self) -> bytes | None:
        """All records since the last call; None when some were overwritten: the next call goes on from here."""
        epoch = self._load(RingHeader.epoch.offset)
        if epoch != self._epoch:  # another scan process began the ring anew
            self._epoch, self._place = epoch, 0
            return None
        written = self._load(RingHeader.written.offset)
        there = min(max(0, written - self._place), self._size + 1)
        start = self._place % self._size
        first = min(there, self._size - start)
        copied = ctypes.string_at(self._room + start, first) + ctypes.string_at(self._room, there - first)
        lapped = there > self._size or self._load(RingHeader.claimed.offset) - self._place > self._size
        self._place = written
        return None if lapped or self._load(RingHeader.epoch.offset) != epoch else copied
