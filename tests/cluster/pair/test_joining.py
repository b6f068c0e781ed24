"""A witness whose disk is lost comes back under a new name: it speaks first, is brought up to date, and votes."""

from pairgroup import MS, TIMES, Disk, Group

from runtime.cluster.joining import Joining
from runtime.raft.configuration import Configuration
from runtime.raft.core import Raft
from runtime.raft.log import Snapshot
from runtime.raft.message import HeartbeatReply
from runtime.raft.ready import HardState


class Carrier:
    """Of member `name` in a group."""

    def __init__(self, group, name):
        self.group, self.name = group, name

    def put(self, message):
        self.group._send(self.name, message.target, message)
        return True


def _restarted(group, witness):
    """Both controllers have a group file now that names another witness."""
    for name in ("a", "b"):
        group.kill(name)
    group.witness = witness
    for name in ("a", "b"):
        group.start(name)


def test_witness_when_it_joins_under_a_new_name_then_it_takes_the_place_of_the_old_one():
    group = Group()
    group.run(1000)
    group.kill("w")
    _restarted(group, "x")
    group.disks["x"] = Disk(HardState(), Snapshot(configuration=Configuration()))
    group.start("x")
    joining = Joining("x", ("a", "b"), Carrier(group, "x"), every_ns=TIMES.election_min_ns)
    for _ in range(3000):
        group.run(1)
        joining.look(group.members["x"], group.now * MS)
    witness, leader = group.members["x"], group._pair(group.leader()).situation.raft
    assert leader.configuration == Configuration(controllers=("a", "b"), witnesses=("x",))
    assert witness.configuration == leader.configuration
    assert witness.commit == leader.commit
    first = group.leader()
    group.kill(first)
    group.run(1000)
    assert group.leader() not in ("", first)


def test_joining_when_it_is_named_then_it_says_no_more():
    said = []

    class Ear:
        def put(self, message):
            said.append(message)
            return True

    group = Group()
    joining = Joining("w", ("a", "b"), Ear(), every_ns=5 * MS)
    named = group.members["w"]
    assert isinstance(named, Raft)
    joining.look(named, 100 * MS)
    assert said == []
    nobody = Raft(
        named._state.settings, hard=HardState(), snapshot=Snapshot(configuration=Configuration()), entries=(), now_ns=0
    )
    for now_ms in (105, 109, 110, 111):
        joining.look(nobody, now_ms * MS)
    assert said == [HeartbeatReply(source="w", target=peer, term=0, round=0) for peer in ("a", "b", "a", "b")]
