"""What a pair writes into its log: few, rare, agreed on before anything is done by them.

As bytes: one for the topic, then JSON, and for a part of a version a zero byte and the part's content.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from runtime.core.fault import ClusterFault


class Cause(StrEnum):
    """Why a controller took over."""

    FIRST = "first start"
    LOST = "leader lost"
    STOPPED = "leader stopped"
    SWAP = "planned swap"
    COLD = "started without a state"
    CLAIMED = "claimed by an operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """`leader` drives in `term`, from the state after scan `scan_no` of `state_term`; it alone is in sync.

    `gap_ns`: from the coming of that state to the election, by the leader's clock; 0 where it held none.
    """

    leader: str
    term: int
    cause: Cause
    state_term: int
    scan_no: int
    gap_ns: int
    wall_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InSync:
    """These controllers hold the leader's state of every scan whose outputs were written."""

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a client asked for: `body` is the gateway's, opaque here. (client, seq) runs once."""

    client: str
    seq: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """Both controllers hold the variable of this name: `body` is the gateways', opaque here; empty: they let go.

    `keep`: also when a leader begins without a state, as after the loss of all power.
    """

    name: str
    body: str
    keep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Commands up to this index are in what the leader's programs did; after a cold start they do not run again."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """An operator takes these controllers out for service; empty: nobody is."""

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPart:
    """A part of the programs that all controllers are to run; whole once all `parts` of that hash are there."""

    program: str
    part: int
    parts: int
    content: bytes


PairEntry = TakenOver | InSync | Command | Force | Applied | Detached | VersionPart

_TOPICS: dict[bytes, type[PairEntry]] = {
    b"T": TakenOver,
    b"S": InSync,
    b"C": Command,
    b"F": Force,
    b"A": Applied,
    b"D": Detached,
    b"V": VersionPart,
}
_TOPIC_OF = {kind: topic for topic, kind in _TOPICS.items()}


def encode_entry(entry: PairEntry) -> bytes:
    """The entry as bytes of a log."""
    fields, tail = asdict(entry), b""
    if isinstance(entry, VersionPart):
        tail = b"\0" + fields.pop("content")
    return _TOPIC_OF[type(entry)] + json.dumps(fields, separators=(",", ":")).encode() + tail


def decode_entry(content: bytes) -> PairEntry:
    """The entry again. Raises ClusterFault for bytes that this version of the software does not know."""
    kind = _TOPICS.get(content[:1])
    head, _, tail = content[1:].partition(b"\0")
    try:
        fields = json.loads(head)
        if kind is VersionPart:
            return VersionPart(content=tail, **fields)
        if kind is TakenOver:
            return TakenOver(**{**fields, "cause": Cause(fields["cause"])})
        if kind is InSync or kind is Detached:
            return kind(members=tuple(fields["members"]))
        if kind is not None:
            return kind(**fields)
    except (ValueError, TypeError, KeyError) as fault:
        raise ClusterFault(f"an entry of the pair's log cannot be read: {fault}", mend="update this member") from fault
    raise ClusterFault(
        f"the pair's log holds an entry of an unknown kind, {content[:1]!r}", mend="update this member to the others'"
    )
