"""A group under chance: one seed is one run. Whatever happens, `Watch` holds every member to what must never break.

Faults: messages dropped, delayed, doubled, out of order; ways cut, one way or both; members crashed with any part of
the writes that were not durable lost; slow disks; paused members; clocks whose rate is off by up to the allowed error.
Then everything is healed, and the group must come to a leader and agree.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from raftgroup import MS, Group, Member

from runtime.raft.configuration import Configuration
from runtime.raft.core import Raft
from runtime.raft.log import Entry
from runtime.raft.message import Message, VoteReply, VoteRequest
from runtime.raft.ready import Ready
from runtime.raft.times import CLOCK_RATE_ERROR_PPM

EPOCHS = 16
"""Stretches of one weather each: which ways are cut or slow, whose disk hangs, who is paused."""
EPOCH_MS_MAX = 220
WIRE_MAX = 400
"""Messages under way at once; more are lost, oldest first."""
HOPS = 4
"""Messages and answers that a millisecond has room for."""
SLOW = 0.005
"""Chance of a message on a slow way to arrive in a hop: most take longer than a lease."""
FLAKY = 0.03
"""Chance in a millisecond that a member whose power comes and goes starts anew."""
WORST_MOMENT = 0.1
"""Chance that who is asked for a vote starts anew just before it hears so."""
SAID_MAX = 300
"""Messages that may come again."""
HEALED_NS = 1_000 * MS


class Broken(AssertionError):
    """Something that must never happen did."""


@dataclass(slots=True)
class Watch:
    """What has been seen of all members, and the invariants on it (paper, figure 3)."""

    leaders: dict[int, str] = field(default_factory=dict)
    committed: dict[int, Entry] = field(default_factory=dict)
    committed_in: dict[int, int] = field(default_factory=dict)
    votes: dict[tuple[str, int], str] = field(default_factory=dict)
    trials: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    seen_commit: dict[str, int] = field(default_factory=dict)

    def member(self, member: Member) -> None:
        """Called when a member has done something."""
        raft, name = member.raft, member.settings.name
        assert raft is not None
        if raft.role == "leader" and self.leaders.setdefault(raft.term, name) != name:
            raise Broken(f"election safety: {name} and {self.leaders[raft.term]} lead in term {raft.term}")
        self._commits(raft, name)
        if raft.role == "leader":
            self._complete(raft, name)
        for (index, content), before in zip(member.applied[1:], member.applied, strict=False):
            if index <= before[0]:
                raise Broken(f"{name} applied {index} ({content!r}) after {before[0]}")

    def _commits(self, raft: Raft, name: str) -> None:
        begin = max(self.seen_commit.get(name, 0), raft.log.snapshot.index)
        for entry in raft.log.part(begin + 1, raft.commit):
            if self.committed.setdefault(entry.index, entry) != entry:
                raise Broken(f"state machine safety: {name} has {entry}, committed was {self.committed[entry.index]}")
            self.committed_in.setdefault(entry.index, raft.term)
        self.seen_commit[name] = raft.commit

    def _complete(self, raft: Raft, name: str) -> None:
        for index, entry in self.committed.items():
            has = raft.log.term_at(index)
            if self.committed_in[index] < raft.term and has != entry.term and index > raft.log.snapshot.index:
                raise Broken(f"leader completeness: {name} leads in {raft.term} without {entry}")

    def said(self, group: Group, message: Message) -> None:
        """Called for every message that leaves a member."""
        if isinstance(message, VoteReply) and message.granted:
            if message.trial:
                self.trials.setdefault((message.target, message.term), set()).add(message.source)
            elif self.votes.setdefault((message.source, message.term), message.target) != message.target:
                raise Broken(f"{message.source} voted twice in term {message.term}")
        if isinstance(message, VoteRequest) and not message.trial and not message.handed_over:
            raft = group.members[message.source].raft
            allowed = {message.source, *self.trials.get((message.source, message.term), ())}
            if raft is not None and len(allowed) < min(2, raft.configuration.quorum):
                raise Broken(f"{message.source} took term {message.term} without asking whether it would be elected")


class Run:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.watch = Watch()
        self.group = Group(
            Configuration(controllers=("a", "b"), witnesses=("w",)),
            entries_max=self.random.choice((1, 2, 64)),
            watch=self.watch.member,
            said=self._hear,
        )
        for member in self.group.members.values():
            member.rate_ppm = self.random.randint(-CLOCK_RATE_ERROR_PPM, CLOCK_RATE_ERROR_PPM)
        self.paused: set[str] = set()
        self.slow: set[tuple[str, str]] = set()
        self.flaky = ""
        self.doomed = ""
        self.taken: list[tuple[int, int, bytes]] = []
        self.proposed = 0
        often: dict[Callable[[], None], float] = {
            self._propose: 0.015,
            self._crash_or_start: 0.01,
            self._flush_some: 0.01,
            self._echo: 0.03,
            self._hand: 0.01,
            self._compact: 0.003,
            self._change: 0.01,
        }
        self.acts = [(act, chance * self.random.choice((0, 0.3, 1, 3))) for act, chance in often.items()]
        self.said: deque[Message] = deque(maxlen=SAID_MAX)

    def _hear(self, message: Message) -> None:
        self.said.append(message)
        if isinstance(message, VoteRequest) and self.random.random() < WORST_MOMENT:
            self.doomed = message.target
        self.watch.said(self.group, message)

    def go(self) -> None:
        """Raises Broken when an invariant is."""
        self._pass(200)
        for _ in range(EPOCHS):
            self._change_weather()
            self._pass(self.random.randint(5, EPOCH_MS_MAX))
        self._come_to_rest()

    def _change_weather(self) -> None:
        """Some of it: what is slow stays slow while something else is cut, and the like."""
        chance = self.random.random
        ways = [(s, t) for s in self.group.members for t in self.group.members if s != t]
        if chance() < 0.3:
            self._heal()
        if chance() < 0.6:
            lonely = self._leader() if chance() < 0.7 else self._anybody()
            self.group.cut = {way for way in ways if chance() < 0.15}
            if chance() < 0.5:
                self.group.cut |= {way for way in ways if lonely in way and chance() < 0.8}
            elif chance() < 0.8:  # the pair's own link: both see the witness
                self.group.cut |= {way for way in ways if "w" not in way}
        if chance() < 0.5:
            self.slow = {way for way in ways if chance() < 0.2}
        if chance() < 0.4:
            for name, member in self.group.members.items():
                member.disk.held = chance() < 0.25
                if member.raft is not None and not member.disk.held:
                    self.group.flush(name)
        if chance() < 0.4:
            self.flaky = self.random.choice(("", "", "w", self._anybody()))
        if chance() < 0.4:
            self.paused = {name for name in self.group.members if chance() < 0.15}

    def _pass(self, duration_ms: int) -> None:
        for _ in range(duration_ms):
            self.group.now_ns += MS
            for name in self.group.members:
                if name not in self.paused:
                    self.group.call(name, lambda raft, now_ns: raft.tick(now_ns))
            for _ in range(HOPS):
                self._deliver()
            if self.flaky and self.random.random() < FLAKY:
                self._restart(self.flaky)
            for act, often in self.acts:
                if self.random.random() < often:
                    act()
            self._leases()

    def _deliver(self) -> None:
        if self.doomed:
            self._restart(self.doomed)
            self.doomed = ""
        wire = self.group.wire
        del wire[: max(0, len(wire) - WIRE_MAX)]
        for message in list(wire):
            late = 1 - SLOW if (message.source, message.target) in self.slow else 0.1
            if self.random.random() < late or message.target in self.paused:
                continue
            lot = self.random.random()
            if lot < 0.02:
                wire.remove(message)
                continue
            if lot < 0.05:
                wire.append(message)
            self.group.deliver(wire.index(message))

    def _leader(self) -> str:
        names = [n for n, m in self.group.members.items() if m.raft is not None and m.raft.role == "leader"]
        return self.random.choice(names) if names else self._anybody()

    def _propose(self) -> None:
        for name, member in self.group.members.items():
            if member.raft is not None and member.raft.role == "leader" and name not in self.paused:
                self.proposed += 1
                content = b"%d" % self.proposed
                self.group.call(name, lambda raft, now_ns, c=content: self._take(raft, c, now_ns))

    def _take(self, raft: Raft, content: bytes, now_ns: int) -> Ready:
        index, ready = raft.propose(content, now_ns)
        if index:
            self.taken.append((index, raft.term, content))
        return ready

    def _crash_or_start(self) -> None:
        name = self._anybody()
        member = self.group.members[name]
        if member.raft is None:
            self._start(name)
        elif self.random.random() < 0.6:
            self._crash(name)

    def _restart(self, name: str) -> None:
        self._crash(name)
        self._start(name)

    def _crash(self, name: str) -> None:
        queue = self.group.members[name].disk.queue
        self.group.crash(name, lost=self.random.randint(0, len(queue)))
        self.watch.seen_commit.pop(name, None)
        self.paused.discard(name)

    def _start(self, name: str) -> None:
        self.group.start(name)

    def _echo(self) -> None:
        """Something said long ago arrives once more."""
        if self.said:
            self.group.wire.append(self.random.choice(self.said))

    def _flush_some(self) -> None:
        name = self._anybody()
        if self.group.members[name].raft is not None:
            self.group.flush(name, self.random.randint(1, 2))

    def _hand(self) -> None:
        target = self._anybody()
        for name, member in self.group.members.items():
            if member.raft is not None and member.raft.role == "leader" and name not in self.paused:
                if self.random.random() < 0.8:
                    self.group.call(name, lambda raft, now_ns: raft.transfer(target, now_ns)[1])
                else:
                    self.group.call(name, lambda raft, now_ns: raft.release(now_ns))

    def _compact(self) -> None:
        name = self._anybody()
        if self.group.members[name].raft is not None:
            self.group.compact(name)

    def _change(self) -> None:
        for name, member in self.group.members.items():
            raft = member.raft
            if raft is not None and raft.role == "leader" and name not in self.paused:
                new = self._other_configuration(raft.configuration)
                self.group.call(name, lambda raft, now_ns, new=new: raft.change(new, now_ns)[1])

    def _other_configuration(self, now: Configuration) -> Configuration:
        out = [n for n in self.group.members if n not in now.voters]
        controllers, witnesses = list(now.controllers), list(now.witnesses)
        if out:
            (witnesses if out[0] == "w" else controllers).append(out[0])
        else:
            gone = self.random.choice(now.voters)
            controllers = [c for c in controllers if c != gone]
            witnesses = [w for w in witnesses if w != gone]
        voters = {*controllers, *witnesses}
        return Configuration(
            controllers=tuple(controllers),
            witnesses=tuple(witnesses),
            learners=tuple(n for n in self.group.members if n not in voters),
        )

    def _anybody(self) -> str:
        return self.random.choice(sorted(self.group.members))

    def _leases(self) -> None:
        """At any true instant at most one member may drive, by what each believes of its own clock."""
        drive = [
            name
            for name, member in self.group.members.items()
            if member.raft is not None and member.raft.lease_until_ns > member.clock_ns(self.group.now_ns)
        ]
        if len(drive) > 1:
            raise Broken(f"{' and '.join(drive)} both hold a lease at {self.group.now_ns / MS:g} ms")

    def _heal(self) -> None:
        self.flaky = ""
        self.paused.clear()
        self.slow.clear()
        self.group.cut.clear()
        for name, member in self.group.members.items():
            member.disk.held = False
            if member.raft is not None:
                self.group.flush(name)

    def _come_to_rest(self) -> None:
        self._heal()
        for name, member in self.group.members.items():
            if member.raft is None:
                self._start(name)
        end_ns = self.group.now_ns + HEALED_NS
        while self.group.now_ns < end_ns:
            self.group.now_ns += 5 * MS
            self.group.tick()
            while self.group.wire:
                self.group.deliver()
            self._leases()
        rafts = [m.raft for m in self.group.members.values() if m.raft is not None]
        leaders = [r for r in rafts if r.role == "leader"]
        if len(leaders) != 1 or leaders[0].lease_until_ns == 0:
            raise Broken(f"healed for {HEALED_NS // MS} ms, and nobody may drive: {[str(r.role) for r in rafts]}")
        if leaders[0].commit != leaders[0].log.last_index:
            raise Broken("healed, and something is still not committed")
        for index, term, content in self.taken:
            entry = self.watch.committed.get(index)
            if entry is not None and entry.term == term and entry.content != content:
                raise Broken(f"entry {index} of term {term} is not what was proposed")


def run(seed: int) -> None:
    """One seed, from begin to rest."""
    Run(seed).go()
