"""The output sink, time by time: which frames count, what may be written, when outputs go to fail-safe."""

import math

import pytest
from io_points import MS, FakeFrame, output_point

from runtime.drivers.sink import OutputSink, SinkState

WAITING, DRIVING, FAIL_SAFE = SinkState.WAITING, SinkState.DRIVING, SinkState.FAIL_SAFE


def new_sink() -> OutputSink:
    return OutputSink(fail_safe_after_ns=100 * MS, start_ns=0)


def test_sink_when_frames_come_stop_and_come_again_then_it_follows() -> None:
    sink, point = new_sink(), output_point(fail_safe=1.0)
    frame = FakeFrame(valid_until_ns=50 * MS)
    for now_ms, given, state, value in (
        (0, None, WAITING, None),
        (10, frame, DRIVING, 5.0),
        (50, frame, DRIVING, 5.0),
        (51, frame, WAITING, None),
        (149, frame, WAITING, None),
        (150, frame, FAIL_SAFE, 1.0),
        (900, frame, FAIL_SAFE, 1.0),
        (901, FakeFrame(valid_until_ns=950 * MS), DRIVING, 5.0),
    ):
        assert sink.take(given, now_ms * MS) is state, now_ms
        assert sink.value(point, now_ms * MS) == value, now_ms
    assert sink.epoch == 2


def test_sink_when_no_frame_ever_comes_then_fail_safe_after_its_time() -> None:
    sink = new_sink()
    assert [sink.take(None, t * MS) for t in (0, 99, 100)] == [WAITING, WAITING, FAIL_SAFE]


def test_sink_when_an_older_term_comes_then_refused_and_the_newer_expires() -> None:
    sink, point = new_sink(), output_point()
    sink.take(FakeFrame((2.0,), term=2), 0)
    assert sink.take(FakeFrame((1.0,), term=1, valid_until_ns=900 * MS), 10 * MS) is DRIVING
    assert sink.value(point, 10 * MS) == 2.0
    assert sink.refused_frames == 1
    assert sink.take(FakeFrame((1.0,), term=1, valid_until_ns=900 * MS), 160 * MS) is FAIL_SAFE
    assert sink.take(FakeFrame((3.0,), term=3, valid_until_ns=900 * MS), 170 * MS) is DRIVING


def test_value_when_the_frame_expires_between_look_and_write_then_nothing() -> None:
    sink, point = new_sink(), output_point()
    sink.take(FakeFrame(valid_until_ns=50 * MS), 49 * MS)
    assert sink.value(point, 50 * MS) == 5.0
    assert sink.value(point, 51 * MS) is None


def test_sink_when_the_scan_does_not_drive_then_fail_safe_at_once() -> None:
    sink, point = new_sink(), output_point(fail_safe=1.0)
    sink.take(FakeFrame(), 0)
    assert sink.take(FakeFrame(driving=False), 1 * MS) is FAIL_SAFE
    assert sink.value(point, 1 * MS) == 1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_value_when_not_finite_then_fail_safe_value(bad: float) -> None:
    sink = new_sink()
    sink.take(FakeFrame((bad,)), 0)
    assert sink.value(output_point(fail_safe=1.0), 0) == 1.0
    assert sink.value(output_point(fail_safe=None), 0) is None


def test_value_when_beyond_the_limits_then_clamped() -> None:
    sink = new_sink()
    sink.take(FakeFrame((500.0,)), 0)
    assert sink.value(output_point(minimum=-100.0, maximum=100.0), 0) == 100.0
    sink.take(FakeFrame((-500.0,)), 0)
    assert sink.value(output_point(minimum=-100.0, maximum=100.0), 0) == -100.0


def test_sink_when_held_or_closed_then_hold_writes_nothing_and_no_frame_reopens_it() -> None:
    sink = new_sink()
    sink.take(FakeFrame(), 0)
    sink.close()
    assert sink.take(FakeFrame(), 1 * MS) is FAIL_SAFE
    assert sink.value(output_point(fail_safe=None), 1 * MS) is None
    assert sink.value(output_point(fail_safe=7.0), 1 * MS) == 7.0
