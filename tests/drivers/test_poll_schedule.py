"""Which read comes next: absolute schedule, fairness, devices that do not answer."""

from io_points import input_point, modbus_wire

from runtime.drivers.modbus.polls import REFUSED_PERIOD_NS, PollSchedule
from runtime.iomap.plan.plan import DevicePlan, ReadRequest
from runtime.iomap.wire import Table


def device(name: str, *periods: int) -> DevicePlan:
    reads = tuple(
        ReadRequest(group="g", table=Table.INPUT, address=n, count=1, period_ns=period, entries=())
        for n, period in enumerate(periods)
    )
    return DevicePlan(name=name, profile="x", nature="sensor", served=False, reads=reads)


def run(schedule: PollSchedule, until: int, cost: int) -> list[str]:
    """Serve what is due, each request taking `cost`; `time device.address`."""
    now, made = 0, []
    while now < until:
        poll = schedule.due(now)
        if poll is None:
            now = schedule.next_ns() or until
            continue
        made.append(f"{now} {poll.device.name}.{poll.read.address}")
        schedule.served(poll, now)
        now += cost
    return made


def test_reads_when_there_is_time_then_each_on_its_own_grid() -> None:
    made = run(PollSchedule([device("a", 10), device("b", 25)], 0), 50, 1)
    assert made == ["0 a.0", "1 b.0", "10 a.0", "20 a.0", "25 b.0", "30 a.0", "40 a.0"]


def test_reads_when_the_link_has_a_phase_then_the_first_at_once_and_the_others_by_it() -> None:
    made = run(PollSchedule([device("a", 10), device("b", 20)], 0, phase=0.25), 45, 1)
    assert made == ["0 a.0", "1 b.0", "2 a.0", "3 b.0", "12 a.0", "22 b.0", "23 a.0", "32 a.0", "42 b.0", "43 a.0"]


def test_reads_when_some_are_slow_then_spread_over_the_grid_of_the_quick_ones_and_no_two_in_one_turn() -> None:
    slow = [f"s{n}" for n in range(4)]
    schedule = PollSchedule([device("q", 10), *(device(name, 40) for name in slow)], 0, slot=2)
    made = [line.split() for line in run(schedule, 120, 1)]
    turns = {name: [int(at) // 10 for at, what in made if what == f"{name}.0" and int(at) >= 10] for name in slow}
    assert turns == {"s0": [2, 6, 10], "s1": [3, 7, 11], "s2": [4, 8], "s3": [1, 5, 9]}
    assert [int(at) // 10 for at, what in made if what == "q.0"] == list(range(12))


def test_reads_when_a_late_one_is_served_then_no_burst_makes_up_for_it() -> None:
    schedule = PollSchedule([device("a", 10)], 0)
    poll = schedule.due(37)
    assert poll is not None
    schedule.served(poll, 37)
    assert (schedule.due(39), schedule.next_ns()) == (None, 40)


def test_reads_when_the_link_is_too_slow_then_devices_share_it_evenly() -> None:
    made = run(PollSchedule([device("a", 5), device("b", 5), device("c", 5)], 0), 300, 10)
    counts = {name: sum(f" {name}." in line for line in made) for name in "abc"}
    assert counts == {"a": 10, "b": 10, "c": 10}


def test_device_when_it_does_not_answer_then_asked_one_thing_later_and_all_when_back() -> None:
    schedule = PollSchedule([device("a", 10, 10, 10), device("b", 10)], 0)
    schedule.postpone("a", 100)
    asked = [line for line in run(schedule, 100, 1) if " a." in line]
    assert asked == []
    poll = schedule.due(100)
    assert poll is not None
    schedule.resume("a", 101)
    assert sum(p.next_ns == 101 for p in schedule.polls) == 3


def test_schedule_when_there_is_nothing_to_read_then_none() -> None:
    assert PollSchedule([device("a")], 0).next_ns() is None


def refused(schedule: PollSchedule, bad: set[int]) -> list[str]:
    """What a device without the registers `bad` is asked for, and what becomes of it."""
    asked = []
    for now in range(40):
        poll = schedule.due(now)
        if poll is None:
            break
        read = poll.read
        schedule.served(poll, now)
        span = f"{read.address}+{read.count}"
        if bad.isdisjoint(range(read.address, read.address + read.count)):
            asked.append(span)
        else:
            asked.append(f"{span} {'split' if schedule.split(poll, now) else 'none'}")
    return asked


def test_read_when_one_of_its_registers_is_none_then_found_once_and_the_others_go_on() -> None:
    points = tuple(input_point(f"p{n}", n, modbus_wire(address=2 * n)) for n in range(8))
    read = ReadRequest(group="g", table=Table.HOLDING, address=0, count=15, period_ns=10**6, entries=tuple(range(8)))
    plan = DevicePlan(name="a", profile="x", nature="sensor", served=False, inputs=points, reads=(read,))
    schedule = PollSchedule([plan], 0)
    assert refused(schedule, {10}) == ["0+15 split", "0+7", "8+7 split", "8+3 split", "12+3", "8+1", "10+1 none"]
    assert sorted((p.read.address, p.read.count, p.read.entries) for p in schedule.polls) == [
        (0, 7, (0, 1, 2, 3)),
        (8, 1, (4,)),
        (10, 1, (5,)),
        (12, 3, (6, 7)),
    ]
    assert next(p.next_ns for p in schedule.polls if p.read.address == 10) >= REFUSED_PERIOD_NS


def test_read_when_all_its_points_lie_in_one_register_then_it_is_not_split() -> None:
    points = tuple(input_point(f"p{n}", n, modbus_wire("bit", bit=n, address=4)) for n in range(3))
    read = ReadRequest(group="g", table=Table.HOLDING, address=4, count=1, period_ns=10, entries=(0, 1, 2))
    plan = DevicePlan(name="a", profile="x", nature="sensor", served=False, inputs=points, reads=(read,))
    schedule = PollSchedule([plan], 0)
    assert refused(schedule, {4}) == ["4+1 none"]
