"""A member that lacks much is brought up to date in messages of bounded size."""

import pytest
from raftgroup import MS, Group

from runtime.raft.configuration import Configuration
from runtime.raft.message import Append

TRIO = Configuration(controllers=("a", "b"), witnesses=("w",))
LARGE = 400_000


@pytest.mark.parametrize("size", [LARGE, 2_000_000])
def test_append_when_entries_are_large_then_a_message_holds_few_and_all_arrive(size):
    sizes = []

    def hear(message):
        if isinstance(message, Append) and message.entries:
            sizes.append([len(entry.content) for entry in message.entries])

    group = Group(TRIO, said=hear)
    _pass(group, 300)
    (leader,) = [m for m in group.members.values() if m.raft.role == "leader"]
    lonely = "b" if leader.settings.name == "a" else "a"
    group.crash(lonely)
    for number in range(9):
        group.call(leader.settings.name, lambda raft, now_ns, n=number: raft.propose(bytes([n]) * size, now_ns)[1])
    _pass(group, 150)
    sizes.clear()
    group.start(lonely)
    _pass(group, 300)
    assert [content[:1] for _, content in group.members[lonely].applied if content] == [bytes([n]) for n in range(9)]
    assert all(len(each) == 1 or sum(each) <= leader.settings.bytes_max for each in sizes)
    assert any(len(each) > 1 for each in sizes) == (size == LARGE)


def _pass(group, duration_ms):
    for _ in range(duration_ms // 5):
        group.now_ns += 5 * MS
        group.tick()
        while group.wire:
            group.deliver()
