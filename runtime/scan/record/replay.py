"""Runs recorded scans again, bit for bit: the same native code on the same memory, fed from records, not from devices.

A stretch is a checkpoint and the records of the scans after it. `Replay.restore` takes the checkpoint's state, `step`
one record; both can be done over and over, with records changed on purpose, to ask what would have been.
"""

import ctypes
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runtime.core.fault import ProgramFault
from runtime.image.control import MAILBOX_LEN, MAILBOX_TEXT_SIZE, MailboxEntry
from runtime.image.layout import FRAME_HEADER_SIZE, PIN_TEXT_SIZE, PINS_MAX
from runtime.image.manifest import Manifest
from runtime.image.recordring import DIGEST_FACTOR, DIGEST_LANES, DIGEST_START, Part, Record, RecordKind
from runtime.scan.imaged import ImagedScan
from runtime.scan.kernel import Kernel
from runtime.scan.plan import ActiveForce, ActivePin, TaskPlan

_ORIGIN = struct.Struct("<qQQ")
_TURN = struct.Struct("<qQ")
_COUNTS = struct.Struct("<QQ")
_U64 = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """Scans without a gap: the state after scan `checkpoint.scan_no`, and the records of the scans that follow it."""

    checkpoint: Record
    records: Sequence[Record]

    @property
    def first(self) -> int:
        """Number of its first scan."""
        return self.checkpoint.scan_no + 1

    @property
    def last(self) -> int:
        """Number of its last scan."""
        return self.checkpoint.scan_no + len(self.records)


class Replay:
    """A controller in this process's memory, scanned from records. Close it after use."""

    def __init__(self, manifest: Manifest, object_code: bytes, initial: bytes, kernel: Kernel) -> None:
        self.initial = initial
        self.scan = ImagedScan(manifest, object_code, initial)
        self._kernel = kernel
        plan = self.scan.plan.plan
        self._tasks = (TaskPlan * plan.task_count).from_address(plan.tasks)
        self._pages = self.scan.page_sizes()

    def close(self) -> None:
        """Give the memory back."""
        self.scan.close()

    def restore(self, checkpoint: Record) -> None:
        """Be in the state of a checkpoint. Raises ProgramFault when it is of other programs."""
        assert checkpoint.kind is RecordKind.CHECKPOINT, "only a checkpoint holds a state"
        plan, control = self.scan.plan.plan, self.scan.control.control
        self._take(checkpoint)
        for part, _, content in checkpoint.parts:
            if part is Part.MEMORY:
                if len(content) != len(self.scan.memory):
                    raise ProgramFault("the recording is of other programs", mend="record again")
                self.scan.memory[:] = content
            elif part is Part.TASKS:
                for task, (turn, calls) in zip(self._tasks, _TURN.iter_unpack(content), strict=True):
                    task.turn, task.calls = turn, calls
            elif part is Part.SAFE:
                ctypes.memmove(plan.safe, content, len(content))
            elif part is Part.ORIGIN:
                plan.plc_offset_ns, control.stop_count, plan.version = _ORIGIN.unpack(content)
        self._set_late(checkpoint.late)
        plan.scan_no = checkpoint.scan_no
        control.mailbox.head = control.mailbox.tail = plan.mailbox_tail = 0

    def checkpoint(self, after: Record) -> Record:
        """The state now, `after` a record, to restore later."""
        plan, control = self.scan.plan.plan, self.scan.control.control
        inputs, outputs = plan.active_input_count, plan.active_output_count
        size = ctypes.sizeof(ActiveForce)
        forced = ctypes.string_at(plan.active_inputs, inputs * size)
        forced += ctypes.string_at(plan.active_outputs, outputs * size)
        parts = [(Part.PAGE, i, ctypes.string_at(at, length)) for i, (at, length) in enumerate(self._pages)]
        parts += [
            (Part.FORCES, 0, _COUNTS.pack(inputs, outputs) + forced),
            (Part.PINS, 0, ctypes.string_at(plan.active_pins, plan.active_pin_count * ctypes.sizeof(ActivePin))),
            (Part.HELD_TEXTS, 0, ctypes.string_at(plan.held_texts, self._held_texts_size())),
            (Part.MEMORY, 0, bytes(self.scan.memory)),
            (Part.TASKS, 0, b"".join(_TURN.pack(task.turn, task.calls) for task in self._tasks)),
            (Part.SAFE, 0, ctypes.string_at(plan.safe, 8 * plan.frame_words)),
            (Part.ORIGIN, 0, _ORIGIN.pack(plan.plc_offset_ns, control.stop_count, plan.version)),
        ]
        return replace(after, kind=RecordKind.CHECKPOINT, parts=tuple(parts))

    def step(self, record: Record) -> bool:
        """Run the scan of a record; True when its output frame is the recorded one, to the bit."""
        assert record.kind is RecordKind.SCAN, "a checkpoint is no scan"
        self._take(record)
        self._kernel.step(self.scan.plan.address, record.now_ns, record.wall_ns)
        self._set_late(record.late)
        return self.digest() == record.digest

    def _set_late(self, late: int) -> None:
        """Which tasks ended too late, as it was when this scan ended."""
        for number, task in enumerate(self._tasks):
            task.late = late >> number & 1

    def digest(self) -> int:
        """Of the values of the last output frame, as the scan makes it (scan/phases/record.py)."""
        plan = self.scan.plan.plan
        values = (ctypes.c_uint64 * plan.frame_words).from_address(plan.frame_staging + FRAME_HEADER_SIZE)
        lanes = [DIGEST_START] * DIGEST_LANES
        for number, value in enumerate(values):
            lane = number % DIGEST_LANES if number < len(values) // DIGEST_LANES * DIGEST_LANES else 0
            lanes[lane] = (lanes[lane] ^ value) * DIGEST_FACTOR & _U64
        digest = lanes[0]
        for lane in lanes[1:]:
            digest = (digest ^ lane) * DIGEST_FACTOR & _U64
        return digest

    def _take(self, record: Record) -> None:
        """What the scan is to find: control words, pages, forces, commands."""
        plan, control = self.scan.plan.plan, self.scan.control.control
        control.fault_ack, control.run_switch, control.term = record.fault_ack, record.run_switch, record.term
        commands = 0
        for part, index, content in record.parts:
            if part is Part.PAGE:
                address, size = self._pages[index]
                ctypes.memmove(address, content, min(size, len(content)))
            elif part is Part.FORCES:
                self._force(content)
            elif part is Part.PINS:
                plan.active_pin_count = len(content) // ctypes.sizeof(ActivePin)
                plan.pin_text_count = 0  # the texts follow, if there are any
                ctypes.memmove(plan.active_pins, content, len(content))
            elif part is Part.HELD_TEXTS:
                plan.pin_text_count = min(PINS_MAX, max(0, len(content) - plan.force_texts_size) // PIN_TEXT_SIZE)
                ctypes.memmove(plan.held_texts, content, min(self._held_texts_size(), len(content)))
            elif part is Part.COMMAND_TEXT:
                text = control.mailbox.texts[(control.mailbox.head + index) % MAILBOX_LEN]
                ctypes.memmove(text, content, min(MAILBOX_TEXT_SIZE, len(content)))
            elif part is Part.COMMAND:
                number = (control.mailbox.head + commands) % MAILBOX_LEN
                control.mailbox.entries[number] = MailboxEntry.from_buffer_copy(content)
                commands += 1
        control.mailbox.head += commands

    def _held_texts_size(self) -> int:
        plan = self.scan.plan.plan
        size: int = plan.force_texts_size + plan.pin_text_count * PIN_TEXT_SIZE
        return size

    def _force(self, content: bytes) -> None:
        plan = self.scan.plan.plan
        inputs, outputs = _COUNTS.unpack_from(content)
        size, at = ctypes.sizeof(ActiveForce), _COUNTS.size
        ctypes.memmove(plan.active_inputs, content[at : at + inputs * size], inputs * size)
        at += inputs * size
        ctypes.memmove(plan.active_outputs, content[at : at + outputs * size], outputs * size)
        plan.active_input_count, plan.active_output_count = inputs, outputs
        plan.force_changes_seen = self.scan.force_changes()  # the table at rest: these stay
