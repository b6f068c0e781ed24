"""What the log has come to so far: the same on every member that has applied the same entries.

Bounded, and cut by rules that depend on entries alone, so that it stays the same everywhere.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache

from runtime.cluster.pair.entries import (
    Applied,
    Cause,
    Command,
    Detached,
    Force,
    InSync,
    PairEntry,
    TakenOver,
    VersionPart,
    decode_entry,
)
from runtime.raft.log import Entry, EntryKind

COMMANDS_MAX = 128
"""Commands kept to be given to a scan; twice what a mailbox holds."""
CLIENTS_MAX = 256
RAN_MAX = 4096
"""Commands in all that are known again when their clients repeat them: what a gateway takes in a minute at most
(commands/remembered.py), and far more than may wait for a scan. Who has sent most is forgotten first, so that a master
that writes without end does not make anybody else's order run twice."""
TAKEOVERS_MAX = 32


@dataclass(frozen=True, slots=True)
class Delivery:
    """A command that is agreed on, for the leader's mailbox; `index` is its place in the log."""

    index: int
    command: Command


@dataclass(slots=True)
class Agreed:
    """State machine of the pair. `in_sync`: who holds the state of all that was written; None before any take-over.

    `applied_floor`: up to there commands are known to have run. `cold_floor`: what that was when a leader last began
    without a state, so without any memory of them: a state of its, or after it, has all commands up to there behind it.
    `package`: of the version named `program`, the last one that came whole.
    """

    in_sync: tuple[str, ...] | None = None
    detached: tuple[str, ...] = ()
    applied_floor: int = 0
    cold_floor: int = 0
    takeovers: list[TakenOver] = field(default_factory=list)
    commands: list[Delivery] = field(default_factory=list)
    forces: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    program: str = ""
    package: bytes = b""
    _parts: dict[int, VersionPart] = field(default_factory=dict)
    _ran: dict[str, dict[int, int]] = field(default_factory=dict)

    def apply(self, entry: Entry) -> PairEntry | None:
        """Take a committed entry; what it said, or None when there is nothing new in it (a command sent twice)."""
        if entry.kind is not EntryKind.COMMAND:
            return None
        said = decode_entry(entry.content)
        match said:
            case TakenOver():
                self.in_sync = (said.leader,)
                self.detached = tuple(name for name in self.detached if name != said.leader)
                if not said.state_term:
                    self.cold_floor = self.applied_floor
                    self.forces = {name: body for name, body in self.forces.items() if name in self.kept}
                self.takeovers = [*self.takeovers, said][-TAKEOVERS_MAX:]
            case InSync():
                self.in_sync = said.members
            case Command():
                return said if self._note(entry.index, said) else None
            case Force():
                self._take_force(said)
            case Applied():
                self.applied_floor = max(self.applied_floor, said.index)
            case Detached():
                self.detached = said.members
            case VersionPart():
                self._take_part(said)
        return said

    def index_of(self, client: str, seq: int) -> int:
        """Where that command stands in the log; 0 when it was never agreed on."""
        return self._ran.get(client, {}).get(seq, 0)

    def deliveries_after(self, applied: int) -> tuple[Delivery, ...]:
        """Commands that a state with this applied index has not seen."""
        floor = max(applied, self.cold_floor)
        return tuple(d for d in self.commands if d.index > floor)

    def to_bytes(self) -> bytes:
        """All of it, for a snapshot of the log: JSON, a zero byte, the package and its next one's parts.

        Megabytes of a package are not made text: the loop that sends heartbeats does this.
        """
        told = {
            "in_sync": self.in_sync,
            "detached": self.detached,
            "applied_floor": self.applied_floor,
            "cold_floor": self.cold_floor,
            "takeovers": [asdict(t) for t in self.takeovers],
            "forces": self.forces,
            "kept": self.kept,
            "commands": [[d.index, asdict(d.command)] for d in self.commands],
            "program": self.program,
            "package": len(self.package),
            "parts": [[p.program, p.part, p.parts, len(p.content)] for p in self._parts.values()],
            "ran": [[client, list(seqs.items())] for client, seqs in self._ran.items()],
        }
        head = json.dumps(told, separators=(",", ":")).encode()
        return b"".join((head, b"\0", self.package, *(p.content for p in self._parts.values())))

    @classmethod
    def of_bytes(cls, content: bytes) -> "Agreed":
        """The state that `to_bytes` gave; of no bytes, the beginning."""
        if not content:
            return cls()
        head, _, tail = content.partition(b"\0")
        told = json.loads(head)
        parts, at = {}, told["package"]
        for program, part, count, size in told["parts"]:
            parts[part] = VersionPart(program=program, part=part, parts=count, content=tail[at : at + size])
            at += size
        return cls(
            in_sync=None if told["in_sync"] is None else tuple(told["in_sync"]),
            detached=tuple(told["detached"]),
            applied_floor=told["applied_floor"],
            cold_floor=told["cold_floor"],
            takeovers=[TakenOver(**{**t, "cause": Cause(t["cause"])}) for t in told["takeovers"]],
            forces=told["forces"],
            kept=told["kept"],
            commands=[Delivery(index, Command(**command)) for index, command in told["commands"]],
            program=told["program"],
            package=tail[: told["package"]],
            _parts=parts,
            _ran={client: dict(map(tuple, seqs)) for client, seqs in told["ran"]},
        )

    def _note(self, index: int, command: Command) -> bool:
        seqs = self._ran.pop(command.client, {})
        self._ran[command.client] = seqs  # the newest client last
        if command.seq in seqs:
            return False
        seqs[command.seq] = index
        if len(self._ran) > CLIENTS_MAX:
            del self._ran[next(iter(self._ran))]
        while sum(map(len, self._ran.values())) > RAN_MAX:
            most = max(self._ran.values(), key=len)
            del most[next(iter(most))]
        self.commands = [*self.commands, Delivery(index, command)][-COMMANDS_MAX:]
        return True

    def _take_force(self, force: Force) -> None:
        self.forces.pop(force.name, None)
        self.kept = [name for name in self.kept if name != force.name]
        if force.body:
            self.forces[force.name] = force.body
            self.kept += [force.name] * force.keep

    def _take_part(self, part: VersionPart) -> None:
        if any(p.program != part.program for p in self._parts.values()):
            self._parts.clear()
        self._parts[part.part] = part
        if len(self._parts) == part.parts:
            self.program = part.program
            self.package = b"".join(self._parts[number].content for number in sorted(self._parts))
            self._parts.clear()


def in_sync_at_end(before: tuple[str, ...] | None, entries: Sequence[Entry]) -> tuple[str, ...] | None:
    """Who is in sync once these entries, committed or not, are applied too."""
    if not entries:
        return before
    now = before
    for said in _said(entries):
        if isinstance(said, TakenOver):
            now = (said.leader,)
        elif isinstance(said, InSync):
            now = said.members
    return now


def in_sync_at_any(before: tuple[str, ...] | None, entries: Sequence[Entry]) -> frozenset[str]:
    """Who is in sync now, or will be if some first part of these entries, no matter which, is committed."""
    if not entries:
        return frozenset(before or ())
    found = set(before or ())
    for said in _said(entries):
        if isinstance(said, TakenOver):
            found.add(said.leader)
        elif isinstance(said, InSync):
            found.update(said.members)
    return frozenset(found)


def detached_at_end(before: tuple[str, ...], entries: Sequence[Entry]) -> tuple[str, ...]:
    """Who is out of service once these entries, committed or not, are applied too."""
    asked = [said for said in _said(entries, b"D") if isinstance(said, Detached)]
    return asked[-1].members if asked else before


def took_over_last(agreed: Agreed, entries: Sequence[Entry], name: str) -> int:
    """The last term in which that controller took over, once these entries are applied too; 0 for never."""
    later = (said for said in _said(entries) if isinstance(said, TakenOver))
    return max((said.term for said in (*agreed.takeovers, *later) if said.leader == name), default=0)


def _said(entries: Iterable[Entry], topics: bytes = b"TS") -> Iterable[PairEntry]:
    return (_decoded(e.content) for e in entries if e.kind is EntryKind.COMMAND and e.content[:1] in topics)


@lru_cache(maxsize=32)
def _decoded(content: bytes) -> PairEntry:
    """Asked again and again while the entry is not committed."""
    return decode_entry(content)
