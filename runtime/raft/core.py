"""One member of the group, as its shell sees it: messages, time and proposals in, a `Ready` out."""

from collections.abc import Collection

from runtime.raft import election, leading, pace, replication
from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry, EntryKind, Log, Snapshot
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
from runtime.raft.pace import Pace, Paced
from runtime.raft.ready import NOTHING_TO_DO, HardState, Ready
from runtime.raft.state import Role, Settings, State


class Raft:
    """One member. For one thread; `now_ns` is the monotonic time of each call and never goes back.

    `hard`, `snapshot` and `entries` are exactly what was persisted. Where that cannot be read, the member may have
    voted or acknowledged what it no longer knows: it must come back under another name, as a learner added anew.
    """

    def __init__(
        self, settings: Settings, *, hard: HardState, snapshot: Snapshot, entries: tuple[Entry, ...], now_ns: int
    ) -> None:
        log = Log(snapshot, list(entries))
        self._state = State(
            settings=settings,
            hard=hard,
            log=log,
            started_ns=now_ns,
            waiting_since_ns=now_ns + settings.times.election_max_ns - settings.times.election_min_ns,
            commit=snapshot.index,
            applied=snapshot.index,
            durable_index=log.last_index,
            durable_term=hard.term,
        )

    @property
    def term(self) -> int:
        """The newest term this member knows."""
        return self._state.hard.term

    @property
    def role(self) -> Role:
        """What it is now."""
        return self._state.role

    @property
    def leader(self) -> str:
        """The leader of this term, as far as known."""
        return self._state.leader

    def follows_somebody(self, now_ns: int) -> bool:
        """Whether this member leads, or has heard its leader lately. `leader` stays after it has fallen silent, as long
        as nobody stands for election."""
        return self._state.leading is not None or self._state.has_heard(now_ns)

    @property
    def commit(self) -> int:
        """Up to here entries are committed, as far as this member knows."""
        return self._state.commit

    @property
    def log(self) -> Log:
        """Its log, to read."""
        return self._state.log

    @property
    def uncommitted(self) -> tuple[Entry, ...]:
        """The entries of its log that are not committed, as far as this member knows."""
        commit, log = self._state.commit, self._state.log
        last_index = log.last_index
        return log.part(commit + 1, last_index) if commit < last_index else ()

    @property
    def configuration(self) -> Configuration:
        """The newest configuration it knows, committed or not."""
        return self._state.configuration

    @property
    def lease_until_ns(self) -> int:
        """Until when this member may drive outputs, by its own clock; 0 when it may not."""
        leads = self._state.leading
        return leads.lease.until_ns if leads is not None else 0

    @property
    def due_ns(self) -> int:
        """When `tick` has something to do at the latest."""
        state = self._state
        if state.leading is not None:
            handing = state.leading.transfer
            heartbeat_ns = state.leading.heartbeat_ns
            return heartbeat_ns if handing is None else min(heartbeat_ns, handing.until_ns)
        campaign_ns = state.waiting_since_ns + state.settings.election_ns
        return min(campaign_ns, state.silent_until_ns) if state.unanswered else campaign_ns

    @property
    def limit_ns(self) -> int:
        """When `tick` must have been called at the latest."""
        return self.due_ns

    def match(self, member: str) -> int:
        """Leader only: up to there that member's log agrees for certain; 0 when not known."""
        leads = self._state.leading
        return leads.peers[member].match if leads is not None and member in leads.peers else 0

    def step(self, message: Message, now_ns: int) -> Ready:
        """Take one message. A peer's message never raises."""
        state = self._state
        if message.target != state.name:
            return self._ready(now_ns)
        asks = isinstance(message, VoteRequest) or (
            isinstance(message, VoteReply) and message.trial and message.granted
        )
        if message.term > state.hard.term and not asks:
            state.follow(message.term, now_ns)
        match message:
            case VoteRequest():
                election.on_vote_request(state, message, now_ns)
            case VoteReply():
                election.on_vote_reply(state, message, now_ns)
            case Heartbeat():
                replication.on_heartbeat(state, message, now_ns)
            case HeartbeatReply():
                leading.on_heartbeat_reply(state, message, now_ns)
            case Append():
                replication.on_append(state, message, now_ns)
            case AppendReply():
                replication.on_append_reply(state, message, now_ns)
            case InstallSnapshot():
                replication.on_snapshot(state, message, now_ns)
            case HandOver():
                election.on_hand_over(state, message, now_ns)
            case Released():
                election.on_released(state, message, now_ns)
        return self._ready(now_ns)

    def tick(self, now_ns: int) -> Ready:
        """Let time pass: heartbeats, elections, the end of what takes too long."""
        if self._state.leading is not None:
            leading.on_time(self._state, now_ns)
        else:
            election.on_time(self._state, now_ns)
        return self._ready(now_ns)

    def beat(self, now_ns: int) -> Ready:
        """Something is on its way to the others anyway: let a heartbeat that is nearly due go with it. Only a leader
        has any."""
        if self._state.leading is not None:
            leading.beat(self._state, now_ns)
        return self._ready(now_ns)

    def pace(self, others: Collection[str]) -> Pace | None:
        """From where another hand can send the rounds for a while; None where there is more to do (pace.py)."""
        return pace.pace(self._state, others)

    def catch_up(self, paced: Paced) -> None:
        """Leader only: what has become of the rounds since."""
        pace.catch_up(self._state, paced)

    def persisted(self, number: int, now_ns: int) -> Ready:
        """What the Ready of that number gave to persist is durable, and all before it."""
        state = self._state
        state.durable_persists = max(state.durable_persists, number)
        if state.durable_persists == state.persists:
            state.durable_index, state.durable_term = state.log.last_index, state.hard.term
            if state.role is Role.CANDIDATE:
                election.count(state, now_ns)
            replication.commit(state)
        return self._ready(now_ns)

    def propose(self, content: bytes, now_ns: int) -> tuple[int, Ready]:
        """Leader only: add a command. Its index, or 0 when this member cannot take it (see `why_not_propose`)."""
        if self.why_not_propose():
            return 0, self._ready(now_ns)
        return replication.append(self._state, EntryKind.COMMAND, now_ns, content), self._ready(now_ns)

    def change(self, configuration: Configuration, now_ns: int) -> tuple[str, Ready]:
        """Leader only: change the members, one voter at a time (dissertation, 4.1 to 4.3). Why not, or nothing."""
        why_not = self.why_not_propose() or self._why_not_change(configuration)
        if not why_not:
            replication.append(self._state, EntryKind.CONFIGURATION, now_ns, configuration=configuration)
            for name in configuration.members:
                if name != self._state.name and self.match(name) == 0:
                    replication.send(self._state, name)
        return why_not, self._ready(now_ns)

    def transfer(self, target: str, now_ns: int) -> tuple[str, Ready]:
        """Leader only: drop the lease and hand the leadership to `target`. Why not, or nothing."""
        why_not = leading.transfer(self._state, target, now_ns)
        return why_not, self._ready(now_ns)

    def release(self, now_ns: int) -> Ready:
        """Leader only: lead no more and free the voters at once. Only when the outputs have ended."""
        leading.release(self._state, now_ns)
        return self._ready(now_ns)

    def allow_campaign(self, *, allowed: bool) -> None:
        """Whether this member may stand for election: a standby only while it is in sync."""
        self._state.may_campaign = allowed

    def compact(self, content: bytes, now_ns: int) -> Ready:
        """Let `content`, the state machine's bytes after all that was given to apply, stand for those entries."""
        state = self._state
        if state.applied > state.log.snapshot.index:
            state.unsaved.snapshot = state.log.compact(state.applied, content)
        return self._ready(now_ns)

    def why_not_propose(self) -> str:
        """Why this member takes no proposal now; empty when it does."""
        leads = self._state.leading
        if leads is None:
            return f"{self._state.name} does not lead"
        return f"leadership is on its way to {leads.transfer.target}" if leads.transfer is not None else ""

    def _why_not_change(self, configuration: Configuration) -> str:
        state = self._state
        assert state.leading is not None
        if state.commit < max(state.log.configuration_index, state.leading.first_index):
            return "the last change, or the beginning of this term, is not committed yet"
        return configuration.why_not_from(state.configuration)

    def _ready(self, now_ns: int) -> Ready:
        state = self._state
        if state.leading is not None:
            leading.settle(state, now_ns)
        apply: tuple[Entry, ...] = ()
        if state.commit > state.applied:
            apply = state.log.part(state.applied + 1, state.commit)
            state.applied = state.commit
        persist = state.take_persist()
        if not (state.send or state.promise or persist or apply or state.install):
            return NOTHING_TO_DO
        ready = Ready(
            persist=persist,
            send=tuple(state.send),
            promise=tuple(state.promise),
            install=state.install,
            apply=apply,
        )
        state.send, state.promise, state.install = [], [], None
        return ready
