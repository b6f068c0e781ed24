"""Messages of every kind, as hypothesis makes them up."""

from hypothesis import strategies as st

from runtime.cluster.encoding import NUMBER_MAX
from runtime.cluster.transport.codec import Parcel
from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry, EntryKind, Snapshot
from runtime.raft.message import (
    Append,
    AppendReply,
    HandOver,
    Heartbeat,
    HeartbeatReply,
    InstallSnapshot,
    Message,
    Released,
    VoteReply,
    VoteRequest,
)

NUMBERS = st.one_of(st.integers(0, 20), st.integers(0, NUMBER_MAX))
NAMES = st.one_of(st.sampled_from(["a", "b", "w"]), st.text(max_size=16))
CONTENTS = st.binary(max_size=40)
_ROW = st.lists(NAMES, max_size=3).map(tuple)
CONFIGURATIONS = st.builds(Configuration, controllers=_ROW, witnesses=_ROW, learners=_ROW)


@st.composite
def entry(draw, *, index, term):
    kind = draw(st.sampled_from(EntryKind))
    configuration = draw(CONFIGURATIONS) if kind is EntryKind.CONFIGURATION else None
    return Entry(index=index, term=term, kind=kind, content=draw(CONTENTS), configuration=configuration)


@st.composite
def append(draw, heads):
    head = draw(heads)
    previous, term = draw(st.integers(0, NUMBER_MAX - 10)), draw(st.integers(0, head["term"]))
    entries = []
    for number in range(draw(st.integers(0, 4))):
        before = entries[-1].term if entries else term
        entries.append(draw(entry(index=previous + 1 + number, term=draw(st.integers(before, head["term"])))))
    return Append(**head, previous_index=previous, previous_term=term, entries=tuple(entries), commit=draw(NUMBERS))


@st.composite
def snapshot(draw, heads):
    head = draw(heads)
    held = Snapshot(
        configuration=draw(CONFIGURATIONS),
        index=draw(NUMBERS),
        term=draw(st.integers(0, head["term"])),
        content=draw(CONTENTS),
    )
    return InstallSnapshot(**head, snapshot=held)


def messages(names=NAMES, terms=NUMBERS) -> st.SearchStrategy[Message]:
    """Of every kind."""
    heads = st.fixed_dictionaries({"source": names, "target": names, "term": terms})

    def plain(kind, **fields):
        return st.builds(lambda head, more: kind(**head, **more), heads, st.fixed_dictionaries(fields))

    return st.one_of(
        plain(VoteRequest, last_index=NUMBERS, last_term=NUMBERS, trial=st.booleans(), handed_over=st.booleans()),
        plain(VoteReply, granted=st.booleans(), trial=st.booleans()),
        plain(Heartbeat, round=NUMBERS, commit=NUMBERS),
        plain(HeartbeatReply, round=NUMBERS),
        append(heads),
        plain(AppendReply, accepted=st.booleans(), index=NUMBERS, hint=NUMBERS),
        snapshot(heads),
        plain(HandOver),
        plain(Released),
        plain(Parcel, label=st.integers(0, 255), content=CONTENTS),
    )
