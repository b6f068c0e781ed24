"""What members say to each other. All carry the sender's term; a reply answers exactly one message."""

from dataclasses import dataclass

from runtime.raft.log import Entry, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """From one member to another."""

    source: str
    target: str
    term: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRequest(Message):
    """A candidate asks (paper, 5.2). `last_index` and `last_term` are where its log ends.

    `trial` (pre-vote; dissertation, 9.6): would you? `term` is then the one it would take, and nobody's term changes.
    `handed_over`: the leader itself gave up and asked for this campaign, so having heard it is no reason to refuse.
    `silence`: which one of its leader it is that made it ask, counted by the candidate.
    """

    last_index: int
    last_term: int
    trial: bool = False
    handed_over: bool = False
    silence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteReply(Message):
    """The answer, and to which question."""

    granted: bool
    trial: bool
    silence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Message):
    """The leader is there. `round` numbers its heartbeats within the term. `commit` is within what the target has."""

    round: int
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatReply(Message):
    """Heard that round: no votes for others for a while."""

    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Append(Message):
    """Entries of the leader's log, and the place they follow (paper, 5.3)."""

    previous_index: int
    previous_term: int
    entries: tuple[Entry, ...]
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendReply(Message):
    """`accepted`: the log agrees up to `index`. Else it differs at `index`, and may agree up to `hint`."""

    accepted: bool
    index: int
    hint: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallSnapshot(Message):
    """For a member whose next entry the leader has compacted away (paper, 7). Answered by an AppendReply."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Message):
    """Campaign at once: the leader has given up its lease, for good in this term (dissertation, 3.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Message):
    """The leader's outputs have ended and it leads no more: having heard it is no reason to refuse votes."""
