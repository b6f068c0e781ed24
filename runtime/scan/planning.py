"""Fills a plan from a layout: which bytes go where in every scan."""

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.elementary import Elementary, Kind
from runtime.image.control import MAILBOX_LEN, MAILBOX_TEXT_SIZE, MailboxEntry
from runtime.image.layout import (
    FRAME_HEADER_SIZE,
    FRAME_VALUE_SIZE,
    PAGE_NUMBERS_OFFSET,
    PIN_TEXT_SIZE,
    PINS_MAX,
    Channel,
    ImageLayout,
    InputSlot,
    OutputSlot,
    text_room,
)
from runtime.image.recordring import begin_ring
from runtime.scan.pagestrips import status_strips, value_strips
from runtime.scan.plan import (
    BLOCK_TAGS,
    STAMP_SIZE,
    VALUE_BLOCK_SIZE,
    ActiveForce,
    ActivePin,
    ChannelPlan,
    ForcePoint,
    InputMove,
    OutputMove,
    OverrunRule,
    PagePlan,
    Plan,
    Run,
    Span,
    StatusStrip,
    TaskPlan,
    TextMove,
    ValueKind,
    ValueStrip,
)
from runtime.scan.spans import Piece, apart, find_spans, overlap

_LONG_AGO_NS = -(1 << 63)
_ALL_SLOTS = b"\xff"
_BY_SIZE = {1: ValueKind.BYTES_1, 2: ValueKind.BYTES_2, 4: ValueKind.BYTES_4, 8: ValueKind.BYTES_8}


@dataclass(frozen=True, slots=True)
class Timing:
    """The figures of a scan: base cycle, how long a frame is valid, what a fault of an output does."""

    cycle_ns: int
    frame_valid_ns: int
    stop_on_fault: bool


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """Address of `void entry(void *application_memory)`, its interval (0: every base cycle), what it may use of loop
    iterations and calls in a turn, what its faults and its overruns do."""

    entry: int
    interval_ns: int
    budget: int
    stop_on_fault: bool
    overrun_rule: OverrunRule = OverrunRule.COUNT


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things are in this process. `image` None: no pages, frames, snapshots and forces (virtual time)."""

    control: int
    app: int
    image: int | None


class ScanPlan:
    """A plan and the tables it points at, which live as long as this object."""

    def __init__(
        self,
        layout: ImageLayout,
        *,
        timing: Timing,
        tasks: Sequence[PlannedTask],
        at: Addresses,
        initial: bytes,
        first_output_site: int,
        eventfds: Sequence[int] = (),
        recorded: bool = True,
        alone: bool = False,
        stored: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        """`alone`: nothing but scans changes memory and copies of pages, so what rests need not be copied again.
        `stored`: stretches of memory outside of which no program stores anything; None: there are none.

        `initial` is application memory before the first scan, for outputs that hold. Output number n records
        faults at site `first_output_site` + n; behind those of the outputs is a site a task, for its overruns."""
        self._kept: list[Any] = []
        self.plan = Plan()
        self.address = ctypes.addressof(self.plan)
        self._at = at
        plan = self.plan
        plan.control, plan.app, plan.writable_end = at.control, at.app, layout.quality_offset
        plan.cycle_ns = timing.cycle_ns
        plan.frame_valid_ns, plan.stop_on_fault = timing.frame_valid_ns, timing.stop_on_fault
        plan.force_changes = self._table((ctypes.c_uint64 * 1)())
        plan.app_size, plan.stamp_offset, plan.alone = layout.app_size, layout.stamp_offset, alone
        plan.taken = self._table((MailboxEntry * MAILBOX_LEN)())
        plan.taken_texts = self._table((ctypes.c_uint8 * (MAILBOX_LEN * MAILBOX_TEXT_SIZE))())
        self._plan_tasks(tasks, first_output_site + len(layout.outputs))
        self._plan_outputs(layout, initial, first_output_site)
        resting = self._plan_spans(layout, stored) if at.image is not None else frozenset()
        self._plan_blocks(layout, None if not alone or stored is None else _live(layout, stored, resting))
        plan.eventfds = self._table((ctypes.c_int32 * len(eventfds))(*eventfds))
        plan.eventfd_count = len(eventfds)
        if at.image is not None:
            self._plan_pages(layout, at.image, resting)
            self._plan_forces(layout, at.image)
            if recorded:
                plan.ring, plan.ring_size = at.image + layout.record_offset, layout.record_size
                plan.force_changes_recorded = 2**64 - 2
                begin_ring(plan.ring)
            plan.task_statistics = at.image + layout.task_statistics_offset
            plan.frame = _channel(layout.frame, at.image)
            plan.snapshots = _channel(layout.snapshots, at.image)
            plan.fault_capture = _channel(layout.fault_capture, at.image)
            plan.mirror = _channel(layout.mirror, at.image)
            plan.mirror_staging = self._table((ctypes.c_uint64 * (layout.mirror.payload_size // 8 + 1))())
            plan.capture_staging = self._table((ctypes.c_uint64 * (layout.fault_capture.payload_size // 8 + 1))())

    def _table(self, made: Any) -> int:
        self._kept.append(made)
        return ctypes.addressof(made)

    def _rows(self, of: type[ctypes.Structure], rows: Iterable[ctypes.Structure]) -> int:
        held = list(rows)
        return self._table((of * len(held))(*held))

    def _plan_tasks(self, tasks: Sequence[PlannedTask], first_site: int) -> None:
        rows = (
            TaskPlan(t.entry, t.interval_ns, -1, 0, t.budget, t.stop_on_fault, t.overrun_rule, first_site + i, 0)
            for i, t in enumerate(tasks)
        )
        self.plan.tasks = self._rows(TaskPlan, rows)
        self.plan.task_count = len(tasks)

    def _plan_pages(self, layout: ImageLayout, image: int, resting: frozenset[int]) -> None:
        pages: list[PagePlan] = []
        for device, channel in layout.pages.items():
            points = [slot for slot in layout.inputs if slot.device == device]
            numbers = [point for point in points if not point.is_text]
            runs, values, statuses = self._input_runs(numbers), value_strips(numbers, resting), status_strips(numbers)
            page = PagePlan(channel=_channel(channel, image), run_count=len(runs), fresh_until_ns=_LONG_AGO_NS)
            page.unknown = self._table((Span * sum(run.count for run in runs))())
            page.value_strips, page.value_strip_count = self._rows(ValueStrip, values), len(values)
            page.status_strips, page.status_strip_count = self._rows(StatusStrip, statuses), len(statuses)
            page.quality_place = min((point.places.quality for point in points), default=0)
            texts = [_input_text(layout, point) for point in points if point.is_text]
            page.texts, page.text_count = self._rows(TextMove, texts), len(texts)
            page.current = self._table((ctypes.c_uint8 * channel.payload_size)())
            page.spare = self._table((ctypes.c_uint8 * channel.payload_size)())
            page.runs = self._rows(Run, runs)
            pages.append(page)
        self.plan.pages, self.plan.page_count = self._rows(PagePlan, pages), len(pages)
        self.plan.page_numbers = image + PAGE_NUMBERS_OFFSET

    def _plan_blocks(self, layout: ImageLayout, live: Iterable[Piece] | None) -> None:
        """The blocks of a snapshot; no slot has any of them. `live`: where scans may change values; None: anywhere."""
        plan = self.plan
        tags = max(1, -(-(layout.app_size - layout.stamp_offset) // (STAMP_SIZE * BLOCK_TAGS)))
        values = -(-layout.quality_offset // VALUE_BLOCK_SIZE)
        told = bytearray(_ALL_SLOTS * values if live is None else values)
        for piece in live or ():
            first, behind = piece.offset // VALUE_BLOCK_SIZE, -(-piece.end // VALUE_BLOCK_SIZE)
            told[first:behind] = _ALL_SLOTS * (behind - first)
        plan.live_blocks = self._table((ctypes.c_uint8 * values)(*told))
        for name, count in (("tag_block", tags), ("value_block", values)):
            setattr(plan, f"{name}s", self._table((ctypes.c_uint8 * count)(*_ALL_SLOTS * count)))
            setattr(plan, f"{name}_count", count)

    def _plan_spans(self, layout: ImageLayout, stored: Sequence[tuple[int, int]] | None) -> frozenset[int]:
        """The offsets of resting inputs. Inputs that share bytes are what the page that is moved last says: all of them
        are moved in every scan, and none rests."""
        plan = self.plan
        plan.inputs = plan.app
        places = [Piece(point.tag.offset, point.tag.type.size) for point in layout.inputs]
        if not plan.alone or overlap(places):
            return frozenset()
        size = (layout.quality_offset + 7) // 8 * 8
        numbers = [place for point, place in zip(layout.inputs, places, strict=True) if not point.is_text]
        resting = [] if stored is None else apart(numbers, stored)
        offsets = frozenset(piece.offset for piece in resting)
        spans = find_spans((piece for piece in numbers if piece.offset not in offsets), size)
        plan.inputs = self._table((ctypes.c_uint8 * size)())
        plan.input_mask = self._table((ctypes.c_uint8 * size)(*spans.mask))
        plan.resting_mask = self._table((ctypes.c_uint8 * size)(*find_spans(resting, size).mask))
        for name, pieces in (("whole_span", spans.whole), ("mixed_span", spans.mixed)):
            setattr(plan, f"{name}s", self._rows(Span, (Span(piece.offset, piece.size) for piece in pieces)))
            setattr(plan, f"{name}_count", len(pieces))
        return offsets

    def _input_runs(self, points: list[InputSlot]) -> list[Run]:
        """A run a kind and time after which points are stale, each in the order of memory."""
        runs: list[Run] = []
        in_memory = sorted(points, key=lambda point: point.tag.offset)
        for (kind, stale_after_ns), group in _grouped(in_memory, lambda p: (_input_kind(p), p.stale_after_ns)):
            moves = [InputMove(p.places.value, p.tag.offset, p.places.stamp // STAMP_SIZE, p.tag.index) for p in group]
            runs.append(Run(kind, len(moves), self._rows(InputMove, moves), stale_after_ns))
        return runs

    def _plan_outputs(self, layout: ImageLayout, initial: bytes, first_site: int) -> None:
        plan, outputs = self.plan, layout.outputs
        runs: list[Run] = []
        plan.first_output_site = first_site
        for kind, group in _grouped([o for o in outputs if not o.is_text], _output_kind):
            moves = _rows_of_outputs(group)
            runs.append(Run(kind, len(moves), self._rows(OutputMove, moves)))
        plan.output_runs, plan.output_run_count = self._rows(Run, runs), len(runs)
        plan.output_count, plan.frame_words = len(outputs), layout.frame_words
        texts = [_text_move(o, o.text_place) for o in outputs if o.is_text]
        plan.output_texts, plan.output_text_count = self._rows(TextMove, texts), len(texts)
        plan.safe = self._table((ctypes.c_uint8 * (8 * layout.frame_words))(*_safe_values(layout, initial)))
        holds = [word for o in outputs if o.fail_safe is None for word in frame_words_of(o)]
        plan.holds, plan.hold_count = self._table((ctypes.c_uint32 * len(holds))(*holds)), len(holds)
        # The room of a frame also where none is published: the fence works on it.
        room = (layout.frame.payload_size + FRAME_VALUE_SIZE - 1) // FRAME_VALUE_SIZE
        plan.frame_staging = plan.frame_made = self._table((ctypes.c_uint64 * room)())

    def _plan_forces(self, layout: ImageLayout, image: int) -> None:
        plan = self.plan
        points: list[InputSlot | OutputSlot] = [*layout.inputs, *layout.outputs]
        plan.forces = image + layout.forces_offset
        plan.force_changes = image + layout.force_changes_offset
        plan.force_points = self._rows(ForcePoint, (_force_point(layout, point) for point in points))
        plan.input_count = len(layout.inputs)
        plan.active_inputs = self._table((ActiveForce * len(layout.inputs))())
        plan.active_outputs = self._table((ActiveForce * len(layout.outputs))())
        plan.pins = image + layout.pins_offset
        plan.active_pins = self._table((ActivePin * PINS_MAX)())
        plan.force_texts = image + layout.force_texts_offset
        plan.pin_texts = image + layout.pin_texts_offset
        plan.force_texts_size = layout.force_texts_size
        plan.held_texts = self._table((ctypes.c_uint8 * (layout.force_texts_size + PINS_MAX * PIN_TEXT_SIZE))())
        plan.force_changes_seen = 2**64 - 1  # no look yet: forces outlive a restart of the scan


def _live(layout: ImageLayout, stored: Sequence[tuple[int, int]], resting: frozenset[int]) -> list[Piece]:
    """Where any scan may change values: its header, what programs store into, what the latch restores."""
    restored = [Piece(p.tag.offset, p.tag.type.size) for p in layout.inputs if p.tag.offset not in resting]
    return [Piece(0, HEADER_SIZE), *(Piece(start, end - start) for start, end in stored), *restored]


def _channel(channel: Channel, image: int) -> ChannelPlan:
    return ChannelPlan(image + channel.offset, channel.slots, channel.slot_size, channel.payload_size)


def _input_kind(point: InputSlot | OutputSlot) -> ValueKind:
    of = point.tag.type
    if of.kind is Kind.TEXT:
        return ValueKind.TEXT
    return ValueKind.BOOL if of.kind is Kind.BOOL else _BY_SIZE[of.size]


def _output_kind(point: InputSlot | OutputSlot) -> ValueKind:
    of = point.tag.type
    if of.kind is Kind.REAL:
        return ValueKind.REAL if of.size == 4 else ValueKind.LREAL
    return _input_kind(point)


def _grouped(points: Iterable[Any], key: Any) -> list[tuple[Any, list[Any]]]:
    return [(of, list(group)) for of, group in groupby(sorted(points, key=key), key)]


def _force_point(layout: ImageLayout, point: InputSlot | OutputSlot) -> ForcePoint:
    made = ForcePoint(value_offset=point.tag.offset, kind=_input_kind(point))
    made.quality_offset = layout.quality_offset + point.tag.index
    made.stamp_offset = layout.stamp_offset + 8 * point.tag.index
    of = point.tag.type
    if of.kind is Kind.TEXT:
        made.size, made.width, made.text_place = of.size, of.width, point.force_text_place
    return made


def _rows_of_outputs(outputs: Sequence[OutputSlot]) -> list[OutputMove]:
    """Moves of outputs of one type's size, given in the order of their entries."""
    moves: list[OutputMove] = []
    for output in outputs:  # none lies at offset 0: application memory has a header
        offset, last = output.tag.offset, moves[-1] if moves else OutputMove()
        if (last.value_offset + last.count * output.tag.type.size, last.entry + last.count) == (offset, output.entry):
            last.count += 1
        else:
            moves.append(OutputMove(offset, output.entry, 1))
    return moves


def _text_move(point: InputSlot | OutputSlot, place: int) -> TextMove:
    of = point.tag.type
    return TextMove(text_place=place, value_offset=point.tag.offset, size=of.size, width=of.width)


def _input_text(layout: ImageLayout, point: InputSlot) -> TextMove:
    made = _text_move(point, point.places.value)
    made.stamp_place, made.quality_place = point.places.stamp, point.places.quality
    made.quality_offset = layout.quality_offset + point.tag.index
    made.stamp_offset = layout.stamp_offset + 8 * point.tag.index
    made.stale_after_ns = point.stale_after_ns
    return made


def frame_words_of(output: OutputSlot) -> range:
    """Which words of a frame's values and texts are the output's."""
    if not output.is_text:
        return range(output.entry, output.entry + 1)
    first = (output.text_place - FRAME_HEADER_SIZE) // FRAME_VALUE_SIZE
    return range(first, first + text_room(output.tag.type) // FRAME_VALUE_SIZE)


def _safe_values(layout: ImageLayout, initial: bytes) -> bytearray:
    made = bytearray(8 * layout.frame_words)
    for output in layout.outputs:
        _put_safe(made, FRAME_VALUE_SIZE * frame_words_of(output).start, output, initial)
    return made


def _put_safe(made: bytearray, at: int, output: OutputSlot, initial: bytes) -> None:
    """An output's fail-safe value; its initial value when it holds, 0 when that is not finite."""
    of: Elementary = output.tag.type
    value = output.fail_safe if output.fail_safe is not None else of.unpack(initial, output.tag.offset)
    finite = not isinstance(value, float) or abs(value) < float("inf")
    of.pack_into(made, at, value if finite else of.default)
