"""Phase record: what this scan took in goes into the record ring (image/recordring.py), so that a replay is exact.

Pages and forces are written only when they changed, commands when they were taken. A checkpoint, when the recorder asks
for one, follows the scan whose state it holds. A plan without a ring (virtual time) records nothing.
"""

import ctypes

from runtime.image.control import MAILBOX_TEXT_SIZE, Control, MailboxEntry
from runtime.image.emit import I64, PTR, Code, Local, Routine, Word
from runtime.image.layout import FRAME_HEADER_SIZE, PIN_TEXT_SIZE, RING_CHECKPOINTS
from runtime.image.recordring import (
    DIGEST_FACTOR,
    DIGEST_LANES,
    DIGEST_START,
    PART_HEADER,
    RECORD_HEADER,
    Part,
    RecordKind,
    RingHeader,
)
from runtime.image.view import View
from runtime.scan.phases.texts import command_text_size
from runtime.scan.plan import ActiveForce, ActivePin, PagePlan, Plan, TaskPlan

_HEADER_SIZE, _PART_SIZE = RECORD_HEADER.size, PART_HEADER.size
_COMMAND_SIZE = ctypes.sizeof(MailboxEntry)
_FORCE_SIZE, _TASK_SIZE = ctypes.sizeof(ActiveForce), 16
_PIN_SIZE, _ORIGIN_SIZE = ctypes.sizeof(ActivePin), 24
_LATE_BITS = 64


def write_recording(code: Code) -> None:
    """Write `keep_record(plan, now, wall)`, to be called when the scan has published."""
    _write_digest(code)
    _write_late(code)
    _write_put(code)
    _write_sizes(code)
    _write_one(code)
    with code.routine("keep_record", plan=PTR, now=I64, wall=I64) as r:
        plan = View(r, Plan, r["plan"])
        with r.when(plan["ring"].equals(r.null())):
            r.give()
        r.call(code["write_record"], r["plan"], r["now"], r["wall"], r.word(RecordKind.SCAN))
        plan["taken_count"] = r.word(0)
        asked = View(r, RingHeader, plan["ring"]).atomic("checkpoints_asked", "acquire")
        with r.when(asked.differs(plan["checkpoints_seen"])):
            plan["checkpoints_seen"] = asked
            r.call(code["write_record"], r["plan"], r["now"], r["wall"], r.word(RecordKind.CHECKPOINT))


def _digest(lane: Local, word: Word) -> None:
    lane.set((lane.get() ^ word) * DIGEST_FACTOR)


def _write_digest(code: Code) -> None:
    """`frame_digest(plan)`: words in turn into the lanes, what is left over into the first, then the other lanes."""
    with code.routine("frame_digest", I64, plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        lanes = [r.local(I64, r.word(DIGEST_START)) for _ in range(DIGEST_LANES)]
        values, words = plan["frame_made"].at(FRAME_HEADER_SIZE), plan["frame_words"]
        rounds = words // DIGEST_LANES
        with r.each(rounds) as i:
            for number, lane in enumerate(lanes):
                _digest(lane, values.at((i * DIGEST_LANES + number) * 8).load(I64))
        done = rounds * DIGEST_LANES
        with r.each(words - done) as i:
            _digest(lanes[0], values.at((done + i) * 8).load(I64))
        for lane in lanes[1:]:
            _digest(lanes[0], lane.get())
        r.give(lanes[0].get())


def _write_late(code: Code) -> None:
    with code.routine("late_tasks", I64, plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        late = r.local(I64, r.word(0))
        with r.each(plan["task_count"]) as i:
            task = plan.element("tasks", TaskPlan, i)
            with r.when(task["late"].differs(0) & i.below(_LATE_BITS)):
                late.set(late.get() | r.word(1).shifted_left(i))
        r.give(late.get())


def _write_put(code: Code) -> None:
    """`put(plan, source, size)` at the ring's place, around its end; `put_part` with its header in front."""
    with code.routine("put", plan=PTR, source=PTR, size=I64) as r:
        plan = View(r, Plan, r["plan"])
        place = plan["ring_place"]
        room = plan["ring"].at(ctypes.sizeof(RingHeader))
        start = place & (plan["ring_size"] - 1)
        left = plan["ring_size"] - start
        first = r["size"].below(left).choose(r["size"], left)
        r.copy(room.at(start), r["source"], first)
        r.copy(room, r["source"].at(first), r["size"] - first)
        plan["ring_place"] = place + r["size"]
    with code.routine("put_part", plan=PTR, part=I64, index=I64, source=PTR, size=I64) as r:
        header = r.room(_PART_SIZE)
        header.store(r["part"])
        header.at(8).store(r["index"])
        header.at(16).store(r["size"])
        r.call(code["put"], r["plan"], header, r.word(_PART_SIZE))
        r.call(code["put"], r["plan"], r["source"], r["size"])


def _write_sizes(code: Code) -> None:
    """`record_size(plan, kind)`: bytes of the whole record."""
    with code.routine("record_size", I64, plan=PTR, kind=I64) as r:
        plan = View(r, Plan, r["plan"])
        checkpoint = r["kind"].equals(RecordKind.CHECKPOINT)
        size = r.local(I64, r.word(_HEADER_SIZE))
        with r.each(plan["page_count"]) as i:
            page = plan.element("pages", PagePlan, i)
            with r.when(checkpoint | page["seen"].differs(page["recorded"])):
                size.set(size.get() + page.inner("channel")["size"] + _PART_SIZE)
        with r.when(checkpoint | plan["force_changes_seen"].differs(plan["force_changes_recorded"])):
            size.set(size.get() + _forces_size(plan) + plan["active_pin_count"] * _PIN_SIZE + 2 * _PART_SIZE)
            with r.when(_held_texts_size(plan).differs(0)):
                size.set(size.get() + _held_texts_size(plan) + _PART_SIZE)
        with r.when(checkpoint):
            state = plan["app_size"] + plan["task_count"] * _TASK_SIZE + plan["frame_words"] * 8
            size.set(size.get() + state + _ORIGIN_SIZE + 4 * _PART_SIZE)
        with r.each(plan["taken_count"]) as i:
            size.set(size.get() + _COMMAND_SIZE + _PART_SIZE)
            told = command_text_size(r, View(r, MailboxEntry, plan["taken"].at(i * _COMMAND_SIZE)))
            with r.when(told.differs(0)):
                size.set(size.get() + _padded(told) + _PART_SIZE)
        r.give(size.get())


def _forces_size(plan: View) -> Word:
    return (plan["active_input_count"] + plan["active_output_count"]) * _FORCE_SIZE + 16


def _held_texts_size(plan: View) -> Word:
    return plan["force_texts_size"] + plan["pin_text_count"] * PIN_TEXT_SIZE


def _padded(size: Word) -> Word:
    return (size + 7) & ~7


def _write_one(code: Code) -> None:
    with code.routine("write_record", plan=PTR, now=I64, wall=I64, kind=I64) as r:
        plan = View(r, Plan, r["plan"])
        ring = View(r, RingHeader, plan["ring"])
        length, start = r.call(code["record_size"], r["plan"], r["kind"]), plan["ring_place"]
        ring.set_atomic("claimed", start + length, "monotonic")
        r.fence("release")  # the claim is seen before any byte changes
        header = r.room(_HEADER_SIZE)
        words = (
            length,
            r["kind"],
            plan["scan_no"],
            r["now"],
            r["wall"],
            plan["fault_ack_used"],
            plan["run_switch_used"],
            plan["term_used"],
            r.call(code["late_tasks"], r["plan"]),
            r.call(code["frame_digest"], r["plan"]),
        )
        for number, word in enumerate(words):
            header.at(8 * number).store(word)
        r.call(code["put"], r["plan"], header, r.word(_HEADER_SIZE))
        _put_pages(code, r, plan)
        _put_forces(code, r, plan)
        with r.each(plan["taken_count"]) as i:
            entry = plan["taken"].at(i * _COMMAND_SIZE)
            _put_part(code, r, Part.COMMAND, entry, r.word(_COMMAND_SIZE))
            told = command_text_size(r, View(r, MailboxEntry, entry))
            with r.when(told.differs(0)):
                text = plan["taken_texts"].at(i * MAILBOX_TEXT_SIZE)
                _put_part(code, r, Part.COMMAND_TEXT, text, _padded(told), i)
        with r.when(r["kind"].equals(RecordKind.CHECKPOINT)):
            _put_state(code, r, plan)
        ring.set_atomic("written", plan["ring_place"], "release")
        with r.when(r["kind"].equals(RecordKind.CHECKPOINT)):
            written = ring.atomic("checkpoint_count", "monotonic")
            ring.address("checkpoints").at(written.modulo(RING_CHECKPOINTS) * 8).store(start, "monotonic")
            ring.set_atomic("checkpoint_count", written + 1, "release")


def _put_part(code: Code, r: Routine, part: Part, source: Word, size: Word, index: Word | None = None) -> None:
    r.call(code["put_part"], r["plan"], r.word(part), r.word(0) if index is None else index, source, size)


def _put_pages(code: Code, r: Routine, plan: View) -> None:
    with r.each(plan["page_count"]) as i:
        page = plan.element("pages", PagePlan, i)
        checkpoint = r["kind"].equals(RecordKind.CHECKPOINT)
        with r.when(checkpoint | page["seen"].differs(page["recorded"])):
            page["recorded"] = page["seen"]
            _put_part(code, r, Part.PAGE, page["current"], page.inner("channel")["size"], i)


def _put_forces(code: Code, r: Routine, plan: View) -> None:
    checkpoint = r["kind"].equals(RecordKind.CHECKPOINT)
    with r.when(checkpoint | plan["force_changes_seen"].differs(plan["force_changes_recorded"])):
        plan["force_changes_recorded"] = plan["force_changes_seen"]
        header = r.room(_PART_SIZE + 16)
        header.store(r.word(Part.FORCES))
        header.at(8).store(r.word(0))
        header.at(16).store(_forces_size(plan))
        inputs, outputs = plan["active_input_count"], plan["active_output_count"]
        header.at(24).store(inputs)
        header.at(32).store(outputs)
        r.call(code["put"], r["plan"], header, r.word(_PART_SIZE + 16))
        r.call(code["put"], r["plan"], plan["active_inputs"], inputs * _FORCE_SIZE)
        r.call(code["put"], r["plan"], plan["active_outputs"], outputs * _FORCE_SIZE)
        _put_part(code, r, Part.PINS, plan["active_pins"], plan["active_pin_count"] * _PIN_SIZE)
        with r.when(_held_texts_size(plan).differs(0)):
            _put_part(code, r, Part.HELD_TEXTS, plan["held_texts"], _held_texts_size(plan))


def _put_state(code: Code, r: Routine, plan: View) -> None:
    _put_part(code, r, Part.MEMORY, plan["app"], plan["app_size"])
    row = r.room(_PART_SIZE)
    for number, word in enumerate((r.word(Part.TASKS), r.word(0), plan["task_count"] * _TASK_SIZE)):
        row.at(8 * number).store(word)
    r.call(code["put"], r["plan"], row, r.word(_PART_SIZE))
    with r.each(plan["task_count"]) as i:
        task = plan.element("tasks", TaskPlan, i)
        row.store(task["turn"])
        row.at(8).store(task["calls"])
        r.call(code["put"], r["plan"], row, r.word(_TASK_SIZE))
    _put_part(code, r, Part.SAFE, plan["safe"], plan["frame_words"] * 8)
    origin = r.room(_ORIGIN_SIZE)
    origin.store(plan["plc_offset_ns"])
    origin.at(8).store(View(r, Control, plan["control"]).atomic("stop_count", "monotonic"))
    origin.at(16).store(plan["version"])
    _put_part(code, r, Part.ORIGIN, origin, r.word(_ORIGIN_SIZE))


def keep_used(plan: View, *, fault_ack: Word, run_switch: Word) -> None:
    """For the fence: the words of the control segment it went by."""
    plan["fault_ack_used"] = fault_ack
    plan["run_switch_used"] = run_switch.widened(I64)
