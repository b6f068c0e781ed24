"""A group of members in virtual time: a network that can be cut, disks that can be slow, members that crash.

No chance in it: what a test does to the group comes from a script (test_scripts.py) or from a seed (raftfaults.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from runtime.raft.configuration import Configuration
from runtime.raft.core import Raft
from runtime.raft.log import Entry, Snapshot
from runtime.raft.message import Message
from runtime.raft.ready import HardState, Persist, Ready
from runtime.raft.state import Settings
from runtime.raft.times import Times

MS = 1_000_000
TIMES = Times(heartbeat_ns=10 * MS, election_min_ns=60 * MS, lease_ns=45 * MS, effect_ns=10 * MS)
ELECTION_SPREAD_NS = 15 * MS


@dataclass(slots=True)
class Disk:
    """What survives a crash. `queue`: given to persist and not durable yet, with the messages that wait for it."""

    hard: HardState
    snapshot: Snapshot
    entries: list[Entry] = field(default_factory=list)
    queue: list[tuple[Persist | None, tuple[Message, ...]]] = field(default_factory=list)
    held: bool = False

    def write(self, persist: Persist) -> None:
        """Make one write durable."""
        if persist.hard is not None:
            self.hard = persist.hard
        if persist.truncate_from:
            self.entries = [e for e in self.entries if e.index < persist.truncate_from]
        if persist.snapshot is not None:
            self.snapshot = persist.snapshot
            self.entries = [e for e in self.entries if e.index > persist.snapshot.index]
        self.entries += persist.entries


@dataclass(slots=True)
class Member:
    """One member: its disk, and while it runs its Raft. `applied`: contents of commands, a snapshot's included."""

    settings: Settings
    disk: Disk
    raft: Raft | None = None
    applied: list[tuple[int, bytes]] = field(default_factory=list)
    rate_ppm: int = 0

    def clock_ns(self, now_ns: int) -> int:
        """Its own monotonic clock at a true time."""
        return now_ns + now_ns * self.rate_ppm // 1_000_000


class Group:
    """All members and what is between them.

    `watch` is told of every member that has done something, `said` of every message that leaves one.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        entries_max: int = 64,
        watch: Callable[[Member], None] = lambda _: None,
        said: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self.now_ns = 0
        self.members: dict[str, Member] = {}
        self.wire: list[Message] = []
        self.cut: set[tuple[str, str]] = set()
        self._entries_max = entries_max
        self._watch = watch
        self._said = said
        for name in configuration.members:
            self.add(name, configuration)

    def add(self, name: str, configuration: Configuration) -> None:
        """A new member; one that no configuration names yet knows of nobody."""
        election_ns = TIMES.election_min_ns + len(self.members) * ELECTION_SPREAD_NS
        settings = Settings(
            name=name, times=TIMES, election_ns=min(election_ns, TIMES.election_max_ns), entries_max=self._entries_max
        )
        self.members[name] = Member(settings, Disk(HardState(), Snapshot(configuration=configuration)))
        self.start(name)

    def start(self, name: str) -> None:
        """From what is on its disk."""
        member = self.members[name]
        member.applied = list(_content(member.disk.snapshot))
        member.raft = Raft(
            member.settings,
            hard=member.disk.hard,
            snapshot=member.disk.snapshot,
            entries=tuple(member.disk.entries),
            now_ns=member.clock_ns(self.now_ns),
        )

    def crash(self, name: str, *, lost: int | None = None) -> None:
        """End it. Of the writes not durable the last `lost` never happened; by default none of them did."""
        member = self.members[name]
        queue = member.disk.queue
        for persist, _ in queue[: len(queue) - (len(queue) if lost is None else lost)]:
            if persist is not None:
                member.disk.write(persist)
        queue.clear()
        member.raft = None

    def call(self, name: str, act: Callable[[Raft, int], Ready]) -> None:
        """Let a running member do something, and do what it asks for."""
        member = self.members[name]
        if member.raft is None:
            return
        ready = act(member.raft, member.clock_ns(self.now_ns))
        self._send(ready.send)
        if ready.install is not None:
            member.applied = list(_content(ready.install))
        member.applied += [(e.index, e.content) for e in ready.apply]
        if ready.persist is not None or ready.promise:
            member.disk.queue.append((ready.persist, ready.promise))
        self._watch(member)
        if not member.disk.held:
            self.flush(name)

    def flush(self, name: str, count: int | None = None) -> None:
        """Make the first `count` writes durable (default: all), and send what waited for them."""
        queue = self.members[name].disk.queue
        left = len(queue) if count is None else count
        while queue and left:
            left -= 1
            persist, promise = queue.pop(0)
            if persist is not None:
                self.members[name].disk.write(persist)
            self._send(promise)
            if persist is not None:
                number = persist.number
                self.call(name, lambda raft, now_ns, n=number: raft.persisted(n, now_ns))

    def _send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._said(message)
            if (message.source, message.target) not in self.cut:
                self.wire.append(message)

    def deliver(self, at: int = 0) -> None:
        """Take one message off the wire; it arrives if somebody is there, even where the way is cut by now."""
        message = self.wire.pop(at)
        if message.target in self.members:
            self.call(message.target, lambda raft, now_ns: raft.step(message, now_ns))

    def tick(self) -> None:
        """Let every member see the time."""
        for name in self.members:
            self.call(name, lambda raft, now_ns: raft.tick(now_ns))

    def compact(self, name: str) -> None:
        """Let a member's own state machine stand for its log."""
        applied = self.members[name].applied
        content = b"\n".join(b"%d %s" % entry for entry in applied)
        self.call(name, lambda raft, now_ns: raft.compact(content, now_ns))


def _content(snapshot: Snapshot) -> Sequence[tuple[int, bytes]]:
    pairs = (line.split(b" ", 1) for line in snapshot.content.split(b"\n") if line)
    return [(int(index), content) for index, content in pairs]
