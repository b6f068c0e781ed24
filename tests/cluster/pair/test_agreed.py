"""What the log comes to: the same from entries and from a snapshot, bounded, and no command twice."""

import pytest

from runtime.cluster.pair import agreed as module
from runtime.cluster.pair.agreed import Agreed, in_sync_at_any, in_sync_at_end
from runtime.cluster.pair.entries import (
    Applied,
    Cause,
    Command,
    Detached,
    Force,
    InSync,
    TakenOver,
    VersionPart,
    decode_entry,
    encode_entry,
)
from runtime.core.fault import ClusterFault
from runtime.raft.log import Entry, EntryKind

TAKEN = TakenOver(leader="a", term=2, cause=Cause.LOST, state_term=1, scan_no=8, gap_ns=5, wall_ns=9)
SAID = (
    TAKEN,
    InSync(members=("a", "b")),
    Command(client="hmi", seq=4, body='{"tag":"x"}'),
    Force(name="a.x", body="1", keep=True),
    Force(name="a.y", body="2", keep=True),
    Force(name="a.x", body="", keep=False),
    Applied(index=3),
    Detached(members=("b",)),
    VersionPart(program="v2", part=0, parts=2, content=b"\0\1\2"),
    VersionPart(program="v2", part=1, parts=2, content=b"\0end"),
)


def entry(index, said):
    return Entry(index=index, term=1, kind=EntryKind.COMMAND, content=encode_entry(said))


def after(*said):
    agreed = Agreed()
    for index, one in enumerate(said, 1):
        agreed.apply(entry(index, one))
    return agreed


@pytest.mark.parametrize("said", SAID, ids=lambda s: type(s).__name__)
def test_entry_when_written_and_read_then_is_the_same(said):
    assert decode_entry(encode_entry(said)) == said


@pytest.mark.parametrize("content", [b"", b"?{}", b"T{}", b"C[]", b"S\xff", b'A{"index":1,"more":2}'])
def test_entry_when_it_is_none_of_ours_then_says_what_to_do(content):
    with pytest.raises(ClusterFault):
        decode_entry(content)


def test_member_when_it_takes_over_then_it_is_in_service():
    assert after(TAKEN, Detached(members=("a",))).detached == ("a",)
    assert after(Detached(members=("a",)), TAKEN).detached == ()
    assert after(Detached(members=("b",)), TAKEN).detached == ("b",)


def test_agreed_when_it_goes_through_a_snapshot_at_any_place_then_comes_to_the_same():
    whole = after(*SAID)
    for cut in range(len(SAID) + 1):
        agreed = Agreed.of_bytes(after(*SAID[:cut]).to_bytes())
        for index, said in enumerate(SAID[cut:], cut + 1):
            agreed.apply(entry(index, said))
        assert agreed == whole
    assert (whole.program, whole.package) == ("v2", b"\0\1\2\0end")
    assert whole.in_sync == ("a", "b")
    assert whole.takeovers == [TAKEN]
    assert whole.forces == {"a.y": "2"}


def test_command_when_it_stands_in_the_log_twice_then_counts_once():
    agreed = after(*[Command(client="c", seq=1, body="x")] * 3)
    assert [d.index for d in agreed.commands] == [1]
    assert agreed.index_of("c", 1) == 1


def test_deliveries_when_some_are_applied_then_are_the_rest():
    commands = [Command(client="c", seq=n, body="") for n in range(1, 6)]
    cold = TakenOver(leader="a", term=3, cause=Cause.COLD, state_term=0, scan_no=0, gap_ns=0, wall_ns=0)
    agreed = after(*commands, Applied(index=2))
    assert [d.index for d in agreed.deliveries_after(1)] == [2, 3, 4, 5]  # a state older than what is known to have run
    assert [d.index for d in agreed.deliveries_after(4)] == [5]
    assert [d.index for d in after(*commands, Applied(index=2), cold).deliveries_after(0)] == [3, 4, 5]


def test_agreed_when_clients_come_without_end_then_stays_bounded():
    agreed = after(*(Command(client=f"c{n % 300}", seq=n, body="") for n in range(2000)))
    assert len(agreed.commands) == module.COMMANDS_MAX
    assert len(agreed.to_bytes()) < 100_000


def test_in_sync_when_entries_are_not_committed_then_counts_who_may_be():
    tail = [entry(5, InSync(members=("a",))), entry(6, InSync(members=("a", "b")))]
    assert in_sync_at_end(("a", "b"), tail[:1]) == ("a",)
    assert in_sync_at_any(("a", "b"), tail[:1]) == {"a", "b"}
    assert in_sync_at_any(("a",), tail) == {"a", "b"}
    assert in_sync_at_end(None, ()) is None


def test_forces_when_a_leader_begins_without_a_state_then_those_to_keep_are_left():
    cold = TakenOver(leader="a", term=3, cause=Cause.COLD, state_term=0, scan_no=0, gap_ns=0, wall_ns=0)
    agreed = after(Force(name="x", body="1", keep=True), Force(name="y", body="2", keep=False), cold)
    assert agreed.forces == {"x": "1"}


def test_command_when_its_client_has_sent_many_since_then_still_counts_once():
    many = [Command(client="scada", seq=n, body="") for n in range(module.RAN_MAX - 1)]
    agreed = after(Command(client="hmi", seq=1, body=""), *many, many[0])
    assert agreed.index_of("scada", 0) == 2
    assert agreed.index_of("hmi", 1) == 1
    agreed = after(Command(client="hmi", seq=1, body=""), *many, Command(client="scada", seq=-1, body=""))
    assert agreed.index_of("scada", 0) == 0  # who has said most is forgotten first
    assert agreed.index_of("scada", 1)
    assert agreed.index_of("hmi", 1)
