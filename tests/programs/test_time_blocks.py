"""Blocks about time and switching, against Python's calendar or a state machine of a few lines."""

import calendar
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from blockbench import Bench, Block

MS = 1_000_000
S = 1000 * MS
MIDNIGHT = datetime(2026, 1, 7, tzinfo=UTC)


def ns(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000


def day_ns(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400 * S


Entry = tuple[date, date, int, int, int, float]
"""First and last day, days (bit 0 Sunday), start and stop in minutes of the day, P."""


def _fill(bench: Bench, entries: list[Entry]) -> None:
    for number, (first, last, days, start, stop, p_kw) in enumerate(entries, 1):
        at = f"entries[{number}]."
        for name, value in (
            ("used", 1), ("first_day", day_ns(first)), ("last_day", day_ns(last)), ("days", days),
            ("start", start * 60 * S), ("stop", stop * 60 * S), ("p_kw", p_kw), ("q_kvar", -p_kw / 2),
        ):  # fmt: skip
            bench.cell(at + name).write(value)


def _holding(entries: list[Entry], now: datetime) -> tuple[int, datetime]:
    """The first entry that holds, and when it ends; 0 for none."""
    for number, (first, last, days, start, stop, _) in enumerate(entries, 1):
        for back in (0, 1):
            day = now.date() - timedelta(days=back)
            begins = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=start)
            ends = begins + timedelta(minutes=stop - start if stop > start else stop - start + 1440)
            named = days >> (day.isoweekday() % 7) & 1
            if named and first <= day <= last and begins <= now < ends:
                return number, ends
    return 0, now


def test_schedule_when_entries_and_times_are_random_then_as_the_calendar_says(program: Block) -> None:
    chance = random.Random(8)
    declare = "now : DT; timetable : SCHEDULE; entries : ARRAY [1..8] OF SCHEDULE_ENTRY;"
    bench = program(declare, "timetable(now := now, entries := entries);")
    held = set()
    for _ in range(6):
        days = [MIDNIGHT.date() + timedelta(days=chance.randint(-3, 20)) for _ in range(8)]
        entries: list[Entry] = [
            (d, d + timedelta(days=chance.randint(0, 9)), chance.randint(0, 127),
             *chance.choices(range(0, 1440, 15), k=2), float(number))
            for number, d in enumerate(days, 1)
        ]  # fmt: skip
        _fill(bench, entries)
        for _ in range(60):
            now = MIDNIGHT + timedelta(seconds=chance.randint(0, 20 * 86_400))
            number, ends = _holding(entries, now)
            bench.scan(now=ns(now)).expect(timetable__entry=number, timetable__active=number > 0)
            bench.expect(timetable__p_kw=float(number), timetable__q_kvar=-number / 2)
            bench.expect(timetable__remaining=ns(ends) - ns(now))
            held.add(number)
    assert len(held) > 6  # most entries had their turn, and none of them too


def test_local_time_when_any_hour_of_some_years_then_as_the_last_sundays_say(program: Block) -> None:
    bench = program("utc : DT; wall : DT;", "wall := LOCAL_TIME(utc := utc, ahead := T#2h);")
    chance = random.Random(9)
    for year in (2024, 2026, 2028, 2033):
        turns = [
            datetime(year, month, max(w[6] for w in calendar.monthcalendar(year, month)), 1, tzinfo=UTC)
            for month in (3, 10)
        ]
        moments = [turn + timedelta(seconds=s) for turn in turns for s in (-1, 0, 1)]
        moments += [
            datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randint(0, 365 * 86_400)) for _ in range(20)
        ]
        for utc in moments:
            ahead = timedelta(hours=3 if turns[0] <= utc < turns[1] else 2)
            bench.scan(utc=ns(utc)).expect(wall=ns(utc + ahead))


def _flips(chance: random.Random, scans: int) -> list[bool]:
    """A contact that is mostly still and sometimes bounces."""
    value, seen = False, []
    while len(seen) < scans:
        seen += [value] * chance.choice([1, 1, 2, 3, 5, 8, 20])
        value = not value
    return seen[:scans]


def test_debounce_when_a_contact_bounces_then_as_the_last_scans_say(block: Block) -> None:
    contact = _flips(random.Random(10), 2000)
    debounced = block("DEBOUNCE", period_ms=10).scan(0, on_time=40 * MS, off_time=20 * MS)
    q = False
    for k, value in enumerate(contact):
        needed = 5 if value else 3  # so many scans in a row span the time
        if value != q and k + 1 >= needed and all(v == value for v in contact[k + 1 - needed : k + 1]):
            q = value
        debounced.scan(**{"in": value}).expect(q=q)


def _alarm(on_scans: int, off_scans: int) -> Callable[[float], bool]:
    """Alarm above 1, clear below 0.5; so many scans beyond before it comes, so many back before it goes."""
    state = {"beyond": False, "alarm": False, "run": 0}

    def step(value: float) -> bool:
        state["beyond"] = value >= 1.0 or (state["beyond"] and value > 0.5)
        state["run"] = state["run"] + 1 if state["beyond"] != state["alarm"] else 0
        if state["run"] > (on_scans if state["beyond"] else off_scans):
            state["alarm"], state["run"] = state["beyond"], 0
        return bool(state["alarm"])

    return step


def test_on_delay_alarm_when_a_value_walks_then_as_its_state_machine(block: Block) -> None:
    chance, value, came = random.Random(11), 0.0, 0
    alarm = block("ON_DELAY_ALARM", period_ms=100)
    alarm.scan(0, on_at=1.0, off_at=0.5, on_delay=500 * MS, off_delay=300 * MS)
    step = _alarm(5, 3)
    for _ in range(2000):
        value = value * 0.95 + chance.gauss(0.04, 0.3)
        wanted = step(value)
        alarm.scan(**{"in": value}).expect(alarm=wanted)
        came += wanted
    assert 100 < came < 1900


def test_min_on_off_when_requests_are_random_then_no_state_is_shorter_than_it_may_be(block: Block) -> None:
    requests = _flips(random.Random(12), 3000)
    motor = block("MIN_ON_OFF", period_ms=1000).scan(0, min_on=5 * S, min_off=9 * S)
    states = []
    for request in requests:
        motor.scan(request=request)
        states.append(bool(motor["q"]))
        assert motor["waiting"] == (motor["q"] != request)
        assert (int(motor["remaining"]) == 0) or not motor["waiting"] or int(motor["remaining"]) <= 9 * S
    edges = [k for k in range(1, len(states)) if states[k] != states[k - 1]]
    lengths = [(states[a], b - a) for a, b in pairwise(edges)]
    assert len(lengths) > 50
    assert min(n for on, n in lengths if on) == 5
    assert min(n for on, n in lengths if not on) == 9
    assert motor["starts"] == sum(states[k] for k in edges)


@pytest.mark.parametrize("period_ms", [10, 30, 70])
def test_heartbeat_generator_when_its_period_is_no_multiple_of_the_scan_then_its_mean_is_right(
    block: Block, period_ms: int
) -> None:
    beat = block("HEARTBEAT_GENERATOR", period_ms=period_ms).scan(0, period=100 * MS)
    scans = 100_000 // period_ms // 10
    beat.scan(scans)
    assert int(beat["count"]) - 1 == scans * period_ms // 100
