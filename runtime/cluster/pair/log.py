"""What becomes of a `Ready` of Raft: entries are applied here, the rest is for the shell."""

from dataclasses import replace

from runtime.cluster.pair.agreed import Agreed
from runtime.cluster.pair.effects import Severity
from runtime.cluster.pair.entries import Command, Force, InSync, PairEntry, TakenOver, VersionPart, encode_entry
from runtime.cluster.pair.situation import Situation
from runtime.raft.log import Entry
from runtime.raft.ready import Ready

ENTRIES_MAX = 1000
"""Applied entries that the log keeps before a snapshot takes their place."""
PART_BYTES_MAX = 4 << 20
"""Nor more of packages: a download is megabytes in few entries."""


def absorb(s: Situation, ready: Ready) -> None:
    """Apply what is committed; hand on what is to be sent and persisted."""
    if ready.install is not None:
        s.agreed = Agreed.of_bytes(ready.install.content)
        s.effects.forces = dict(s.agreed.forces)
    for entry in ready.apply:
        said = s.agreed.apply(entry)
        if said is not None:
            _applied(s, entry, said)
    if ready.send or ready.persist is not None or ready.promise:
        dealt_with = ready.install is not None or ready.apply
        s.effects.readies.append(replace(ready, install=None, apply=()) if dealt_with else ready)


def propose(s: Situation, entry: PairEntry, now_ns: int) -> int:
    """Add an entry to the log; its index, 0 when this member cannot."""
    index, ready = s.raft.propose(encode_entry(entry), now_ns)
    absorb(s, ready)
    return index


def compact(s: Situation, now_ns: int) -> None:
    """Let what is agreed stand for old entries, once there are many."""
    log = s.raft.log
    if s.raft.commit - log.snapshot.index > ENTRIES_MAX or s.part_bytes > PART_BYTES_MAX:
        s.part_bytes = 0
        absorb(s, s.raft.compact(s.agreed.to_bytes(), now_ns))


def _applied(s: Situation, entry: Entry, said: PairEntry) -> None:
    leading = s.leading
    match said:
        case TakenOver():
            s.effects.forces = dict(s.agreed.forces)
            s.tell(Severity.WARNING, f"{said.leader} has taken over in term {said.term}: {said.cause}")
            if leading is not None and said.term == leading.term:
                leading.confirmed = True
                s.effects.deliveries += s.agreed.deliveries_after(s.applied)
        case Command():
            if leading is not None:
                s.effects.accepted.append(said)
                if leading.confirmed:
                    s.effects.deliveries += [d for d in s.agreed.commands if d.index == entry.index]
        case Force():
            s.effects.forces = dict(s.agreed.forces)
        case VersionPart():
            s.part_bytes += len(said.content)
        case InSync():
            s.tell(Severity.INFO, f"in sync: {', '.join(said.members)}")
