"""Alarms of a controller's own disk and wall clock: seen for certain, or not at all; shown for a while."""

import pytest

from runtime.cluster.redundancy.localwatch import SHOWN_NS, ClockReading, LocalWatch, certain_jump_ns

S = 1_000_000_000
SLOW = {
    "id": "disk_slow",
    "source": "a",
    "severity": "warning",
    "text": "a's disk is slow, commands wait for it: a write took 1 s or more",
}


def at(mono_s: float, wall_s: float, *, stopped_s: float = 0.0) -> ClockReading:
    before_ns = int(mono_s * S)
    return ClockReading(before_ns, int(wall_s * S), before_ns + int(stopped_s * S))


@pytest.mark.parametrize(
    ("last", "now", "jump_s"),
    [
        (at(1, 1000), at(2, 1001), 0),
        (at(1, 1000), at(2, 4601), 3600),
        (at(1, 1000), at(2, 941), -60),
        (at(1, 1000), at(2, 1002, stopped_s=1), 0),  # the wall clock was read at the end of a standstill
        (at(1, 1000), at(2, 1001, stopped_s=1), 0),  # or at its beginning
        (at(1, 1001, stopped_s=1), at(3, 1002), 0),
        (at(1, 1000), at(2, 1012, stopped_s=1), 10),  # no less than that
    ],
)
def test_jump_when_the_thread_may_have_stood_still_then_only_what_is_certain_counts(last, now, jump_s):
    assert certain_jump_ns(last, now) == jump_s * S


def test_local_watch_when_the_wall_clock_is_set_then_it_is_an_alarm_for_a_while():
    watch = LocalWatch("a", lambda _: 0)
    assert watch.look(at(1, 1000)) == []
    assert watch.look(at(1.1, 1000.1)) == []
    text = "a's wall clock jumped by -60.0 s: see its time service (NTP)"
    alarm = [{"id": "clock_jumped", "source": "a", "severity": "warning", "text": text}]
    assert watch.look(at(1.2, 940.2)) == alarm
    shown_s = SHOWN_NS / S
    assert watch.look(at(1.1 + shown_s, 940.1 + shown_s)) == alarm
    assert watch.look(at(1.3 + shown_s, 940.3 + shown_s)) == []


def test_local_watch_when_a_write_takes_long_then_it_is_an_alarm_until_a_while_after_the_last_such():
    took_ns = iter((999_999_999, 1 * S, 5 * S, 0, 0))
    watch = LocalWatch("a", lambda _: next(took_ns))
    assert [watch.look(at(t, 1000 + t)) for t in (1, 2, 10, 19.9, 20)] == [[], [SLOW], [SLOW], [SLOW], []]


def test_local_watch_when_a_member_has_other_times_then_it_is_an_alarm_as_long_as_it_is_refused_and_a_while_more():
    refused = iter((0, 3, 9, 9, 9))
    watch = LocalWatch("a", lambda _: 0, other_times=lambda: next(refused))
    shown = [[alarm["id"] for alarm in watch.look(at(t, 1000 + t))] for t in (1, 2, 10, 19.9, 20)]
    assert shown == [[], ["other_times"], ["other_times"], ["other_times"], []]
