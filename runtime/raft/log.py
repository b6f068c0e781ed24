"""The log of a member: a snapshot of what was compacted away, and the entries after it (paper, 5.3 and 7).

Indices count from 1; index 0 with term 0 is the empty beginning that all logs share.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from runtime.raft.configuration import Configuration


class EntryKind(StrEnum):
    """What an entry is for."""

    NOTHING = "nothing"
    """A new leader's first: only entries of the own term are committed by counting (paper, 5.4.2)."""
    COMMAND = "command"
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision. `content` is the state machine's, opaque here; `configuration` that of a CONFIGURATION entry."""

    index: int
    term: int
    kind: EntryKind
    content: bytes = b""
    configuration: Configuration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that the entries up to `index` came to: the members, and the state machine's own bytes."""

    configuration: Configuration
    index: int = 0
    term: int = 0
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Merged:
    """What an append changed: entries from `truncated_from` on were removed (0: none), then `added` came."""

    truncated_from: int
    added: tuple[Entry, ...]


@dataclass(slots=True)
class Log:
    """Snapshot and entries, without a gap."""

    snapshot: Snapshot
    entries: list[Entry] = field(default_factory=list)
    _newest: tuple[Snapshot, Entry | None, int, Configuration] | None = None

    @property
    def last_index(self) -> int:
        """Index of the newest entry, or of the snapshot."""
        return self.snapshot.index + len(self.entries)

    @property
    def last_term(self) -> int:
        """Term of the newest entry, or of the snapshot."""
        return self.entries[-1].term if self.entries else self.snapshot.term

    @property
    def configuration(self) -> Configuration:
        """The newest configuration, committed or not."""
        return self._newest_configuration()[1]

    @property
    def configuration_index(self) -> int:
        """Where the newest configuration stands."""
        return self._newest_configuration()[0]

    def configuration_before(self, index: int) -> Configuration:
        """The newest configuration that stands before an index."""
        known = [e.configuration for e in self.part(1, index - 1) if e.configuration is not None]
        return known[-1] if known else self.snapshot.configuration

    def term_at(self, index: int) -> int | None:
        """Term of the entry; None where there is none (compacted away, or not yet)."""
        if index == self.snapshot.index:
            return self.snapshot.term
        at = index - self.snapshot.index - 1
        return self.entries[at].term if 0 <= at < len(self.entries) else None

    def part(self, first: int, last: int) -> tuple[Entry, ...]:
        """Entries `first` to `last`, as far as they are here."""
        if last < first:
            return ()
        begin = max(0, first - self.snapshot.index - 1)
        return tuple(self.entries[begin : max(begin, last - self.snapshot.index)])

    def is_no_newer_than(self, last_index: int, last_term: int) -> bool:
        """Whether a log that ends so is as new as this one or newer (paper, 5.4.1)."""
        return (last_term, last_index) >= (self.last_term, self.last_index)

    def hint(self, index: int, term: int) -> int:
        """The highest index up to which this log may agree with one that has `term` at `index`."""
        at = min(index, self.last_index)
        while at > self.snapshot.index and (self.term_at(at) or 0) > term:
            at -= 1
        return at

    def add(self, entry: Entry) -> None:
        """Take the leader's next own entry."""
        assert entry.index == self.last_index + 1
        self.entries.append(entry)

    def merge(self, previous_index: int, previous_term: int, entries: tuple[Entry, ...]) -> Merged | None:
        """Take a leader's entries after `previous_index`; None when what is before them differs.

        An entry that is here already is left alone: a duplicate that was under way for long removes nothing.
        """
        if previous_index < self.snapshot.index:  # what is compacted away is committed, so it agrees
            entries = entries[self.snapshot.index - previous_index :]
        elif self.term_at(previous_index) != previous_term:
            return None
        for number, entry in enumerate(entries):
            here = self.term_at(entry.index)
            if here == entry.term:
                continue
            if here is not None:
                del self.entries[entry.index - self.snapshot.index - 1 :]
            self.entries.extend(entries[number:])
            return Merged(entry.index if here is not None else 0, entries[number:])
        return Merged(0, ())

    def compact(self, index: int, content: bytes) -> Snapshot:
        """Let `content` stand for everything up to `index`, which must be applied."""
        term = self.term_at(index)
        assert term is not None, "compacted twice, or never had"
        configuration = self.configuration_before(index + 1)
        kept = list(self.part(index + 1, self.last_index))
        self.snapshot = Snapshot(index=index, term=term, configuration=configuration, content=content)
        self.entries = kept
        return self.snapshot

    def install(self, snapshot: Snapshot) -> None:
        """Take a leader's snapshot in place of what is here, but keep what follows it and agrees (paper, 7)."""
        kept = list(self.part(snapshot.index + 1, self.last_index)) if self._has(snapshot) else []
        self.snapshot, self.entries = snapshot, kept

    def _has(self, snapshot: Snapshot) -> bool:
        return self.term_at(snapshot.index) == snapshot.term

    def _newest_configuration(self) -> tuple[int, Configuration]:
        """Looked for anew only after the log has changed: whoever ends in the same entry is the same log."""
        last, newest = self.entries[-1] if self.entries else None, self._newest
        if newest is None or newest[0] is not self.snapshot or newest[1] is not last:
            found = next((e for e in reversed(self.entries) if e.configuration is not None), None)
            index = found.index if found is not None else self.snapshot.index
            configuration = found.configuration if found is not None else None
            newest = self._newest = (self.snapshot, last, index, configuration or self.snapshot.configuration)
        return newest[2], newest[3]
