"""A disk that may hang, and that after a crash has lost any suffix of what it was not told to keep.

A torn last record is one that its checksum tells from a whole one, so it is a lost one (tests/cluster/disk has bytes).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from pairtime import MS, Events, Process

from runtime.raft.log import Entry, Snapshot
from runtime.raft.ready import HardState, Persist

FLUSH_NS = (MS // 5, 2 * MS)
"""What a flush takes on a healthy disk, at least and at most."""


@dataclass(slots=True)
class Held:
    """What is on the disk for certain."""

    hard: HardState
    snapshot: Snapshot
    entries: list[Entry] = field(default_factory=list)

    def write(self, persist: Persist) -> None:
        """Take one write."""
        if persist.hard is not None:
            self.hard = persist.hard
        if persist.truncate_from:
            self.entries = [e for e in self.entries if e.index < persist.truncate_from]
        if persist.snapshot is not None:
            self.snapshot = persist.snapshot
            self.entries = [e for e in self.entries if e.index > persist.snapshot.index]
        self.entries += persist.entries


class Disk:
    """One node's. Writes become durable in their order; one flush takes all that came while the one before it ran."""

    def __init__(self, events: Events, random: Random, held: Held) -> None:
        self.held = held
        self.hangs_ns = 0
        self._events = events
        self._random = random
        self._queue: list[tuple[Persist, Callable[[Persist], None]]] = []
        self._flushes = False

    def write(self, process: Process, persist: Persist, done: Callable[[Persist], None]) -> None:
        """Call `done` in `process` once it is durable."""
        self._queue.append((persist, done))
        if not self._flushes:
            self._begin(process)

    def _begin(self, process: Process) -> None:
        least_ns, most_ns = FLUSH_NS
        takes_ns = least_ns + int((most_ns - least_ns) * self._random.random())
        if self.hangs_ns:
            takes_ns += int(self.hangs_ns * self._random.random())
        self._flushes = True
        self._events.after(takes_ns, process, self._end, process, len(self._queue))

    def _end(self, process: Process, count: int) -> None:
        flushed, self._queue = self._queue[:count], self._queue[count:]
        self._flushes = False
        for persist, _ in flushed:
            self.keep(persist)
        if self._queue:
            self._begin(process)
        for persist, done in flushed:
            done(persist)

    def keep(self, persist: Persist) -> None:
        """One write has become durable."""
        self.held.write(persist)

    @property
    def is_busy(self) -> bool:
        """Whether something is not durable yet."""
        return bool(self._queue)

    def crash(self) -> None:
        """Of what was not durable yet some beginning is there all the same, the rest never happened."""
        for persist, _ in self._queue[: self._random.randint(0, len(self._queue))]:
            self.keep(persist)
        self._queue.clear()
        self._flushes = False
