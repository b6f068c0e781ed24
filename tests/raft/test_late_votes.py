"""An answer that was under way for long, to a question that is over, decides nothing."""

from raftgroup import MS, Group

from runtime.raft.configuration import Configuration
from runtime.raft.message import Message, VoteReply

TRIO = Configuration(controllers=("a", "b"), witnesses=("w",))


def test_trial_when_it_was_granted_before_the_leader_was_heard_again_then_unseats_nobody_later():
    group, late = Group(TRIO), []
    _pass(group, 300, late)
    group.cut = {("a", "b"), ("a", "w")}  # it stands still for a moment
    _pass(group, 76, late)
    group.cut = set()
    _pass(group, 100, late)
    assert [(reply.source, reply.granted) for reply in late] == [("w", True)]
    group.cut = {("a", "b")}  # and later its link to b is cut, no more
    _pass(group, 90, [])
    assert group.members["b"].raft.role == "trial"
    group.wire += late
    _pass(group, 30, [])
    group.cut = set()
    _pass(group, 100, [])
    assert [(m.raft.role, m.raft.term) for m in group.members.values()] == [
        ("leader", 1),
        ("follower", 1),
        ("follower", 1),
    ]


def _pass(group: Group, duration_ms: int, late: list[Message]) -> None:
    """What grants b a trial now stays under way."""
    for _ in range(duration_ms):
        while group.wire:
            group.deliver()
        group.now_ns += MS
        group.tick()
        while group.wire:
            reply = group.wire[0]
            if isinstance(reply, VoteReply) and reply.trial and reply.granted and reply.target == "b":
                late.append(group.wire.pop(0))
            else:
                group.deliver()
