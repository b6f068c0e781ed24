"""The real-time loop: deadlines, what is counted, how it ends. Counts are asserted, times are not."""

import ctypes
import signal
import threading

from scanrig import MS, offset

from runtime.image.control import HISTOGRAM_BUCKETS, Histogram
from runtime.image.emit import I32, I64, PTR, Code
from runtime.image.nativecode import NativeCode, object_code
from runtime.image.statistics import Distribution, bucket_of, bucket_start_ns
from runtime.scan.phases.account import write_record


def count_down(r, app):
    """Counts scans in `runs`; asks the loop to end at `request` scans, by the address in `sum`."""
    runs = app.at(offset("runs")).load(I64) + 1
    app.at(offset("runs")).store(runs)
    with r.when(runs.equals(app.at(offset("request")).load(I64) & 0xFFFF)):
        exit_word = app.at(offset("sum")).load(PTR)
        exit_word.store(r.word(1, I32), "release")


def run_loop(rig, scans):
    rig.put("request", scans)
    rig.put("sum", rig.control_segment.word_address("exit_request"))
    worker = threading.Thread(target=rig.kernel.loop, args=(rig.plan.address,))
    worker.start()
    worker.join(timeout=120)
    assert not worker.is_alive()
    return rig.control


def test_loop_when_asked_to_end_then_after_the_current_scan_with_a_fail_safe_frame(make_rig):
    rig = make_rig([(count_down, 0)], cycle_ns=MS)
    rig.put("out_real", 5.0)
    control = run_loop(rig, 20)
    assert (control.scan_no, control.execution.count, control.period_error.count) == (20, 20, 19)
    assert control.release_delay.count == sum(control.release_delay.buckets) == 20
    frame = rig.frame()
    assert (frame.driving, frame.values[0], frame.scan_no, control.driving) == (False, -1.5, 20, 0)


def test_loop_when_a_task_takes_several_cycles_then_deadlines_are_skipped_and_the_clock_keeps_its_grid(make_rig):
    def slow(r, app):
        """Works until the scan clock lies 2.5 cycles back, and collects in `seen_dt` by how much the clock went on."""
        now = app.at(0).load(I64)
        with r.loop() as busy:
            room = r.room(16)
            r.call(r.clock_gettime, r.word(1, I32), room)
            busy.leave_when(room.load(I64) * 1_000_000_000 + room.at(8).load(I64) > now + 5 * MS // 2)
        before = app.at(offset("seen_first")).load(I64)
        with r.when(before.differs(0)):
            off_grid = (now - before) % MS
            place = app.at(offset("seen_dt"))
            place.store(place.load(I64) + off_grid)
        app.at(offset("seen_first")).store(now)
        count_down(r, app)

    rig = make_rig([(slow, 0)], cycle_ns=MS)
    control = run_loop(rig, 10)
    assert (control.scan_no, control.overruns) == (10, 10)
    assert control.skipped >= 20  # two deadlines pass in each scan; a late wake-up may add some
    assert rig.get("seen_dt") == 0


def test_statistics_when_reset_is_asked_then_zeroed_at_the_next_scan(make_rig):
    rig = make_rig([(count_down, 0)], cycle_ns=MS)
    run_loop(rig, 5)
    rig.control.exit_request = 0
    rig.control.stats_reset += 1
    rig.control.skipped = rig.control.page_retries = 7
    rig.put("runs", 0)
    control = run_loop(rig, 3)
    assert (control.execution.count, control.page_retries) == (3, 0)


def test_histogram_when_recorded_natively_then_buckets_match_the_readers(make_rig):
    code = Code("record")
    write_record(code)
    with code.routine("vs_record", exported=True, histogram=PTR, value=I64) as r:
        r.call(code["record"], r["histogram"], r["value"])
    native = NativeCode(object_code(code.text()))
    record = native.function("vs_record", None, ctypes.c_void_p, ctypes.c_int64)
    values = [-5, 0, 1, 15, 16, 17, 31, 32, 33, 1000, 26_000, 10**9, 2**42, 2**43 - 1, 2**43, 2**62]
    histogram = Histogram()
    expected = [0] * HISTOGRAM_BUCKETS
    for value in values:
        record(ctypes.addressof(histogram), value)
        expected[bucket_of(max(0, value))] += 1
    told = Distribution.capture(histogram)
    assert (list(told.buckets), told.count, told.max_ns) == (expected, len(values), 2**62)
    for value in values[1:-2]:
        assert bucket_start_ns(bucket_of(value)) <= value < bucket_start_ns(bucket_of(value) + 1)


def test_loop_when_signals_interrupt_its_sleep_then_it_sleeps_on_to_the_deadline(make_rig):
    rig = make_rig([(count_down, 0)], cycle_ns=20 * MS)
    rig.put("request", 5)
    rig.put("sum", rig.control_segment.word_address("exit_request"))
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        worker = threading.Thread(target=rig.kernel.loop, args=(rig.plan.address,))
        worker.start()
        sent = 0
        while worker.is_alive():
            signal.pthread_kill(worker.ident, signal.SIGUSR2)
            sent += 1
            worker.join(0.001)
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert sent > 5
    assert rig.control.scan_no == 5
    assert rig.control.release_delay.buckets[0] == 0  # nothing woke before its deadline
