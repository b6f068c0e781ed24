"""What people are told of a member: each change once."""

from collections import Counter
from types import SimpleNamespace

from runtime.cluster.memberwatch import LOOK_EVERY_NS, SILENT_NS, STRANGERS_EVERY_NS, MemberWatch
from runtime.raft.configuration import Configuration
from runtime.raft.state import Role

TRIO = Configuration(controllers=("a", "b"), witnesses=("w",))


class Bench:
    def __init__(self):
        self.told = []
        self.now_ns = 0
        self.raft = SimpleNamespace(leader="", term=1, role=Role.FOLLOWER, configuration=TRIO)
        self.received = Counter()
        self.reached = set()
        self.post = SimpleNamespace(
            received=self.received.__getitem__, reaches=self.reached.__contains__, strangers=0, refusals=Counter()
        )
        self.watch = MemberWatch(["a", "b"], self.told.append, 0)

    def look(self, after_ns=LOOK_EVERY_NS, *, heard=("a", "b")):
        self.now_ns += after_ns
        self.received.update(heard)
        self.told.clear()
        self.watch.look(self.raft, self.post, self.now_ns)
        return list(self.told)


def test_watch_when_nothing_changes_then_nothing_is_told_again():
    bench = Bench()
    assert bench.look() == ["knows no leader, term 1", "takes part: controllers a, b; witnesses w"]
    assert bench.look() == []


def test_watch_when_the_leader_changes_then_it_is_told_once_and_campaigns_are_not():
    bench = Bench()
    bench.look()
    bench.raft.leader = "a"
    assert bench.look() == ["follows a in term 1"]
    bench.raft.leader, bench.raft.role, bench.raft.term = "", Role.TRIAL, 2
    assert bench.look() == ["knows no leader, term 2"]
    bench.raft.role, bench.raft.term = Role.CANDIDATE, 3
    assert bench.look() == []
    bench.raft.leader, bench.raft.role = "w", Role.LEADER
    assert bench.look() == ["leads in term 3"]


def test_watch_when_a_peer_is_silent_then_that_is_told_and_its_return():
    bench = Bench()
    bench.look()
    assert bench.look(SILENT_NS - 1, heard=["a"]) == []
    assert bench.look(heard=["a"]) == ["b is silent"]
    assert bench.look(heard=["a"]) == []
    assert bench.look() == ["b is heard again"]


def test_watch_when_strangers_knock_all_the_time_then_it_is_told_once_a_minute():
    bench = Bench()
    bench.look(STRANGERS_EVERY_NS)
    told = []
    for _ in range(3 * STRANGERS_EVERY_NS // SILENT_NS):
        bench.post.strangers += 1
        bench.post.refusals["malformed"] += 2
        told += bench.look(SILENT_NS)
    assert len(told) == 3
    assert told[0] == "refused so far: connections without a member's key: 1; messages: malformed: 2"


def test_watch_when_members_change_then_they_are_told():
    bench = Bench()
    bench.look()
    bench.raft.configuration = Configuration(controllers=("a",), learners=("b", "w"))
    assert bench.look() == ["takes part: controllers a; learners b, w"]


def test_watch_when_a_standby_has_nothing_to_say_but_answers_then_it_is_not_called_silent():
    bench = Bench()
    bench.look()
    bench.reached.add("b")
    assert bench.look(SILENT_NS, heard=("a",)) == []
    bench.reached.clear()
    assert bench.look(SILENT_NS, heard=("a",)) == ["b is silent"]
    bench.reached.add("b")
    assert bench.look(heard=("a",)) == ["b is heard again"]
