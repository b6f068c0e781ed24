"""What is large is under way for longer than a round of heartbeats, and is not said again with each of them."""

import pytest
from raftgroup import MS, Group

from runtime.raft.configuration import Configuration
from runtime.raft.message import Append, InstallSnapshot, Message

TRIO = Configuration(controllers=("a", "b"), witnesses=("w",))
SIZE = 1_000_000


@pytest.mark.parametrize("is_compacted", [True, False], ids=["snapshot", "entries"])
@pytest.mark.parametrize(("size", "passes_ms"), [(SIZE, 200), (20 * SIZE, 1_000)])
def test_large_message_when_it_is_under_way_for_long_then_is_said_again_only_once_it_must_be_lost(
    is_compacted, size, passes_ms
):
    group, under_way = Group(TRIO), []
    _pass(group, 300, under_way)
    group.cut |= {("a", "b"), ("b", "a")}
    group.call("a", lambda raft, now_ns: raft.propose(bytes(size), now_ns)[1])
    _pass(group, 300, [])
    if is_compacted:
        group.compact("a")
    group.cut.clear()
    _pass(group, 100, under_way)
    assert len(under_way) == 1  # a megabyte takes 80 ms at 100 Mbit/s, and ten rounds have passed
    _pass(group, 3 * passes_ms, under_way)
    assert 3 <= len(under_way) <= 4
    group.wire.append(under_way[-1])
    group.deliver()
    _pass(group, 50, under_way)
    assert {m.raft.commit for m in group.members.values()} == {2}


def _pass(group: Group, duration_ms: int, under_way: list[Message]) -> None:
    """What is large and for b stays under way."""
    for _ in range(duration_ms):
        group.now_ns += MS
        group.tick()
        while group.wire:
            if group.wire[0].target != "b" or _size(group.wire[0]) < SIZE:
                group.deliver()
            else:
                under_way.append(group.wire.pop(0))


def _size(message: Message) -> int:
    match message:
        case InstallSnapshot():
            return len(message.snapshot.content)
        case Append():
            return sum(len(entry.content) for entry in message.entries)
    return 0
