"""What a member has on its disk, and the bytes of a batch that changes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from runtime.cluster.encoding import (
    Malformed,
    Reader,
    count_bytes,
    entries_bytes,
    number_bytes,
    small_bytes,
    snapshot_bytes,
    text_bytes,
)
from runtime.raft.log import Entry, Snapshot
from runtime.raft.ready import HardState, Persist

_HARD, _SNAPSHOT = 1, 2
_PERSISTS_MAX = 1 << 20
"""In one batch; the writer bounds them far lower."""


@dataclass(slots=True)
class Kept:
    """All of it; entries follow the snapshot without a gap."""

    hard: HardState
    snapshot: Snapshot
    entries: list[Entry] = field(default_factory=list)

    def take(self, persist: Persist) -> None:
        """What it is after one write. Raises Malformed when the entries do not follow."""
        if persist.hard is not None:
            self.hard = persist.hard
        if persist.snapshot is not None:
            self.snapshot = persist.snapshot
            self.entries = [e for e in self.entries if e.index > persist.snapshot.index]
        if persist.truncate_from:
            self.entries = [e for e in self.entries if e.index < persist.truncate_from]
        for entry in persist.entries:
            due = self.snapshot.index + len(self.entries) + 1
            if entry.index != due:
                raise Malformed(f"entry {entry.index} where {due} is due")
            self.entries.append(entry)

    def whole(self) -> Persist:
        """One write that makes all of it out of nothing."""
        return Persist(number=0, hard=self.hard, snapshot=self.snapshot, entries=tuple(self.entries))


def first_body(member: str, kept: Kept) -> bytes:
    """The first batch of a file: whose it is, and all there is."""
    return text_bytes(member) + persists_body([kept.whole()])


def read_first_body(body: bytes) -> tuple[str, Kept]:
    """Member and what it had. Raises Malformed."""
    reader = Reader(body)
    member, persists = reader.text(), _persists(reader)
    if len(persists) != 1 or persists[0].hard is None or persists[0].snapshot is None:
        raise Malformed("the first batch does not hold everything")
    kept = Kept(persists[0].hard, persists[0].snapshot)
    kept.take(persists[0])
    return member, kept


def persists_body(persists: Sequence[Persist]) -> bytes:
    """A batch of writes that become durable together; of none, for a seal."""
    return count_bytes(len(persists)) + b"".join(_persist_bytes(persist) for persist in persists)


def read_persists_body(body: bytes) -> Sequence[Persist]:
    """What `persists_body` wrote; every number is 0. Raises Malformed."""
    return _persists(Reader(body))


def _persists(reader: Reader) -> Sequence[Persist]:
    persists = reader.several(lambda: _persist(reader), most=_PERSISTS_MAX)
    reader.end()
    return persists


def _persist_bytes(persist: Persist) -> bytes:
    parts = [small_bytes(_HARD * (persist.hard is not None) + _SNAPSHOT * (persist.snapshot is not None))]
    if persist.hard is not None:
        parts += [number_bytes(persist.hard.term), text_bytes(persist.hard.vote)]
    if persist.snapshot is not None:
        parts.append(snapshot_bytes(persist.snapshot))
    return b"".join((*parts, number_bytes(persist.truncate_from), entries_bytes(persist.entries)))


def _persist(reader: Reader) -> Persist:
    has = reader.small()
    return Persist(
        number=0,
        hard=HardState(term=reader.number(), vote=reader.text()) if has & _HARD else None,
        snapshot=reader.snapshot() if has & _SNAPSHOT else None,
        truncate_from=reader.number(),
        entries=reader.entries(),
    )
