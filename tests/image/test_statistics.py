import pytest

from runtime.image.control import HISTOGRAM_BUCKETS, Histogram
from runtime.image.statistics import Distribution, bucket_of, bucket_start_ns


def histogram_of(*values_ns):
    made = Histogram()
    for value in values_ns:
        made.buckets[bucket_of(value)] += 1
        made.count += 1
        made.sum_ns += value
        made.max_ns = max(made.max_ns, value)
    return made


def test_bucket_when_its_start_is_counted_then_it_is_its_own_and_the_ns_before_belongs_to_the_former():
    for bucket in range(1, HISTOGRAM_BUCKETS):
        assert (bucket_of(bucket_start_ns(bucket)), bucket_of(bucket_start_ns(bucket) - 1)) == (bucket, bucket - 1)


@pytest.mark.parametrize(("percent", "value_ns"), [(50, 50_000), (90, 90_000), (99, 99_000), (1, 1_000)])
def test_percentile_when_durations_are_spread_evenly_then_within_the_width_of_a_bucket(percent, value_ns):
    told = Distribution.capture(histogram_of(*range(1_000, 101_000, 1_000)))
    assert told.percentile_ns(percent) == pytest.approx(value_ns, rel=0.04)


def test_percentile_when_few_durations_then_never_above_the_largest():
    told = Distribution.capture(histogram_of(984_000))
    assert bucket_start_ns(bucket_of(984_000) + 1) > 1_010_000
    assert (told.percentile_ns(99.99), told.mean_ns) == (984_000, 984_000)


def test_distribution_when_empty_then_zeros():
    told = Distribution.capture(Histogram())
    assert told.summary() == dict.fromkeys(told.summary(), 0.0)


def test_difference_when_more_was_counted_then_only_that():
    earlier = Distribution.capture(histogram_of(100, 200))
    later = Distribution.capture(histogram_of(100, 200, 5_000, 5_000))
    gained = later.since(earlier)
    assert (gained.count, gained.sum_ns) == (2, 10_000)
    assert gained.percentile_ns(1) == pytest.approx(5_000, rel=0.04)


def test_difference_when_reset_in_between_then_all_since_the_reset():
    earlier, later = Distribution.capture(histogram_of(1, 2, 3)), Distribution.capture(histogram_of(7))
    assert later.since(earlier) == later
