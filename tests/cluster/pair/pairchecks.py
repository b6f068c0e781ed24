"""The invariants of Raft (paper, figure 3), held to after every step of a member; and of votes, over all its lives."""

from dataclasses import dataclass, field

from pairbook import Broken

from runtime.raft.core import Raft
from runtime.raft.log import Entry
from runtime.raft.message import Message, VoteReply, VoteRequest
from runtime.raft.state import Role


@dataclass(slots=True)
class Seen:
    """What one member was like when last looked at, in this life."""

    term: int = 0
    commit: int = 0
    last: tuple[int, int] = (0, 0)
    role: Role = Role.FOLLOWER
    terms: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class RaftChecks:
    """Of a whole group. `entries`: which entry an index and a term stand for, and the term of the one before it."""

    leaders: dict[int, str] = field(default_factory=dict)
    committed: dict[int, Entry] = field(default_factory=dict)
    committed_in: dict[int, int] = field(default_factory=dict)
    last_committed: int = 0
    votes: dict[tuple[str, int], str] = field(default_factory=dict)
    trials: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    entries: dict[tuple[int, int], tuple[Entry, int]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    said_term: dict[str, int] = field(default_factory=dict)
    quorums: dict[str, int] = field(default_factory=dict)

    def restarted(self, name: str) -> None:
        """A member begins a new life: what it knew of commits it may have forgotten, a term that it spoke in not."""
        self.seen[name] = Seen(term=self.said_term.get(name, 0))

    def member(self, name: str, raft: Raft) -> None:
        """A member has done something."""
        seen = self.seen.get(name)
        if seen is None:
            seen = self.seen[name] = Seen()
        state = raft._state  # called after every step of every member: the short way
        term, role, commit, log = state.hard.term, state.role, state.commit, state.log
        if term != seen.term or role is not seen.role:
            self._changed_role(name, raft, seen)
        last = (log.last_index, log.last_term)
        if last != seen.last:
            self._match(name, raft, seen)
            seen.last = last
            self.quorums[name] = raft.configuration.quorum
        if commit != seen.commit:
            self._commits(name, raft, seen)

    def _changed_role(self, name: str, raft: Raft, seen: Seen) -> None:
        if raft.term < seen.term:
            raise Broken(f"{name} went back from term {seen.term} to {raft.term}")
        led = seen.role is Role.LEADER and raft.term == seen.term
        seen.term, seen.role = raft.term, raft.role
        if raft.role is not Role.LEADER or led:
            return
        if self.leaders.setdefault(raft.term, name) != name:
            raise Broken(f"election safety: {name} and {self.leaders[raft.term]} lead in term {raft.term}")
        for index in range(raft.log.snapshot.index + 1, self.last_committed + 1):
            entry = self.committed[index]
            if self.committed_in[index] < raft.term and raft.log.term_at(index) != entry.term:
                raise Broken(f"leader completeness: {name} leads in {raft.term} without {entry}")

    def _match(self, name: str, raft: Raft, seen: Seen) -> None:
        """Whatever has one index and term is one entry after one other, so logs agree up to where they agree."""
        log = raft.log
        for entry in reversed(log.entries):
            index, term = entry.index, entry.term
            before = log.term_at(index - 1)
            if seen.terms.get(index) == term and seen.terms.get(index - 1) == before:
                break
            seen.terms[index] = term
            if before is None:
                continue
            known = self.entries.setdefault((index, term), (entry, before))
            if known[1] != before or known[0] != entry:
                raise Broken(f"log matching: {name} has {entry} after term {before}, another has {known}")
        for index in [i for i in seen.terms if i > log.last_index]:
            del seen.terms[index]
        for index in range(log.last_index + 1, self.last_committed + 1):
            if index <= seen.commit:
                raise Broken(f"{name} no longer has {index}, which it knew to be committed")

    def _commits(self, name: str, raft: Raft, seen: Seen) -> None:
        commit = raft.commit
        if commit < seen.commit:
            raise Broken(f"{name} went back from commit {seen.commit} to {commit}")
        if raft.role is Role.LEADER and raft.log.term_at(commit) != raft.term and seen.commit:
            raise Broken(f"{name} commits {commit} by counting, an entry of term {raft.log.term_at(commit)}")
        for entry in raft.log.part(max(seen.commit, raft.log.snapshot.index) + 1, commit):
            if self.committed.setdefault(entry.index, entry) != entry:
                raise Broken(f"state machine safety: {name} has {entry}, {self.committed[entry.index]} was committed")
            self.committed_in.setdefault(entry.index, raft.term)
            self.last_committed = max(self.last_committed, entry.index)
        seen.commit = commit

    def said(self, message: Message) -> None:
        """A message leaves a member."""
        is_trial = isinstance(message, VoteReply | VoteRequest) and message.trial
        if not is_trial and message.term > self.said_term.get(message.source, 0):
            self.said_term[message.source] = message.term
        if isinstance(message, VoteReply):
            if not message.granted:
                return
            if message.trial:
                self.trials.setdefault((message.target, message.term), set()).add(message.source)
            else:
                self._vote(message.source, message.term, message.target)
        elif isinstance(message, VoteRequest) and not message.trial:
            self._vote(message.source, message.term, message.source)
            asked = {message.source, *self.trials.get((message.source, message.term), ())}
            if not message.handed_over and len(asked) < min(2, self.quorums.get(message.source, 2)):
                raise Broken(f"{message.source} took term {message.term} without asking whether it would be elected")

    def _vote(self, voter: str, term: int, candidate: str) -> None:
        if self.votes.setdefault((voter, term), candidate) != candidate:
            raise Broken(f"{voter} voted for {self.votes[voter, term]} and for {candidate} in term {term}")
