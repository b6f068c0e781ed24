"""Where everything lies in the image segment.

The image segment is a memfd that the supervisor makes, one for each layout hash. From low to high address:

    header        magic, ABI version, layout hash
    page numbers  u64 a device: the number of its newest page, beside each other, so that a glance tells which are new
    input pages   one channel a device, written by io, read by scan at latch
    output frame  one channel, written by scan at publish, read by io
    snapshots     one channel, a copy of application memory a scan, read by gateway (and recorder, redundancy)
    fault         one channel: application memory right after the first turn with a fault since the last
                  acknowledgement, written by scan
    mirror        one channel: application memory of a pair's leader, written by redundancy, read by scan
    force table   one entry an input or output, then the texts of those of a string type; written by gateway, read by
                  scan
    pins          PINS_MAX entries (image/pins.py), then a text for each; written by gateway, read by scan
    tasks         a row of statistics a task (image/taskstatistics.py), written by scan
    records       what each scan took in (image/recordring.py), written by scan, read by recorder
    application   the memory the programs run in (core/appmemory.py), touched by scan alone

A *channel* hands whole payloads from one writer to any readers without a lock (image/primitives.py):

    u64 published     number of the newest payload, 0 before the first
    u64 reserved
    slot[slots]       each: u64 seq, padded to 64, payload bytes, padded to 64

Payload number n goes to slot n % slots. seq is 2n-1 while it is being written and 2n when it is whole. A reader takes
`published`, copies that slot, and knows by seq whether the writer lapped it meanwhile; it never waits for a writer.

Payload of an input page: stamps, numbers, qualities and texts of its points (image/pageplaces.py).
Payload of the output frame: FRAME_HEADER_SIZE bytes (`FRAME_HEADER`), then 8 bytes of value an output, then texts, each
in a room of its own (`text_room`), at the `text_place` of its slot; the eight bytes of value are then unused.
A text is as in application memory (core/elementary.py), whatever stands in it: nobody relies on its end being there.
Payload of a snapshot: application memory as it was at the end of a scan.
Payload of the mirror: MIRROR_HEADER_SIZE bytes (`MIRROR_HEADER`), then the leader's application memory.
Force table: u64 changes, padded to FORCE_HEADER_SIZE; then an entry a point: u8 active, 7 bytes padding, 8 bytes value.
Entry number: inputs first, then outputs, each in layout order. Gateway adds 1 to `changes` after it changed entries;
scan looks at the entries only then, so that a table at rest costs it one load. The value of a string is a number n: its
text is in the first (n even) or second (n odd) of the two rooms that it has behind the entries, from twice its
`force_text_place` on, so that the text that stands is not the one that is being written. So it is with pins.
"""

import ctypes
import hashlib
import struct
from dataclasses import dataclass
from typing import Any

from runtime.core.binding import Bindings
from runtime.core.elementary import Kind, Value
from runtime.core.faultlocals import FAULT_LOCALS_SIZE
from runtime.core.tag import Tag, TagTable
from runtime.image.pageplaces import PointPlaces, place_points
from runtime.image.pageplaces import text_room as text_room
from runtime.image.taskstatistics import TASK_STATISTICS_SIZE

IMAGE_MAGIC = int.from_bytes(b"VIMAGE01", "little")
IMAGE_HEADER_SIZE = 128
"""u64 magic, u64 ABI version, 32 bytes layout hash (raw sha256), padding."""
ABI_VERSION = 7
CHANNEL_HEADER_SIZE = 16
SLOT_HEADER_SIZE = 64
ALIGNMENT = 64
"""A cache line: nothing that two processes write shares one."""

DELTA_BLOCK = 64
"""Bytes of memory that a pair's stream tells whole when one of them changed (delta.py): a cache line."""

PAGE_SLOTS = 2
PAGE_NUMBERS_OFFSET, PAGE_NUMBER_SIZE = IMAGE_HEADER_SIZE, 8

FRAME_HEADER = struct.Struct("<QQqqB7x")
"""term, scan number, deadline ns, valid until ns (both monotonic), what it carries: one of the next three."""
FRAME_FAIL_SAFE, FRAME_DRIVES, FRAME_NO_LEASE = 0, 1, 2
"""Fail-safe values; program values; fail-safe values because the lease of this member of a pair has run out."""
FRAME_HEADER_SIZE = FRAME_HEADER.size
FRAME_VALUE_SIZE = 8
FRAME_SLOTS = 2

SNAPSHOT_SLOTS = 2
"""A reader at a 10 ms cycle has 10 ms for its copy, which takes tens of microseconds, before it is lapped and copies
again. Each more costs the scan: what changed is copied once into every slot."""

FAULT_CAPTURE_SLOTS = 2

MIRROR_SLOTS = 2
MIRROR_HEADER = struct.Struct("<QQqqQ24x")
"""term, scan number, PLC time ns, when it was received here (monotonic ns), applied index."""
MIRROR_HEADER_SIZE = MIRROR_HEADER.size

RING_HEADER_SIZE = 128
RING_SIZE_MIN = 1 << 20
RING_CHECKPOINTS = 4
"""Checkpoints that the record ring has room for at least."""

FORCE_HEADER_SIZE = 64
FORCE_ENTRY = struct.Struct("<B7x8s")
FORCE_ENTRY_SIZE = FORCE_ENTRY.size

PINS_MAX = 64
"""Variables that may be held at a time beside inputs and outputs: a commissioning engineer's, not a program's."""
PIN_TEXT_SIZE = 1024
"""Bytes of the longest text that a variable can be held at, with its end: nobody types more. Inputs and outputs can be
forced to any text that they hold."""
PIN_IS_TEXT, PIN_IS_WIDE = 1 << 31, 1 << 30
"""In `PinEntry.size`: a string, and one of 16-bit characters."""


class PinEntry(ctypes.Structure):
    """A variable that is held: where it lies in application memory, its size in bytes, the value's eight bytes.

    Of a string, PIN_IS_TEXT (and PIN_IS_WIDE) are added to the size, and the value is a number (image/layout.py).
    """

    _fields_ = (
        ("active", ctypes.c_uint64),
        ("offset", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("value", ctypes.c_uint64),
    )


@dataclass(frozen=True, slots=True)
class Channel:
    """Place and shape of one channel in the segment. `offset` of its header, `payload_size` in bytes."""

    offset: int
    slots: int
    payload_size: int

    @property
    def slot_size(self) -> int:
        """Distance between two slots in bytes."""
        return _align(SLOT_HEADER_SIZE + self.payload_size)

    @property
    def size(self) -> int:
        """Bytes from the header to the end of the last slot."""
        return _align(CHANNEL_HEADER_SIZE) + self.slots * self.slot_size

    def slot_offset(self, index: int) -> int:
        """Segment offset of a slot's seq word."""
        return self.offset + _align(CHANNEL_HEADER_SIZE) + index * self.slot_size


@dataclass(frozen=True, slots=True)
class InputSlot:
    """An input tag: point `entry` of device `device`, in map order, at `places` of its page; force entry `force`.

    Of a string also `force_text_place`, where its text lies among the texts of forces.
    """

    tag: Tag
    device: str
    entry: int
    force: int
    stale_after_ns: int
    places: PointPlaces
    force_text_place: int = 0

    @property
    def is_text(self) -> bool:
        """A string."""
        return self.tag.type.kind is Kind.TEXT


@dataclass(frozen=True, slots=True)
class OutputSlot:
    """An output tag: value number `entry` of the output frame, force entry `force`. `fail_safe` None holds.

    Of a string also where its text lies: `text_place` in the frame, `force_text_place` among the texts of forces.
    """

    tag: Tag
    device: str
    entry: int
    force: int
    fail_safe: Value | None
    text_place: int = 0
    force_text_place: int = 0

    @property
    def is_text(self) -> bool:
        """A string."""
        return self.tag.type.kind is Kind.TEXT


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """The whole layout; every process computes the same one from the manifest and compares the hash.

    `forces_offset` is that of the first force entry; `force_texts_size` is that of one room for every forced text.
    """

    pages: dict[str, Channel]
    frame: Channel
    snapshots: Channel
    fault_capture: Channel
    mirror: Channel
    forces_offset: int
    force_texts_offset: int
    force_texts_size: int
    pins_offset: int
    pin_texts_offset: int
    task_statistics_offset: int
    task_count: int
    record_offset: int
    record_size: int
    app_offset: int
    app_size: int
    quality_offset: int
    stamp_offset: int
    size: int
    inputs: tuple[InputSlot, ...]
    outputs: tuple[OutputSlot, ...]
    hash: bytes

    @property
    def force_changes_offset(self) -> int:
        """Segment offset of the force table's `changes` word."""
        return self.forces_offset - FORCE_HEADER_SIZE

    @property
    def frame_words(self) -> int:
        """Values and texts of a frame, in words of 8 bytes."""
        return (self.frame.payload_size - FRAME_HEADER_SIZE) // 8


def lay_out(
    tags: TagTable,
    bindings: Bindings,
    *,
    app_size: int,
    quality_offset: int,
    stamp_offset: int,
    app_hash: str,
    task_count: int = 0,
) -> ImageLayout:
    """Place pages, frame, snapshots, forces, statistics and application memory in a row, each on a cache line.

    `quality_offset` and `stamp_offset` count within application memory. Bindings name existing tags (the map's check
    has seen to it).
    """
    inputs, page_sizes = _input_slots(tags, bindings)
    forced = sum(text_room(slot.tag.type) for slot in inputs)
    outputs = _output_slots(tags, bindings, first_force=len(inputs), first_text=forced)
    driven = sum(text_room(slot.tag.type) for slot in outputs)
    pages = _pages(page_sizes)
    at = _first_page(len(pages)) + sum(page.size for page in pages.values())
    frame = Channel(at, FRAME_SLOTS, FRAME_HEADER_SIZE + len(outputs) * FRAME_VALUE_SIZE + driven)
    snapshots = Channel(frame.offset + frame.size, SNAPSHOT_SLOTS, app_size)
    fault_capture = Channel(snapshots.offset + snapshots.size, FAULT_CAPTURE_SLOTS, app_size + FAULT_LOCALS_SIZE)
    mirror = Channel(fault_capture.offset + fault_capture.size, MIRROR_SLOTS, MIRROR_HEADER_SIZE + app_size)
    forces_offset = mirror.offset + mirror.size + FORCE_HEADER_SIZE
    force_texts_offset = _align(forces_offset + (len(inputs) + len(outputs)) * FORCE_ENTRY_SIZE)
    pins_offset = _align(force_texts_offset + 2 * (forced + driven))
    pin_texts_offset = _align(pins_offset + PINS_MAX * ctypes.sizeof(PinEntry))
    task_statistics_offset = _align(pin_texts_offset + 2 * PINS_MAX * PIN_TEXT_SIZE)
    record_offset = _align(task_statistics_offset + task_count * TASK_STATISTICS_SIZE)
    pages_size = sum(page.payload_size for page in pages.values())
    record_size = _ring_size(app_size + pages_size + frame.payload_size)
    app_offset = _align(record_offset + RING_HEADER_SIZE + record_size)
    return ImageLayout(
        pages=pages,
        frame=frame,
        snapshots=snapshots,
        fault_capture=fault_capture,
        mirror=mirror,
        forces_offset=forces_offset,
        force_texts_offset=force_texts_offset,
        force_texts_size=forced + driven,
        pins_offset=pins_offset,
        pin_texts_offset=pin_texts_offset,
        task_statistics_offset=task_statistics_offset,
        task_count=task_count,
        record_offset=record_offset,
        record_size=record_size,
        app_offset=app_offset,
        app_size=app_size,
        quality_offset=quality_offset,
        stamp_offset=stamp_offset,
        size=_align(app_offset + app_size),
        inputs=inputs,
        outputs=outputs,
        hash=_layout_hash(app_hash, inputs, outputs, task_count),
    )


def _first_page(count: int) -> int:
    return _align(PAGE_NUMBERS_OFFSET + count * PAGE_NUMBER_SIZE)


def _pages(sizes: dict[str, int]) -> dict[str, Channel]:
    at, pages = _first_page(len(sizes)), {}
    for device, size in sizes.items():
        pages[device] = Channel(at, PAGE_SLOTS, size)
        at += pages[device].size
    return pages


def _ring_size(checkpoint_size: int) -> int:
    """A power of two with room for several checkpoints and for a second of records at a busy site."""
    return max(RING_SIZE_MIN, 1 << (RING_CHECKPOINTS * checkpoint_size).bit_length())


def _input_slots(tags: TagTable, bindings: Bindings) -> tuple[tuple[InputSlot, ...], dict[str, int]]:
    """The inputs, and the size of each device's page."""
    slots: list[InputSlot] = []
    sizes: dict[str, int] = {}
    forced = 0
    for device, points in bindings.inputs.items():
        bound = [_bound(tags, point.tag) for point in points]
        places, sizes[device] = place_points(bound)
        for entry, (point, tag) in enumerate(zip(points, bound, strict=True)):
            text = forced if text_room(tag.type) else 0
            slots.append(InputSlot(tag, device, entry, len(slots), point.stale_after_ns, places[entry], text))
            forced += text_room(tag.type)
    return tuple(slots), sizes


def _output_slots(tags: TagTable, bindings: Bindings, *, first_force: int, first_text: int) -> tuple[OutputSlot, ...]:
    slots: list[OutputSlot] = []
    at, forced = FRAME_HEADER_SIZE + len(bindings.outputs) * FRAME_VALUE_SIZE, first_text
    for entry, output in enumerate(bindings.outputs):
        tag = _bound(tags, output.tag)
        room = text_room(tag.type)
        places = (at, forced) if room else (0, 0)
        slots.append(OutputSlot(tag, output.device, entry, first_force + entry, output.fail_safe, *places))
        at, forced = at + room, forced + room
    return tuple(slots)


def _bound(tags: TagTable, name: str) -> Tag:
    tag = tags.tag(name)
    assert tag is not None, f"binding names no tag: {name}"
    return tag


def _layout_hash(
    app_hash: str, inputs: tuple[InputSlot, ...], outputs: tuple[OutputSlot, ...], task_count: int
) -> bytes:
    told: list[Any] = [ABI_VERSION, app_hash, task_count]
    told += [(i.tag.name, i.tag.type.name, i.device, i.entry) for i in inputs]
    told += [(o.tag.name, o.tag.type.name, o.device, o.entry) for o in outputs]
    return hashlib.sha256(repr(told).encode()).digest()


def _align(size: int) -> int:
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
