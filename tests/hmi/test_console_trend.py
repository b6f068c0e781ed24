import math

import pytest

from hmi.braille import Dots, buckets, nice_bounds, plot
from hmi.trend import TREND_S, UNKNOWN, Sample, Trend


def sample(value: float) -> Sample:
    return Sample(value, value, value, value)


def test_trend_when_a_second_comes_twice_then_the_first_counts():
    trend = Trend()
    assert [trend.take(second, sample(second)) for second in (1, 1, 2, 2)] == [True, False, True, False]
    assert trend.series("soc_pct") == [1, 2]


def test_trend_when_seconds_are_missed_then_they_are_unknown():
    trend = Trend()
    trend.take(1, sample(1))
    trend.take(4, sample(4))
    assert list(trend.samples) == [sample(1), UNKNOWN, UNKNOWN, sample(4)]


def test_trend_when_the_controllers_clock_is_set_back_then_it_starts_anew():
    trend = Trend()
    trend.take(1000, sample(1))
    trend.take(400, sample(2))
    assert trend.series("soc_pct") == [2]


def test_trend_when_a_day_is_missed_then_no_more_than_its_length_is_kept():
    trend = Trend()
    trend.take(1, sample(1))
    trend.take(86_400, sample(2))
    assert len(trend.samples) == TREND_S
    assert trend.samples[-1] == sample(2)


@pytest.mark.parametrize(
    ("low", "high", "span_min", "bounds"),
    [
        (0.0, 37.0, 10.0, (0.0, 40.0)),
        (-12.0, 33.0, 10.0, (-50.0, 50.0)),
        (0.0, 0.4, 10.0, (-5.0, 10.0)),
        (61.2, 63.4, 2.0, (60.0, 64.0)),
    ],
)
def test_bounds_when_chosen_then_they_are_round_and_hold_the_curve(low, high, span_min, bounds):
    found = nice_bounds(low, high, span_min=span_min)
    assert found == bounds
    assert found[0] <= low <= high <= found[1]


def test_buckets_when_a_sample_is_added_then_older_buckets_stay_as_they_are():
    samples = [float(n) for n in range(20)]
    before = buckets(samples[:-1], size=4, last=18, count=5)
    after = buckets(samples, size=4, last=19, count=5)
    assert before[:-1] == after[:-1]
    assert after == [(0, 3), (4, 7), (8, 11), (12, 15), (16, 19)]


def test_buckets_when_all_is_unknown_then_there_is_a_gap():
    assert buckets([1.0, math.nan, math.nan, 4.0], size=2, last=5, count=2) == [(1, 1), (4, 4)]
    assert buckets([math.nan, math.nan, 4.0, 5.0], size=2, last=5, count=2) == [None, (4, 5)]


def drawn(spans: list[tuple[float, float] | None], *, dotted: bool = False) -> str:
    dots = Dots(4, 1)
    plot(dots, spans, low=0.0, high=3.0, dotted=dotted)
    row = [" "] * 4
    for x, _, char in dots.cells():
        row[x] = char
    return "".join(row)


@pytest.mark.parametrize(
    ("spans", "dotted", "row"),
    [
        ([(0.0, 0.0)] * 8, False, "⣀⣀⣀⣀"),
        ([(3.0, 3.0)] * 8, False, "⠉⠉⠉⠉"),
        ([(3.0, 3.0)] * 8, True, "⠉ ⠉ "),
        ([(0.0, 0.0)] * 4 + [(3.0, 3.0)] * 4, False, "⣀⣀⡏⠉"),
        ([(0.0, 0.0)] * 2 + [None] * 4 + [(3.0, 3.0)] * 2, False, "⣀  ⠉"),
        ([(0.0, 3.0)], False, "   ⢸"),
    ],
)
def test_plot_when_drawn_then_steps_are_joined_and_gaps_stay(spans, dotted, row):
    assert drawn(spans, dotted=dotted) == row
