"""The coupling's tables: which values cross from one side of a site to the other, how, and when.

As the scan's plan (scan/plan.py), they lie in this process's own memory and are trusted by the native code;
`coupling.py` fills them. Addresses lead into frames, pages and application memory of the two sides.
"""

import ctypes
from enum import IntEnum

from runtime.scan.plan import ValueKind as ValueKind


class Form(IntEnum):
    """How the bits of a value are to be taken."""

    SIGNED = 0
    UNSIGNED = 1
    WIDE = 2
    """64 bits without sign; what is below REAL is an integer."""
    REAL = 3
    LREAL = 4


class Encoding(IntEnum):
    """How a value becomes a raw number (iomap/wire.py, Numeric.encode)."""

    BOOLEAN = 0
    FLOAT_32 = 1
    FLOAT_64 = 2
    WHOLE = 3
    """An integer, by exact integer arithmetic."""
    SCALED = 4
    """Divided as a real number and rounded half to even."""


class Mode(IntEnum):
    """How a device answers."""

    ALIVE = 0
    SILENT = 1
    FROZEN = 2
    GARBAGE = 3
    NAN = 4
    ABSURD = 5


class TransferKind(IntEnum):
    """What crosses together (sim/loop/transfer.py)."""

    READINGS = 0
    WRITES = 1
    SENT = 2


class Passage(ctypes.Structure):
    """One point from its source to its sink.

    `source`: the value in the output frame, 8 bytes or a string's; 0 when nobody drives the point: it reads 0. `sink`:
    the `sink_size` bytes of the point's value in an input page. Limits come twice, for values that are integers and for
    real ones. `raw` is the number that is on the wire, `raw_real` where it is a floating one; a text is in `text`.
    """

    _fields_ = (
        ("source", ctypes.c_void_p),
        ("carried", ctypes.c_int64),  # the source's bytes when it was carried last
        ("sink_stamp", ctypes.c_void_p),
        ("at_rest", ctypes.c_uint32),  # 1: what the page holds is what became of `carried`
        ("form", ctypes.c_uint32),
        ("shift", ctypes.c_uint32),  # 64 less the width of an integer source
        ("clamp_low", ctypes.c_int64),  # an integer below it becomes `clamp_low_to`
        ("clamp_low_to", ctypes.c_int64),
        ("clamp_high", ctypes.c_int64),
        ("clamp_high_to", ctypes.c_int64),
        ("real_low", ctypes.c_double),
        ("real_high", ctypes.c_double),
        ("encoding", ctypes.c_uint32),
        ("raw_unsigned", ctypes.c_uint32),  # 1: 64 bits without sign
        ("on", ctypes.c_int64),
        ("scale", ctypes.c_double),
        ("offset", ctypes.c_double),
        ("whole_scale", ctypes.c_int64),
        ("whole_offset", ctypes.c_int64),
        ("raw_low", ctypes.c_int64),
        ("raw_high", ctypes.c_int64),
        ("raw_high_wide", ctypes.c_uint64),  # what bounds a raw number that comes of a WIDE value
        ("raw_low_real", ctypes.c_double),
        ("raw_high_real", ctypes.c_double),
        ("raw", ctypes.c_int64),
        ("raw_real", ctypes.c_double),
        ("floating", ctypes.c_uint32),  # 1: the raw number is raw_real
        ("single", ctypes.c_uint32),  # 1: of 32 bits
        ("absent", ctypes.c_uint32),  # 1: raw number `absent_raw` means that the device has no value
        ("boolean", ctypes.c_uint32),  # 1: TRUE or FALSE; 2: TRUE when raw is `sink_on`
        ("absent_raw", ctypes.c_int64),
        ("sink_on", ctypes.c_int64),
        ("sink_scale", ctypes.c_double),
        ("sink_offset", ctypes.c_double),
        ("sink_whole_scale", ctypes.c_int64),
        ("sink_whole_offset", ctypes.c_int64),
        ("sink", ctypes.c_void_p),
        ("sink_quality", ctypes.c_void_p),
        ("sink_size", ctypes.c_uint64),
        ("sink_form", ctypes.c_uint32),
        ("allowed_count", ctypes.c_uint32),
        ("allowed", ctypes.c_void_p),  # i64: the values of an enumeration
        ("fit_low", ctypes.c_int64),
        ("fit_high", ctypes.c_int64),
        ("certain_low", ctypes.c_int64),  # outside it an integer is UNCERTAIN
        ("certain_high", ctypes.c_int64),
        ("certain_low_wide", ctypes.c_uint64),
        ("certain_high_wide", ctypes.c_uint64),
        ("certain_low_real", ctypes.c_double),
        ("certain_high_real", ctypes.c_double),
        ("raw_shift", ctypes.c_uint32),  # 64 less the bits of the raw number
        ("raw_signed", ctypes.c_uint32),
        ("written", ctypes.c_int64),  # value last written, its bits; a WRITES transfer's memory
        ("written_at_ns", ctypes.c_int64),
        ("dead_band", ctypes.c_double),
        ("refresh_ns", ctypes.c_int64),
        ("min_interval_ns", ctypes.c_int64),
        ("known", ctypes.c_uint64),  # 1: the device holds `written`
        ("text_chars", ctypes.c_uint64),  # bytes of a text on the wire; 0: the point is a number
        ("text", ctypes.c_void_p),
        ("text_written", ctypes.c_void_p),  # the text last written; a WRITES transfer's memory
        ("text_capacity", ctypes.c_uint64),  # characters that the source can hold, of `text_width` bytes
        ("text_width", ctypes.c_uint32),
        ("text_fill", ctypes.c_uint8),  # what follows a text that is shorter than its registers
        ("sink_capacity", ctypes.c_uint64),
        ("sink_width", ctypes.c_uint32),
    )


class Transfer(ctypes.Structure):
    """Passages that cross together every `period_ns`. `device` counts the devices, whose `Mode` is in a table."""

    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("device", ctypes.c_uint32),
        ("next_ns", ctypes.c_int64),
        ("period_ns", ctypes.c_int64),
        ("lost_after_ns", ctypes.c_int64),
        ("answered_ns", ctypes.c_int64),
        ("passages", ctypes.c_void_p),
        ("passage_count", ctypes.c_uint64),
        ("page_mark", ctypes.c_void_p),  # `recorded` of the page (scan/plan.py): another number has it recorded
    )


class Gauge(ctypes.Structure):
    """A variable that is looked at after every scan, and what it has been so far."""

    _fields_ = (
        ("source", ctypes.c_void_p),
        ("form", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("count", ctypes.c_uint64),
        ("minimum", ctypes.c_double),
        ("maximum", ctypes.c_double),
        ("sum", ctypes.c_double),
        ("sum_positive", ctypes.c_double),
    )


class Caption(ctypes.Structure):
    """A string that is kept with every sample: `size` bytes from `source`."""

    _fields_ = (("source", ctypes.c_void_p), ("size", ctypes.c_uint64))


class Check(ctypes.Structure):
    """Does a gauge's variable stay between `low` and `high` (or outside, `inside` 0) from `from_ns` to `until_ns`?

    `held_ns` and `failed_ns` are the scan clocks of the first scan in which it did and in which it did not; 0: never.
    """

    _fields_ = (
        ("source", ctypes.c_void_p),
        ("form", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("inside", ctypes.c_uint64),
        ("low", ctypes.c_double),
        ("high", ctypes.c_double),
        ("from_ns", ctypes.c_int64),
        ("until_ns", ctypes.c_int64),
        ("held_ns", ctypes.c_int64),
        ("failed_ns", ctypes.c_int64),
        ("failed_value", ctypes.c_double),
    )


class Coupling(ctypes.Structure):
    """Both sides and everything between them."""

    _fields_ = (
        ("scan_step", ctypes.c_void_p),  # Kernel.step
        ("controller", ctypes.c_void_p),  # scan/plan.py, Plan
        ("plant", ctypes.c_void_p),
        ("now_ns", ctypes.c_int64),  # scan clock of the last scan
        ("wall_ns", ctypes.c_int64),
        ("cycle_ns", ctypes.c_int64),
        ("transfers", ctypes.c_void_p),
        ("transfer_count", ctypes.c_uint64),
        ("queue", ctypes.c_void_p),  # u32: numbers of the transfers as a heap, the one that is due first in front
        ("modes", ctypes.c_void_p),  # u32 a device
        ("random", ctypes.c_uint64),  # state of what garbage is made of
        ("gauges", ctypes.c_void_p),
        ("gauge_count", ctypes.c_uint64),
        ("checks", ctypes.c_void_p),
        ("check_count", ctypes.c_uint64),
        ("sample_every", ctypes.c_uint64),  # scans from sample to sample
        ("sample_in", ctypes.c_uint64),  # scans to the next one
        ("samples", ctypes.c_void_p),  # f64: time in seconds since the first scan, then every gauge; a row a sample
        ("sample_room", ctypes.c_uint64),  # rows left
        ("start_ns", ctypes.c_int64),
        ("captions", ctypes.c_void_p),
        ("caption_count", ctypes.c_uint64),
        ("caption_samples", ctypes.c_void_p),  # the bytes of all captions; a row a sample
    )
