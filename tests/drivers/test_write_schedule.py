"""When outputs are written: change, dead band, refresh, minimal interval, failure, turn; and heartbeats."""

from collections.abc import Callable

import pytest
from io_points import MS, modbus_wire, output_point

from runtime.core.elementary import Value
from runtime.drivers.writes import REST_NS, HeartbeatCounter, WriteSchedule
from runtime.iomap.plan.plan import Heartbeat, OutputPoint


def run(policy: dict[str, float], steps: list[tuple[int, Value | None]]) -> list[tuple[int, Value]]:
    """Feed (ms, value) and note (ms, value) of each write; every write succeeds."""
    schedule = WriteSchedule([output_point(**policy)])
    made: list[tuple[int, Value]] = []
    for at_ms, value in steps:

        def value_of(_point: OutputPoint, _now_ns: int, value: Value | None = value) -> Value | None:
            return value

        due = schedule.due(at_ms * MS, value_of)
        if due is not None:
            schedule.written(due[0], due[1], at_ms * MS)
            made.append((at_ms, due[1]))
    return made


@pytest.mark.parametrize(
    ("policy", "steps", "written"),
    [
        ({}, [(0, 1.0), (1, 1.0), (2, 1.5), (3, 1.5)], [(0, 1.0), (2, 1.5)]),
        ({}, [(0, None), (1, 1.0)], [(1, 1.0)]),
        ({}, [(0, False), (1, True), (2, True)], [(0, False), (1, True)]),
        ({"dead_band": 0.5}, [(0, 1.0), (1, 1.5), (2, 1.6), (3, 1.2)], [(0, 1.0), (2, 1.6)]),
        ({"dead_band": 0.5, "refresh_ns": 10 * MS}, [(0, 1.0), (9, 1.1), (10, 1.1)], [(0, 1.0), (10, 1.1)]),
        ({"refresh_ns": 10 * MS}, [(0, 1.0), (5, 2.0), (10, 2.0), (15, 2.0)], [(0, 1.0), (5, 2.0), (15, 2.0)]),
        ({"refresh_ns": 10 * MS}, [(0, 1.0), (20, None), (21, 1.0)], [(0, 1.0), (21, 1.0)]),
        ({"min_interval_ns": 10 * MS}, [(0, 1), (3, 2), (9, 4), (10, 5), (19, 6), (20, 7)], [(0, 1), (10, 5), (20, 7)]),
    ],
)
def test_output_when_values_come_then_written_as_its_policy_says(
    policy: dict[str, float], steps: list[tuple[int, Value | None]], written: list[tuple[int, Value]]
) -> None:
    assert run(policy, steps) == written


def test_outputs_when_all_are_due_then_each_in_its_turn() -> None:
    schedule = WriteSchedule([output_point(n, i, refresh_ns=1) for i, n in enumerate("abc")])
    order = []
    for step in range(6):
        due = schedule.due(step * MS, lambda _point, _now: 1.0)
        assert due is not None
        order.append(due[0])
        schedule.written(*due, step * MS)
    assert order == [0, 1, 2, 0, 1, 2]


def test_output_when_the_device_refuses_then_tried_again_after_a_wait_and_others_go_on() -> None:
    schedule = WriteSchedule([output_point("a"), output_point("b", 1)])
    assert schedule.due(0, lambda _p, _n: 1.0) == (0, 1.0)
    assert not schedule.failed(0, 1.0, 0)
    assert schedule.due(1, lambda _p, _n: 1.0) == (1, 1.0)
    schedule.written(1, 1.0, 1)
    assert schedule.due(900 * MS - 1, lambda _p, _n: 1.0) is None
    assert schedule.next_ns() == 900 * MS
    assert schedule.due(900 * MS, lambda _p, _n: 1.0) == (0, 1.0)


def test_output_when_all_tries_fail_then_a_long_rest_unless_the_value_changes() -> None:
    schedule = WriteSchedule([output_point("a", attempts=3, retry_ns=10)])
    value = 1.0
    tried = []
    now = 0
    for step in range(100):
        now = step * 5
        if (due := schedule.due(now, lambda _p, _n: value)) is not None:
            tried.append(now)
            assert schedule.failed(*due, now) == (len(tried) == 3)
    assert tried == [0, 10, 20]
    assert schedule.next_ns() == 20 + REST_NS
    value = 2.0
    assert schedule.due(now, lambda _p, _n: value) == (0, 2.0)
    assert not schedule.failed(0, 2.0, now)
    assert schedule.due(20 + REST_NS, lambda _p, _n: 1.0) == (0, 1.0)


def test_output_when_forgotten_then_written_although_nothing_changed() -> None:
    schedule = WriteSchedule([output_point(dead_band=10.0, min_interval_ns=1000 * MS)])
    schedule.written(0, 1.0, 0)
    assert schedule.due(1, lambda _p, _n: 0.0) is None
    schedule.forget()
    assert schedule.due(1, lambda _p, _n: 0.0) == (0, 0.0)


@pytest.mark.parametrize(
    ("kind", "values"), [("up", [3, 4, 5, 3, 4]), ("down", [5, 4, 3, 5, 4]), ("toggle", [3, 5, 3, 5, 3])]
)
def test_heartbeat_when_it_beats_then_it_changes_each_time(kind: str, values: list[int]) -> None:
    rule = Heartbeat(
        point="h",
        wire=modbus_wire(),
        kind=kind,  # type: ignore[arg-type]
        period_ns=MS,
        minimum=3,
        maximum=5,
    )
    counter = HeartbeatCounter(rule)
    assert [counter.beat(step * MS) for step in range(5)] == values
    assert counter.next_ns == 5 * MS


def ordered(values: dict[int, Value], **policy: int) -> tuple[WriteSchedule, Callable[[int], int | None]]:
    """Setpoint 0 and control word 1 in this order, and what is due at a time (ms) of these values."""
    schedule = WriteSchedule([output_point("p_set", 0, **policy), output_point("control", 1)], order=(0, 1))

    def due(at_ms: int, *, patient: bool = True) -> int | None:
        found = schedule.due(at_ms * MS, lambda point, _: values.get(point.entry), patient=patient)
        return None if found is None else found[0]

    return schedule, due


def test_ordered_outputs_when_the_first_changes_all_the_time_then_the_second_waits_for_one_write_of_it_only() -> None:
    values: dict[int, Value] = {0: 1.0, 1: False}
    schedule, due = ordered(values)
    made = []
    for at_ms in range(8):
        values |= {0: float(at_ms), 1: at_ms >= 3}
        number = due(at_ms)
        assert number is not None
        made.append(number)
        schedule.written(number, values[number], at_ms * MS)
    assert made == [0, 1, 0, 0, 1, 0, 0, 0]


def test_ordered_outputs_when_the_first_is_refused_then_the_second_waits_for_its_tries_and_not_for_ever() -> None:
    values: dict[int, Value] = {0: 1.0, 1: True}
    schedule, due = ordered(values, attempts=2, retry_ns=10 * MS)
    assert due(0) == 0
    assert not schedule.failed(0, 1.0, 0)
    assert due(5) is None
    assert due(5, patient=False) == 1
    assert due(10) == 0
    schedule.failed(0, 1.0, 10 * MS)
    assert due(19) is None
    assert due(20) == 1


def test_ordered_outputs_when_the_first_may_not_be_written_yet_then_the_second_waits_for_it() -> None:
    values: dict[int, Value] = {0: 1.0, 1: True}
    schedule, due = ordered(values, min_interval_ns=50 * MS, attempts=1, retry_ns=0)
    schedule.written(0, 0.0, 0)
    assert due(10) is None
    assert due(50) == 0
    schedule.written(0, 1.0, 50 * MS)
    assert due(51) == 1
