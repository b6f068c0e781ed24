"""Two controllers and a witness in virtual time, a millisecond at a time: each message takes one, each write two.

The controllers' programs count scans and add up the commands they got; what a controller may write is recorded.
"""

import struct
from dataclasses import dataclass, field

from runtime.cluster.pair.agreed import Delivery
from runtime.cluster.pair.effects import Effects
from runtime.cluster.pair.entries import Command, Force
from runtime.cluster.pair.frame import Frame as StateFrame
from runtime.cluster.pair.frame import State, StreamMessage, decode_frame, encode_frame
from runtime.cluster.pair.member import PairMember
from runtime.cluster.pair.settings import PairSettings, times_for
from runtime.cluster.pair.voters import OnWitnessLoss
from runtime.raft.configuration import Configuration
from runtime.raft.core import Raft
from runtime.raft.log import Entry, Snapshot
from runtime.raft.message import Message
from runtime.raft.ready import HardState, Persist, Ready
from runtime.raft.state import Settings

MS = 1_000_000
CYCLE = 10
YIELD_MS, AGAIN_MS = 300, 1_200
NAMES = ("a", "b", "w")
TIMES = times_for(CYCLE * MS)
_WORDS = struct.Struct("<QQQ")


@dataclass(slots=True)
class Disk:
    """What survives."""

    hard: HardState
    snapshot: Snapshot
    entries: list[Entry] = field(default_factory=list)
    queue: list[tuple[int, Ready]] = field(default_factory=list)

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
class Programs:
    """What the scan of a controller holds: scans and commands counted, in 24 bytes of memory and some that rest."""

    scan_no: int = 0
    total: int = 0
    applied: int = 0
    term: int = 0
    waiting: list[Delivery] = field(default_factory=list)

    def state(self) -> State:
        memory = _WORDS.pack(self.scan_no, self.total, self.applied) + bytes(1000)
        return State(scan_no=self.scan_no, plc_now_ns=self.scan_no * CYCLE, applied_index=self.applied, memory=memory)

    def take(self, state: State) -> None:
        self.scan_no, self.total, self.applied = _WORDS.unpack_from(state.memory)

    def scan(self) -> None:
        self.scan_no += 1
        for delivery in self.waiting:
            if delivery.index > self.applied:
                self.applied = delivery.index
                self.total += int(delivery.command.body)
        self.waiting.clear()


class Group:
    """All three. `told` are the events, `writes` what was written by whom: (ms, name, term, scan, total)."""

    def __init__(self, *, on_witness_loss: OnWitnessLoss = OnWitnessLoss.STAY) -> None:
        self.now = 0
        self.witness = "w"
        self.on_witness_loss = on_witness_loss
        self.lives = 0
        self.disks = {n: Disk(HardState(), Snapshot(configuration=_configuration())) for n in NAMES}
        self.members: dict[str, PairMember | Raft] = {}
        self.programs: dict[str, Programs] = {}
        self.wire: list[tuple[int, str, Message | StreamMessage]] = []
        self.cut: set[tuple[str, str]] = set()
        self.told: list[str] = []
        self.writes: list[tuple[int, str, int, int, int]] = []
        self.accepted: list[tuple[str, int]] = []
        self.known: list[Delivery] = []
        self.forces: dict[str, dict[str, str]] = {}
        for name in NAMES:
            self.start(name)

    def start(self, name: str) -> None:
        """From its disk; its memory is empty."""
        disk = self.disks[name]
        persisted = {"hard": disk.hard, "snapshot": disk.snapshot, "entries": tuple(disk.entries)}
        settings = Settings(
            name=name, times=TIMES, election_ns=TIMES.election_min_ns + "abw".find(name) % 3 * 6 * MS, entries_max=64
        )
        if name not in ("a", "b"):
            self.members[name] = Raft(settings, now_ns=self.now * MS, **persisted)
            return
        other = "b" if name == "a" else "a"
        self.lives += 1
        pair = PairSettings(
            raft=settings,
            other=other,
            witness=self.witness,
            version=7,
            life=self.lives,
            cycle_ns=CYCLE * MS,
            ack_bound_ns=30 * MS,
            on_witness_loss=self.on_witness_loss,
            yield_after_ns=YIELD_MS * MS,
            yield_again_ns=AGAIN_MS * MS,
        )
        self.members[name] = PairMember(pair, now_ns=self.now * MS, held=None, **persisted)
        self.programs[name] = Programs()

    def kill(self, name: str) -> None:
        """End it; what was not durable never happened."""
        del self.members[name]
        self.programs.pop(name, None)
        self.disks[name].queue.clear()

    def submit(self, name: str, seq: int, value: int) -> str:
        """Of client `c`: add `value` to the total."""
        why_not, effects = self._pair(name).submit(Command(client="c", seq=seq, body=str(value)), self.now * MS)
        self._carry_out(name, effects)
        return why_not

    def ask(self, name: str, what: str, *arguments: str | Force) -> str:
        """Call one of the member's methods that answer why not."""
        why_not, effects = getattr(self._pair(name), what)(*arguments, self.now * MS)
        self._carry_out(name, effects)
        return why_not

    def reaches(self, name: str, links_lost: int) -> None:
        """Which links that controller's io reaches no more."""
        self._carry_out(name, self._pair(name).reaches(links_lost=links_lost, now_ns=self.now * MS))

    def run(self, ms: int) -> None:
        """Let time pass."""
        for _ in range(ms):
            self.now += 1
            self._deliver()
            self._flush()
            for name in list(self.members):
                self._tick(name)

    def leader(self) -> str:
        """Who drives; empty when nobody does."""
        driving = [n for n in ("a", "b") if n in self.members and self._pair(n).right.lead_term]
        assert len(driving) < 2
        return driving[0] if driving else ""

    def _pair(self, name: str) -> PairMember:
        member = self.members[name]
        assert isinstance(member, PairMember)
        return member

    def _tick(self, name: str) -> None:
        now_ns = self.now * MS
        member = self.members[name]
        if isinstance(member, Raft):
            if now_ns >= member.due_ns:
                self._ready(name, member.tick(now_ns))
            return
        if now_ns >= member.due_ns:
            self._carry_out(name, member.tick(now_ns))
        programs = self.programs[name]
        right = member.right
        programs.term = right.lead_term
        if right.lead_term:
            if self.now % CYCLE == 0:
                programs.scan()
                self._carry_out(name, member.scanned(programs.term, programs.state(), now_ns))
            self._write(name, programs, member)

    def _write(self, name: str, programs: Programs, member: PairMember) -> None:
        right = member.right
        held = right.solo or programs.scan_no <= right.replicated_scan
        last = self.writes[-1][3] if self.writes else 0
        if held and right.lead_term and self.now * MS < right.lease_until_ns and programs.scan_no > last:
            self.writes.append((self.now, name, right.lead_term, programs.scan_no, programs.total))

    def _deliver(self) -> None:
        due = [m for m in self.wire if m[0] <= self.now]
        self.wire = [m for m in self.wire if m[0] > self.now]
        for _, target, message in due:
            member = self.members.get(target)
            if isinstance(member, Raft) and isinstance(message, Message):
                self._ready(target, member.step(message, self.now * MS))
            elif isinstance(member, PairMember):
                take = member.step if isinstance(message, Message) else member.heard
                self._carry_out(target, take(message, self.now * MS))  # type: ignore[operator]

    def _flush(self) -> None:
        for name, disk in self.disks.items():
            while disk.queue and disk.queue[0][0] <= self.now and name in self.members:
                _, ready = disk.queue.pop(0)
                if ready.persist is not None:
                    disk.write(ready.persist)
                for message in ready.promise:
                    self._send(name, message.target, message)
                if ready.persist is not None:
                    member = self.members[name]
                    done = member.persisted(ready.persist.number, self.now * MS)
                    if isinstance(done, Ready):
                        self._ready(name, done)
                    else:
                        self._carry_out(name, done)

    def _carry_out(self, name: str, effects: Effects) -> None:
        programs = self.programs[name]
        if effects.mirror is not None:
            programs.take(effects.mirror.state)
        other = "b" if name == "a" else "a"
        for message in effects.stream:
            if isinstance(message, StateFrame):
                frame = decode_frame(encode_frame(message))
                assert frame == message
            self._send(name, other, message)
        for ready in effects.readies:
            self._ready(name, ready)
        programs.waiting += effects.deliveries
        self.accepted += [(c.client, c.seq) for c in effects.accepted]
        self.known += effects.known
        if effects.forces is not None:
            self.forces[name] = effects.forces
        self.told += [f"{self.now} {name}: {told.text}" for told in effects.told]

    def _ready(self, name: str, ready: Ready) -> None:
        for message in ready.send:
            self._send(name, message.target, message)
        if ready.persist is not None or ready.promise:
            self.disks[name].queue.append((self.now + 2, ready))

    def _send(self, source: str, target: str, message: Message | StreamMessage) -> None:
        if (source, target) not in self.cut:
            self.wire.append((self.now + 1, target, message))


def _configuration() -> Configuration:
    return Configuration(controllers=("a", "b"), witnesses=("w",))
