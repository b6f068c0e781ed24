"""Phase account: durations into the histograms of the control segment, and the words others watch.

Buckets as in image/control.py. Only scan writes here; whoever looks sees whole words.
"""

import ctypes

from runtime.image.control import HISTOGRAM_BUCKETS, PHASES, Control, Histogram
from runtime.image.emit import I32, I64, PTR, Code, Routine, Word
from runtime.image.taskstatistics import TASK_STATISTICS_SIZE
from runtime.image.view import View
from runtime.scan.plan import Plan

_DISTRIBUTIONS = ("release_delay", "execution", "period_error", *PHASES)
_COUNTERS = ("overruns", "skipped", "page_retries")


def write_record(code: Code) -> None:
    """Write `record(histogram, value)`; a negative value counts as 0."""
    with code.routine("record", histogram=PTR, value=I64) as r:
        value = (r["value"] < 0).choose(r.word(0), r["value"])
        histogram = View(r, Histogram, r["histogram"])
        bucket = histogram.address("buckets").at(_bucket(r, value) * 8)
        bucket.store(bucket.load(I64) + 1)
        histogram.add("sum_ns", value)
        with r.when(histogram["max_ns"].below(value)):
            histogram["max_ns"] = value
        histogram.add("count", 1)


def _bucket(r: Routine, value: Word) -> Word:
    octave = (value | 1).floor_log2()
    # Below 16 the shift would be negative; that branch is not chosen, the mask keeps the shift defined.
    within = value.shifted_right((octave - 4) & 63) & 15
    bucket = (octave < 4).choose(value, (octave - 3) * 16 + within)
    last = r.word(HISTOGRAM_BUCKETS - 1)
    return (bucket < HISTOGRAM_BUCKETS).choose(bucket, last)


def write_end_of_phase(code: Code) -> None:
    """Write `end_of(plan, histogram)`: the phase under way has ended, the next begins; nothing unless `measured`."""
    with code.routine("end_of", plan=PTR, histogram=PTR) as r:
        plan = View(r, Plan, r["plan"])
        with r.when(plan["measured"].equals(0)):
            r.give()
        now = r.call(code["monotonic_ns"])
        r.call(code["record"], r["histogram"], now - plan["phase_ns"])
        plan["phase_ns"] = now


def write_account(code: Code) -> None:
    """Write `mark(plan, now)`, the end of every scan, and `account(plan, deadline, woke)` of the real-time loop."""
    write = code.external("write", I64, I32, PTR, I64)
    with code.routine("mark", plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        control.set_atomic("scan_clock_ns", r["now"], "monotonic")
        control.set_atomic("scan_no", plan["scan_no"], "release")
        one = r.local(I64, r.word(1))
        with r.each(plan["eventfd_count"]) as i:
            # Full or closed: the consumer is behind or gone, and finds the newest frame when it is back.
            r.call(write, plan["eventfds"].at(i * 4).load(I32), one.pointer, r.word(8))
    with code.routine("account", plan=PTR, deadline=I64, woke=I64) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        _reset_when_asked(r, plan, control)
        r.call(code["record"], control.address("release_delay"), r["woke"] - r["deadline"])
        before = plan["woke_ns"]
        with r.when(before.differs(0)):
            error = r["woke"] - before - plan["cycle_ns"]
            r.call(code["record"], control.address("period_error"), (error < 0).choose(r.word(0) - error, error))
        plan["woke_ns"] = r["woke"]
        r.call(code["record"], control.address("execution"), r.call(code["monotonic_ns"]) - r["woke"])


def _reset_when_asked(r: Routine, plan: View, control: View) -> None:
    asked = control.atomic("stats_reset", "acquire")
    with r.when(asked.differs(plan["stats_reset_seen"])):
        plan["stats_reset_seen"] = asked
        for name in _DISTRIBUTIONS:
            r.clear(control.address(name), r.word(ctypes.sizeof(Histogram)))
        for name in _COUNTERS:
            control.set_atomic(name, r.word(0), "monotonic")
        r.clear(plan["task_statistics"], plan["task_count"] * TASK_STATISTICS_SIZE)
