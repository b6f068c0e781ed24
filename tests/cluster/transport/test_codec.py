"""Messages come back as they were; no bytes of a peer raise anything but a refusal, in the codec or in the core."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raftmessages import messages

from runtime.cluster.encoding import Malformed
from runtime.cluster.transport.codec import _KINDS, VERSION, OtherVersion, Parcel, decode, encode
from runtime.raft import message as raft_message
from runtime.raft.configuration import Configuration
from runtime.raft.core import Raft
from runtime.raft.log import Entry, EntryKind, Snapshot
from runtime.raft.message import Append, Message, VoteReply
from runtime.raft.ready import HardState, Ready
from runtime.raft.state import Role, Settings
from runtime.raft.times import Times

MS = 1_000_000


@given(messages())
def test_message_when_encoded_then_decoded_it_is_the_same(message):
    assert decode(encode(message)) == [message]


@given(st.lists(messages(st.just("a")), min_size=1, max_size=4))
def test_messages_when_encoded_as_one_content_then_all_of_them_come_back_in_order(said):
    assert decode(encode(*said)) == said


def test_kinds_when_counted_then_every_message_of_raft_has_one():
    kinds = {kind for kind in vars(raft_message).values() if isinstance(kind, type) and issubclass(kind, Message)}
    assert kinds - {Message} == set(_KINDS) - {Parcel}


@given(st.binary(max_size=200))
def test_bytes_when_they_are_anybodys_then_they_are_refused_or_a_message(content):
    _decoded(content)
    _decoded(bytes([VERSION]) + content)


@settings(max_examples=150, deadline=None)
@given(messages(), st.data())
def test_message_when_bytes_of_it_change_then_it_is_refused_or_a_message(message, data):
    content = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    _decoded(bytes(content))
    _decoded(bytes(content[: data.draw(st.integers(0, len(content)))]))


@given(messages(), st.binary(min_size=1, max_size=4))
def test_message_when_something_follows_it_then_it_is_refused(message, more):
    with pytest.raises(Malformed):
        decode(encode(message) + more)


@given(messages(), st.integers(0, 255).filter(lambda v: v != VERSION))
def test_message_when_it_is_of_another_version_then_that_is_told_apart(message, version):
    with pytest.raises(OtherVersion):
        decode(bytes([version]) + encode(message)[1:])


@pytest.mark.parametrize(
    ("previous", "first", "term"), [((4, 2), (6, 2), 3), ((4, 2), (5, 1), 3), ((4, 2), (5, 4), 3)], ids=str
)
def test_append_when_its_entries_do_not_fit_then_it_is_refused(previous, first, term):
    entry = Entry(index=first[0], term=first[1], kind=EntryKind.NOTHING)
    message = Append(
        source="a",
        target="b",
        term=term,
        previous_index=previous[0],
        previous_term=previous[1],
        entries=(entry,),
        commit=0,
    )
    with pytest.raises(Malformed):
        decode(encode(message))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(Role), st.lists(messages(st.sampled_from(["a", "b", "w"]), st.integers(0, 6)), max_size=12))
def test_core_when_peers_say_whatever_can_be_decoded_then_nothing_raises(role, said):
    raft, now_ns = _raft(role)
    for message in said:
        now_ns += 5 * MS
        _persisted(raft, raft.step(decode(encode(message))[0], now_ns), now_ns)
        _persisted(raft, raft.propose(b"more", now_ns)[1], now_ns)
        _persisted(raft, raft.tick(now_ns), now_ns)


def _raft(role: Role) -> tuple[Raft, int]:
    """Member a in this role, in term 3, with a few entries."""
    times = Times(heartbeat_ns=10 * MS, election_min_ns=60 * MS, lease_ns=45 * MS, effect_ns=10 * MS)
    trio = Configuration(controllers=("a", "b"), witnesses=("w",))
    entries = tuple(Entry(index=n, term=1, kind=EntryKind.COMMAND) for n in range(4, 8))
    raft = Raft(
        Settings(name="a", times=times, election_ns=70 * MS),
        hard=HardState(term=2),
        snapshot=Snapshot(configuration=trio, index=3, term=1),
        entries=entries,
        now_ns=0,
    )
    now_ns = 300 * MS
    if role is not Role.FOLLOWER:
        _persisted(raft, raft.tick(now_ns), now_ns)
    if role in (Role.CANDIDATE, Role.LEADER):
        reply = VoteReply(source="b", target="a", term=3, granted=True, trial=True, silence=1)
        _persisted(raft, raft.step(reply, now_ns), now_ns)
    if role is Role.LEADER:
        reply = VoteReply(source="b", target="a", term=3, granted=True, trial=False)
        _persisted(raft, raft.step(reply, now_ns), now_ns)
    assert raft.role is role
    return raft, now_ns


def _persisted(raft: Raft, ready: Ready, now_ns: int) -> None:
    """A disk that takes no time."""
    if ready.persist is not None:
        _persisted(raft, raft.persisted(ready.persist.number, now_ns), now_ns)


def _decoded(content: bytes) -> None:
    try:
        found = decode(content)
    except Malformed:
        return
    assert decode(encode(*found)) == found
