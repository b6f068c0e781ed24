"""Who stands, and from when on: pure, times as numbers."""

import pytest

from runtime.image.control import Control
from runtime.node.host.watch import FIRST_WORK_WITHIN_NS, ProgressWatch, stuck_after_ns

S = 1_000_000_000


@pytest.fixture
def control():
    return Control()


def watch(control, *, has_io=True):
    made = ProgressWatch(control, stuck_after_ns=2 * S, has_io=has_io)
    made.started("scan", 0)
    made.started("io", 0)
    made.look(0)
    return made


def test_watch_when_both_work_then_they_go_on(control):
    made = watch(control)
    assert not made.goes_on(0)
    control.scan_no = control.sink_clock_ns = 1
    made.look(S)
    assert (made.goes_on(S), made.stuck(S)) == (True, [])


@pytest.mark.parametrize("standing", ["scan", "io"])
def test_watch_when_one_stands_then_it_is_named_and_nothing_goes_on(control, standing):
    made = watch(control)
    for second in range(1, 6):
        if standing == "io" or second < 3:
            control.scan_no += 1
        if standing == "scan" or second < 3:
            control.sink_clock_ns += 1
        made.look(second * S)
    assert made.stuck(5 * S) == [(standing, 3 * S)]
    assert not made.goes_on(5 * S)
    assert made.goes_on(3 * S)


def test_watch_when_a_process_was_started_again_then_it_has_time_for_its_first_work(control):
    made = watch(control, has_io=False)
    control.scan_no = 1
    made.look(S)
    made.started("scan", 5 * S)
    assert made.stuck(5 * S + FIRST_WORK_WITHIN_NS - 1) == []
    assert made.stuck(5 * S + FIRST_WORK_WITHIN_NS) == [("scan", FIRST_WORK_WITHIN_NS)]
    control.scan_start_count, control.scan_no = 2, 1
    made.look(6 * S)
    assert made.stuck(7 * S) == []
    assert made.stuck(8 * S) == [("scan", 2 * S)]


def test_limit_when_the_cycle_is_long_then_ten_of_them():
    assert (stuck_after_ns(10_000_000), stuck_after_ns(S)) == (2 * S, 10 * S)
