"""The percentiles of the last round trips, put in order only now and then."""

from runtime.cluster.redundancy.roundtrip import KEPT, NEW_SHARE, RoundTrips

MS = 1_000_000


def test_round_trips_when_none_is_known_then_they_are_zero():
    assert RoundTrips().percentiles_ms(0.5, 0.99) == (0.0, 0.0)


def test_round_trips_when_a_frame_is_answered_twice_or_never_sent_then_it_counts_once_or_not():
    trips = RoundTrips()
    trips.sent(7, 2 * MS)
    trips.acknowledged(7, 5 * MS)
    trips.acknowledged(7, 9 * MS)
    trips.acknowledged(8, 9 * MS)
    assert trips.percentiles_ms(0.0, 1.0) == (3.0, 3.0)


def test_round_trips_when_a_tenth_is_new_then_the_percentiles_tell_of_it():
    trips = RoundTrips()
    for _ in range(KEPT):
        trips.took(MS)
    assert trips.percentiles_ms(0.99) == (1.0,)
    for _ in range(KEPT // NEW_SHARE - 1):
        trips.took(4 * MS)
    assert trips.percentiles_ms(0.99) == (1.0,)
    trips.took(4 * MS)
    assert trips.percentiles_ms(0.5, 0.99) == (1.0, 4.0)
