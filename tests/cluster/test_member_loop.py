"""The loop of a member, step by step in virtual time: promises wait for the disk, what is urgent for nothing."""

from dataclasses import dataclass, field

import pytest

from runtime.cluster.memberloop import CALLS_MAX, REST_NS, MemberLoop
from runtime.core.fault import ClusterFault
from runtime.raft.message import HandOver
from runtime.raft.ready import HardState, Persist, Ready

MS = 1_000_000


def said(term):
    """A message that is told from others by its term."""
    return HandOver(source="a", target="b", term=term)


def write(number):
    return Persist(number=number, hard=HardState(term=number))


@dataclass
class Bench:
    """Core, carrier, disk and clock in one; `happened` is what was done, in order."""

    now_ns: int = 0
    due_ns: int = 10**18
    slack_ns: int = 0
    answers: list[Ready] = field(default_factory=list)
    coming: list[HandOver] = field(default_factory=list)
    happened: list[object] = field(default_factory=list)
    done: int = 0
    fault: ClusterFault | None = None

    def __post_init__(self):
        self.loop = MemberLoop(self, self.carry_out, carrier=self, disk=self, clock=lambda: self.now_ns)

    def carry_out(self, ready, _now_ns):
        self.loop.give(ready)

    # The core.

    @property
    def limit_ns(self):
        return self.due_ns + self.slack_ns

    def step(self, message, now_ns):
        self.happened.append(("step", message.term, now_ns // MS))
        return self.answers.pop(0) if self.answers else Ready()

    def tick(self, now_ns):
        self.happened.append(("tick", now_ns // MS))
        return self.answers.pop(0) if self.answers else Ready()

    def persisted(self, number, _now_ns):
        self.happened.append(("persisted", number))
        return Ready()

    # Carrier and disk.

    def put(self, message):
        self.happened.append(("send", message.term))

    def receive(self, timeout_ms):
        self.happened.append(("wait", timeout_ms))
        coming, self.coming = self.coming, []
        if not coming:
            self.now_ns += timeout_ms * MS
        return coming

    def wake(self):
        self.happened.append("wake")

    def give(self, persist):
        self.happened.append(("write", persist.number))

    def durable(self):
        if self.fault is not None:
            raise self.fault
        return self.done

    def turn(self):
        self.happened.clear()
        self.loop.turn()
        return [h for h in self.happened if h[0] != "wait"]


@pytest.fixture
def bench():
    return Bench()


def test_loop_when_a_message_is_answered_then_what_is_promised_waits_for_the_disk_and_the_rest_for_nothing(bench):
    bench.coming, bench.due_ns = [said(1)], 5 * MS
    bench.answers = [Ready(send=(said(2),), persist=write(1), promise=(said(3),))]
    assert bench.turn() == [("step", 1, 0), ("send", 2), ("write", 1)]
    assert bench.turn() == [("tick", 5)]
    bench.due_ns, bench.done = 20 * MS, 1
    assert bench.turn()[:2] == [("send", 3), ("persisted", 1)]


def test_loop_when_promises_rest_on_several_writes_then_each_is_sent_once_its_own_is_durable(bench):
    bench.coming = [said(1), said(2), said(3)]
    bench.answers = [
        Ready(persist=write(1), promise=(said(11),)),
        Ready(promise=(said(12),)),
        Ready(persist=write(2), promise=(said(13), said(14))),
    ]
    bench.turn()
    bench.done, bench.coming = 1, [said(4)]
    assert bench.turn() == [("step", 4, 0), ("send", 11), ("send", 12), ("persisted", 1)]
    bench.done, bench.coming = 2, [said(5)]
    assert bench.turn() == [("step", 5, 0), ("send", 13), ("send", 14), ("persisted", 2)]


def test_loop_when_nothing_is_to_be_written_first_then_a_promise_is_sent_at_once(bench):
    bench.coming, bench.answers = [said(1)], [Ready(promise=(said(2),))]
    assert bench.turn() == [("step", 1, 0), ("send", 2)]


def test_loop_when_nothing_comes_then_it_waits_until_the_core_is_due_and_not_less(bench):
    bench.due_ns = 7 * MS + 1
    bench.turn()
    assert bench.happened == [("wait", 8), ("tick", 8)]


def test_loop_when_what_is_due_is_no_hurry_then_it_waits_for_another_reason_to_be_awake(bench):
    bench.due_ns, bench.slack_ns, bench.now_ns = 5 * MS, 20 * MS, 6 * MS
    bench.coming = [said(1)]
    bench.turn()
    assert bench.happened == [("wait", 19), ("step", 1, 6), ("tick", 6)]
    bench.due_ns = 8 * MS
    bench.turn()
    assert bench.happened == [("wait", 22), ("tick", 28)]


def test_loop_when_a_core_is_always_due_then_it_is_left_alone_in_between(bench):
    bench.due_ns = 0
    ticks = sum(bench.turn() == [("tick", bench.now_ns // MS)] for _ in range(20))
    assert ticks == 20
    assert bench.now_ns == 19 * REST_NS


def test_loop_when_other_threads_ask_then_it_does_so_in_order_with_its_own_time(bench):
    got = []
    bench.now_ns, bench.coming = 3 * MS, [said(1)]
    bench.loop.call(lambda now_ns: got.append(("first", now_ns)))
    bench.loop.call(lambda now_ns: got.append(("second", now_ns)))
    assert bench.happened == ["wake", "wake"]
    bench.turn()
    assert got == [("first", 3 * MS), ("second", 3 * MS)]


def test_loop_when_too_many_ask_then_the_next_one_is_refused(bench):
    for _ in range(CALLS_MAX):
        bench.loop.call(lambda _: None)
    with pytest.raises(ClusterFault, match="requests wait"):
        bench.loop.call(lambda _: None)


def test_loop_when_the_disk_fails_then_it_ends(bench):
    bench.fault = ClusterFault("the disk is gone")
    bench.due_ns = 0
    with pytest.raises(ClusterFault, match="the disk is gone"):
        bench.loop.run()


def test_loop_when_it_is_stopped_then_the_turn_is_finished(bench):
    bench.due_ns = 0
    bench.loop.stop()
    bench.loop.run()
    assert bench.happened == ["wake"]
