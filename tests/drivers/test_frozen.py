"""Values that stand still: seen after their time, told once, and trusted again when they move."""

from runtime.drivers.frozen import FrozenWatch

SECOND = 10**9


def run(steps: list[tuple[int, float]], after_s: int = 5) -> tuple[list[bool], list[str]]:
    told: list[str] = []
    watch = FrozenWatch("meter_1", lambda level, text: told.append(f"{level}: {text}"))
    seen = [
        watch.stands("p_kw", raw, at_s * SECOND, after_ns=after_s * SECOND, meaning="it is UNCERTAIN")
        for at_s, raw in steps
    ]
    return seen, told


def test_value_when_it_stands_still_then_doubted_after_its_time_and_told_once() -> None:
    seen, told = run([(0, 1), (4, 1), (5, 1), (6, 1), (7, 2), (8, 2)])
    assert seen == [False, False, True, True, False, False]
    assert told == [
        "warning: meter_1: p_kw has not moved for 5 s: it is UNCERTAIN",
        "info: meter_1: p_kw moves again",
    ]


def test_value_when_it_stops_again_and_again_then_told_once_a_minute() -> None:
    steps = [(at, at // 7) for at in range(60)]
    seen, told = run(steps)
    assert sum(seen) > 10
    assert [line.partition(":")[0] for line in told] == ["warning", "info"]


def test_value_when_it_stops_within_the_minute_and_stays_then_told_at_its_end() -> None:
    seen, told = run([(0, 1), (5, 1), (6, 2), (11, 2), (64, 2), (65, 2), (99, 2), (100, 3)])
    assert seen == [False, True, False, True, True, True, True, False]
    assert [line.partition(":")[0] for line in told] == ["warning", "info", "warning", "info"]


def test_value_when_it_may_stand_still_then_never_doubted() -> None:
    seen, told = run([(0, 1), (1000, 1)], after_s=0)
    assert (seen, told) == ([False, False], [])


def test_values_when_the_device_was_away_then_they_get_their_time_anew() -> None:
    watch = FrozenWatch("meter_1", lambda _level, _text: None)
    stands = [watch.stands("p", 1, at * SECOND, after_ns=5 * SECOND, meaning="") for at in (0, 6)]
    watch.forget()
    stands += [watch.stands("p", 1, at * SECOND, after_ns=5 * SECOND, meaning="") for at in (7, 11, 12)]
    assert stands == [False, True, False, False, True]
