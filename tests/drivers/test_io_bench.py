"""The measurement of the field side: its figures are of what it says, whatever they are."""

import pytest

from runtime.cli.benchsite import pass_on
from runtime.drivers.bench.measure import GROUPS_MS, quantile, run_io_bench


@pytest.mark.parametrize(("part", "value"), [(0.0, 1), (0.5, 3), (0.99, 4), (1.0, 4)])
def test_quantile_when_taken_then_by_nearest_rank(part: float, value: int) -> None:
    assert quantile([1, 2, 3, 4], part) == value


@pytest.mark.slow
def test_bench_when_run_then_all_groups_are_polled_and_a_dead_device_costs_the_others_no_read() -> None:
    report = run_io_bench(3.0, pass_on, devices=3)
    alone, beside = report.polls
    for poll in (alone, beside):
        assert [group.period_ms for group in poll.groups] == list(GROUPS_MS)
        assert all(group.reads > 0 for group in poll.groups)
        assert poll.good == 1.0
    assert report.ways_ms
    assert "never answers" in report.table()
