"""Which read comes next: absolute schedule, fairness, devices that do not answer."""

from runtime.drivers.modbus.polls import PollSchedule
from runtime.iomap.plan import DevicePlan, ReadRequest
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
