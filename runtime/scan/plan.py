"""The plan: everything the native scan knows of one controller, as tables in the scan process's own memory.

The kernel is compiled once and fits every controller; what differs is here. Only scan itself can write a plan, so the
kernel trusts every offset in it, and no offset or length that lies in shared memory. `scan/planning.py` fills it.
"""

import ctypes
from enum import IntEnum

STAMP_SIZE = 8
BLOCK_TAGS = 64
"""Tags whose qualities and stamps go into a snapshot together: a cache line and 8."""
VALUE_BLOCK_SIZE = 512
"""Bytes of values that go into a snapshot together: 8 cache lines, half of what a device of 250 REALs says."""


class ValueKind(IntEnum):
    """How a value is moved. Points of one device and kind form a run, so that the loop over them does not branch."""

    BOOL = 0
    BYTES_1 = 1
    BYTES_2 = 2
    BYTES_4 = 3
    BYTES_8 = 4
    REAL = 5
    LREAL = 6
    TEXT = 7
    """A string, which no run has: see TextMove."""


class ChannelPlan(ctypes.Structure):
    """Where a channel of the image segment is, and its shape (image/layout.py). No slots: there is none."""

    _fields_ = (
        ("address", ctypes.c_void_p),
        ("slots", ctypes.c_uint64),
        ("stride", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
    )


class Run(ctypes.Structure):
    """`count` moves of one ValueKind; those of inputs have one time after which they are stale (0: never), too."""

    _fields_ = (
        ("kind", ctypes.c_uint64),
        ("count", ctypes.c_uint64),
        ("moves", ctypes.c_void_p),
        ("stale_after_ns", ctypes.c_int64),
    )


class TextMove(ctypes.Structure):
    """A string: between `text_place` in a page or frame and application memory, `size` bytes of characters of `width`.

    Of an input also its stamp and quality, in the page and in application memory.
    """

    _fields_ = (
        ("text_place", ctypes.c_uint32),
        ("value_offset", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("width", ctypes.c_uint32),
        ("stamp_place", ctypes.c_uint32),
        ("quality_place", ctypes.c_uint32),
        ("quality_offset", ctypes.c_uint32),
        ("stamp_offset", ctypes.c_uint32),
        ("stale_after_ns", ctypes.c_int64),
    )


class InputMove(ctypes.Structure):
    """A point: its value's place in the page and offset in memory, its rank among stamps and qualities of the page, and
    the index of its tag."""

    _fields_ = (
        ("value_place", ctypes.c_uint32),
        ("value_offset", ctypes.c_uint32),
        ("rank", ctypes.c_uint32),
        ("index", ctypes.c_uint32),
    )


class ValueStrip(ctypes.Structure):
    """Values next to each other: `size` bytes from `place` on in the page, from `offset` on in application memory.

    `boolean` 1: each is a BOOL, else none is. `resting` 1: no program stores into any of them, else into each.
    """

    _fields_ = (
        ("place", ctypes.c_uint32),
        ("offset", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("boolean", ctypes.c_uint32),
        ("resting", ctypes.c_uint32),
    )


class StatusStrip(ctypes.Structure):
    """Stamps and qualities of `count` points: from `rank` on in the page, from tag `index` on in application memory.

    All become stale after the same time (0: never).
    """

    _fields_ = (
        ("rank", ctypes.c_uint32),
        ("index", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("stale_after_ns", ctypes.c_int64),
    )


class PagePlan(ctypes.Structure):
    """An input page: its last whole copy in `current` (number `seen`), and `spare` for the next.

    It need not be moved again while it is the same and until `fresh_until_ns`, when a point of it becomes stale.
    A page at rest needs the first cache line of it alone, one whose points are all known and fresh not the runs.
    """

    _fields_ = (
        ("channel", ChannelPlan),
        ("seen", ctypes.c_uint64),
        ("fresh_until_ns", ctypes.c_int64),
        ("unknown_count", ctypes.c_uint64),
        ("text_count", ctypes.c_uint64),
        ("current", ctypes.c_void_p),
        ("spare", ctypes.c_void_p),
        ("value_strips", ctypes.c_void_p),
        ("value_strip_count", ctypes.c_uint64),
        ("status_strips", ctypes.c_void_p),
        ("status_strip_count", ctypes.c_uint64),
        ("quality_place", ctypes.c_uint64),  # of the point of rank 0
        ("runs", ctypes.c_void_p),
        ("run_count", ctypes.c_uint64),
        ("recorded", ctypes.c_uint64),  # number of the page that is in the record ring
        ("unknown", ctypes.c_void_p),  # Span each: values of points without any reading yet
        ("texts", ctypes.c_void_p),  # TextMove
        ("tidied", ctypes.c_uint64),  # number of the page whose texts have been tidied
    )


class Span(ctypes.Structure):
    """A piece of application memory."""

    _fields_ = (("offset", ctypes.c_uint32), ("size", ctypes.c_uint32))


class OutputMove(ctypes.Structure):
    """Outputs in a row: `count` values without a gap in application memory, from value `entry` of the frame on."""

    _fields_ = (("value_offset", ctypes.c_uint32), ("entry", ctypes.c_uint32), ("count", ctypes.c_uint32))


class ForcePoint(ctypes.Structure):
    """An input or output, by its force entry. Outputs have quality and stamp too, left alone by forces.

    Of a TEXT also its size and width, and where its text lies in `Plan.held_texts`.
    """

    _fields_ = (
        ("value_offset", ctypes.c_uint32),
        ("kind", ctypes.c_uint32),
        ("quality_offset", ctypes.c_uint32),
        ("stamp_offset", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("width", ctypes.c_uint32),
        ("text_place", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    )


class ActiveForce(ctypes.Structure):
    """A force as it was when the table last changed: its point, and the value's eight bytes.

    The text of a string is in `Plan.held_texts`.
    """

    _fields_ = (("point", ctypes.c_uint64), ("value", ctypes.c_uint64))


class ActivePin(ctypes.Structure):
    """A pin as it was when the table last changed, checked: where, how wide (ValueKind), the value's eight bytes.

    Of a TEXT its size in bytes, and as value the place of its text in `Plan.held_texts`.
    """

    _fields_ = (
        ("offset", ctypes.c_uint64),
        ("kind", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("value", ctypes.c_uint64),
    )


class OverrunRule(IntEnum):
    """What follows when a turn of a task ended after its next release, beyond being counted."""

    COUNT = 0
    SKIP = 1
    FAULT = 2


class TaskPlan(ctypes.Structure):
    """A task, in order of execution. `interval_ns` 0: every scan. `turn` is the last interval it ran in (-1 none).

    `late` is 1 from an overrun until its rule (OverrunRule) was applied, at the task's next turn. Wall time decides
    it, so it is an input of the scan that applies it: a replay sets it from its recording.
    """

    _fields_ = (
        ("entry", ctypes.c_void_p),
        ("interval_ns", ctypes.c_int64),
        ("turn", ctypes.c_int64),
        ("calls", ctypes.c_uint64),
        ("budget", ctypes.c_int64),
        ("stop_on_fault", ctypes.c_uint64),
        ("overrun_rule", ctypes.c_uint64),
        ("overrun_site", ctypes.c_uint32),
        ("late", ctypes.c_uint32),
    )


class Plan(ctypes.Structure):
    """All of it. Words below `scan_no` change from scan to scan."""

    _fields_ = (
        ("control", ctypes.c_void_p),  # image/control.py
        ("app", ctypes.c_void_p),  # application memory
        ("writable_end", ctypes.c_uint64),  # commands may write [HEADER_SIZE, writable_end) of it
        ("cycle_ns", ctypes.c_int64),
        ("frame_valid_ns", ctypes.c_int64),
        ("stop_on_fault", ctypes.c_uint64),  # of faults that belong to no task: outputs that are not finite
        ("pages", ctypes.c_void_p),
        ("page_count", ctypes.c_uint64),
        ("page_numbers", ctypes.c_void_p),  # u64 each: number of the newest page (image/layout.py)
        ("tasks", ctypes.c_void_p),
        ("task_count", ctypes.c_uint64),
        ("task_statistics", ctypes.c_void_p),  # a row a task (image/taskstatistics.py); used while `measured`
        ("output_runs", ctypes.c_void_p),
        ("output_run_count", ctypes.c_uint64),
        ("output_count", ctypes.c_uint64),
        ("output_texts", ctypes.c_void_p),  # TextMove
        ("output_text_count", ctypes.c_uint64),
        ("frame_words", ctypes.c_uint64),  # values and texts of a frame, in words of 8 bytes
        ("first_output_site", ctypes.c_uint64),  # of output 0, recorded when it is not finite
        ("frame", ChannelPlan),
        ("frame_staging", ctypes.c_void_p),  # one payload
        ("frame_made", ctypes.c_void_p),  # the payload under way: a slot of the channel's, or the staging
        ("frame_number", ctypes.c_uint64),  # of that slot; 0: the staging
        ("safe", ctypes.c_void_p),  # what the frame carries when the fence is closed, word for word
        ("holds", ctypes.c_void_p),  # u32 a word of an output that holds its last value instead of a fixed one
        ("hold_count", ctypes.c_uint64),
        ("snapshots", ChannelPlan),
        ("fault_capture", ChannelPlan),
        ("capture_staging", ctypes.c_void_p),  # one payload
        ("fault_locals", ctypes.c_void_p),  # lang/native.py, FAULT_HOOK; 0: nobody tells them
        ("forces", ctypes.c_void_p),  # first force entry
        ("force_changes", ctypes.c_void_p),
        ("force_points", ctypes.c_void_p),
        ("input_count", ctypes.c_uint64),
        ("active_inputs", ctypes.c_void_p),
        ("active_outputs", ctypes.c_void_p),
        ("pins", ctypes.c_void_p),  # first pin entry
        ("active_pins", ctypes.c_void_p),
        ("force_texts", ctypes.c_void_p),  # first text of the force table
        ("force_texts_size", ctypes.c_uint64),  # of all of them, one room each
        ("pin_texts", ctypes.c_void_p),  # first text of the pins
        ("held_texts", ctypes.c_void_p),  # as they are taken: those of forces, then one PIN_TEXT_SIZE for each pin
        ("eventfds", ctypes.c_void_p),  # i32 a consumer, non-blocking
        ("eventfd_count", ctypes.c_uint64),
        ("scan_no", ctypes.c_uint64),  # of the scan under way
        ("plc_offset_ns", ctypes.c_int64),  # PLC time minus monotonic time
        ("active_input_count", ctypes.c_uint64),
        ("active_output_count", ctypes.c_uint64),
        ("active_pin_count", ctypes.c_uint64),
        ("pin_text_count", ctypes.c_uint64),
        ("force_changes_seen", ctypes.c_uint64),
        ("mailbox_tail", ctypes.c_uint64),
        ("stats_reset_seen", ctypes.c_uint64),
        ("woke_ns", ctypes.c_int64),  # last wake-up of the loop; 0 before the first
        ("captured", ctypes.c_uint64),  # 1: a fault has been captured, while `captured_ack` were acknowledged
        ("captured_ack", ctypes.c_uint64),
        (
            "alone",
            ctypes.c_uint64,
        ),  # 1: nothing but scans changes memory and copies of pages, so what rests is left alone
        (
            "inputs",
            ctypes.c_void_p,
        ),  # values of inputs as devices said, at the offsets they have in `app`; or `app` itself
        (
            "whole_spans",
            ctypes.c_void_p,
        ),  # Span each: inputs without a gap, copied from `inputs` into `app` in every scan
        ("whole_span_count", ctypes.c_uint64),
        (
            "mixed_spans",
            ctypes.c_void_p,
        ),  # Span each, in words of 8 bytes: inputs and others; `input_mask` tells them apart
        ("mixed_span_count", ctypes.c_uint64),
        (
            "input_mask",
            ctypes.c_void_p,
        ),  # a byte of ones for each of an input that is restored, as in `app`
        ("resting_mask", ctypes.c_void_p),  # the same of the other inputs (scan/phases/resting.py); or 0
        ("resting_touched", ctypes.c_uint64),  # 1: a command wrote into one of those since pages were looked at last
        ("resting_pinned", ctypes.c_uint64),  # 1: a pin lies on one
        ("force_changes_latched", ctypes.c_uint64),  # `force_changes_seen` when pages were looked at last
        ("tag_blocks", ctypes.c_void_p),  # u8 each (scan/phases/snapshot.py)
        ("tag_block_count", ctypes.c_uint64),
        ("value_blocks", ctypes.c_void_p),  # the same of VALUE_BLOCK_SIZE bytes of values each
        ("live_blocks", ctypes.c_void_p),  # u8 each: 0xFF where any scan may change values, 0 elsewhere
        ("value_block_count", ctypes.c_uint64),
        ("stamp_offset", ctypes.c_uint64),  # in application memory; the qualities lie at `writable_end`
        ("measured", ctypes.c_uint64),  # 1: phases and tasks are timed; never on virtual time
        ("phase_ns", ctypes.c_int64),  # when the phase under way began
        ("turn_ns", ctypes.c_int64),  # when the task under way began
        ("version", ctypes.c_uint64),  # of the programs: writes that were asked of another version are refused
        ("next", ctypes.c_void_p),  # the plan to go on with
        ("moves", ctypes.c_void_p),  # what a change-over carries into this plan (scan/change/statemoves.py)
        ("move_count", ctypes.c_uint64),
        ("ring", ctypes.c_void_p),  # image/recordring.py; 0: nothing is recorded
        ("ring_size", ctypes.c_uint64),
        ("ring_place", ctypes.c_uint64),  # bytes written since the start
        ("app_size", ctypes.c_uint64),
        ("taken", ctypes.c_void_p),  # room for the mailbox entries of one scan, as they were taken
        ("taken_count", ctypes.c_uint64),
        ("taken_texts", ctypes.c_void_p),  # and for the texts that came with them
        ("checkpoints_seen", ctypes.c_uint64),
        ("force_changes_recorded", ctypes.c_uint64),
        ("fault_ack_used", ctypes.c_uint64),  # what the fence and the frame of this scan went by
        ("run_switch_used", ctypes.c_uint64),
        ("term_used", ctypes.c_uint64),
        ("mirror", ChannelPlan),
        ("mirror_staging", ctypes.c_void_p),  # one payload
        ("mirror_taken", ctypes.c_uint64),  # number of the newest entry that was taken
        ("mirrored", ctypes.c_uint64),  # 1: memory is another controller's; no scan has run on it here
        ("mirrored_now_ns", ctypes.c_int64),  # its PLC time,
        ("mirrored_received_ns", ctypes.c_int64),  # which it was at this monotonic time
        ("active_term", ctypes.c_uint64),  # term under which programs run in a pair; 0 while it mirrors
        ("memory_term", ctypes.c_uint64),  # in which application memory came to be what it is, here or at the other
        (
            "refused_term",
            ctypes.c_uint64,
        ),  # in which a former scan process led: only states as new as it are gone on from
        ("exit", ctypes.c_uint32),  # set by the process to end the loop, as `exit_request` of the control segment does
        ("change", ctypes.c_uint32),  # set by the process, once `next` is: change over at the end of this scan
    )


class BarePlan(ctypes.Structure):
    """A bare loop: sleeps to absolute deadlines and does nothing. `wakeups` are what is left to do."""

    _fields_ = (
        ("cycle_ns", ctypes.c_int64),
        ("wakeups", ctypes.c_int64),
        ("release_delay", ctypes.c_void_p),  # Histogram
        ("period_error", ctypes.c_void_p),  # Histogram
        ("skipped", ctypes.c_uint64),
        ("first_ns", ctypes.c_int64),  # first deadline; 0: a cycle after the start
        ("exit", ctypes.c_uint32),  # set by the process to end the loop early
        ("reserved", ctypes.c_uint32),
    )
