"""All that a member knows, and the few steps that every part of the protocol takes: change the term, speak, remember.

`election`, `replication` and `leading` are functions on it; `core.Raft` is what others see of them.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from runtime.raft.configuration import Configuration
from runtime.raft.lease import Lease
from runtime.raft.log import Entry, Log, Snapshot
from runtime.raft.message import Message, VoteRequest
from runtime.raft.ready import HardState, Persist
from runtime.raft.times import Times


class Role(StrEnum):
    """What a member is at the moment."""

    FOLLOWER = "follower"
    TRIAL = "trial"
    """Asks whether an election would be won."""
    CANDIDATE = "candidate"
    LEADER = "leader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Who this member is. `election_ns`: how long it waits for a leader; within a pair and its witness no two the same.

    It lies between `times.election_min_ns` and `times.election_max_ns`: who has the shortest is usually the only
    candidate, so no chance is needed to tell them apart. `entries_max`: entries in one message, and
    `bytes_max`: of their contents, unless it is a single entry.
    """

    name: str
    times: Times
    election_ns: int
    entries_max: int = 64
    bytes_max: int = 1 << 20


@dataclass(slots=True)
class Peer:
    """What a leader knows of another member.

    `match`: up to there its log agrees for certain. `next`: the entry to send next. `probing`: where they agree is
    being looked for, one message at a time. `sent_round`: the last heartbeat while entries are on their way to it.
    """

    next: int
    heard_ns: int
    match: int = 0
    round: int = 0
    probing: bool = True
    sent_round: int = 0


@dataclass(slots=True)
class Transfer:
    """Leadership on its way to `target`; `told`: it has been asked to campaign."""

    target: str
    until_ns: int
    told: bool = False


@dataclass(slots=True)
class Leading:
    """What only a leader has, for one term. `asked`: whom a witness wanted to hand over to, the latest last."""

    lease: Lease
    first_index: int
    heartbeat_ns: int
    peers: dict[str, Peer] = field(default_factory=dict)
    transfer: Transfer | None = None
    asked: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Unsaved:
    """What the shell has not been given to persist yet."""

    hard: bool = False
    snapshot: Snapshot | None = None
    truncate_from: int = 0
    entries: list[Entry] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Nothing to do."""
        return not self.hard and self.snapshot is None and not self.truncate_from and not self.entries


@dataclass(slots=True)
class State:
    """One member. Times are monotonic ns; `heard_ns` is when a leader was last heard, -1 never or released.

    `waiting_since_ns`: its election time-out counts from here; on a start so that it is over after the mute time, each
    member's a little later than the one's before. `unanswered`: trials to which it had to be silent, by who asked.
    `silence` counts how often it began to ask because it heard no leader.
    """

    settings: Settings
    hard: HardState
    log: Log
    started_ns: int
    waiting_since_ns: int
    role: Role = Role.FOLLOWER
    leader: str = ""
    heard_ns: int = -1
    commit: int = 0
    applied: int = 0
    may_campaign: bool = True
    votes: dict[str, bool] = field(default_factory=dict)
    silence: int = 0
    unanswered: dict[str, VoteRequest] = field(default_factory=dict)
    leading: Leading | None = None
    unsaved: Unsaved = field(default_factory=Unsaved)
    persists: int = 0
    durable_persists: int = 0
    durable_index: int = 0
    durable_term: int = 0
    send: list[Message] = field(default_factory=list)
    promise: list[Message] = field(default_factory=list)
    install: Snapshot | None = None

    @property
    def name(self) -> str:
        """This member's."""
        return self.settings.name

    @property
    def configuration(self) -> Configuration:
        """The newest known, committed or not."""
        return self.log.configuration

    @property
    def mute_until_ns(self) -> int:
        """Just started: what it acknowledged before it has forgotten, so nobody may be elected by it until then."""
        return self.started_ns + self.settings.times.election_max_ns

    @property
    def bound_until_ns(self) -> int:
        """A leader was heard, and its lease may run until then; 0 where none was."""
        return self.heard_ns + self.settings.times.election_min_ns if self.heard_ns >= 0 else 0

    @property
    def silent_until_ns(self) -> int:
        """When it is neither mute nor bound any more."""
        return max(self.mute_until_ns, self.bound_until_ns)

    def is_mute(self, now_ns: int) -> bool:
        """It has just been started."""
        return now_ns < self.mute_until_ns

    def has_heard(self, now_ns: int) -> bool:
        """A leader was heard so lately that its lease may run."""
        return now_ns < self.bound_until_ns

    def follow(self, term: int, now_ns: int, leader: str = "") -> None:
        """Be a follower in `term`, which is this one or a later one."""
        if term > self.hard.term:
            self.set_hard(HardState(term=term))
        if self.role is Role.LEADER:
            self.waiting_since_ns = now_ns
        self.role, self.leader, self.leading = Role.FOLLOWER, leader, None
        self.votes = {}

    def set_hard(self, hard: HardState) -> None:
        """Change what must never be forgotten."""
        self.hard = hard
        self.unsaved.hard = True

    def say(self, message: Message) -> None:
        """Send what promises nothing but to be in a term; at once, if that term is durable."""
        (self.send if self.durable_term == self.hard.term else self.promise).append(message)

    def promise_(self, message: Message) -> None:
        """Send what must not be forgotten: once it is durable."""
        self.promise.append(message)

    def take_persist(self) -> Persist | None:
        """What is to be persisted now."""
        unsaved = self.unsaved
        if unsaved.is_empty:
            return None
        self.unsaved = Unsaved()
        self.persists += 1
        return Persist(
            number=self.persists,
            hard=self.hard if unsaved.hard else None,
            snapshot=unsaved.snapshot,
            truncate_from=unsaved.truncate_from,
            entries=tuple(unsaved.entries),
        )
