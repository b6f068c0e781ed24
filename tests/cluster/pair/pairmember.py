"""The redundancy process of a node around the core under test: its disk, its words in shared memory, its lives.

It does with `Effects` what the head of `effects.py` says, in that order, and may stand still or die between any two.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pairbook import Book
from pairchecks import RaftChecks
from pairclients import Answer, Submit
from pairdisk import Disk
from pairio import Device, Sink
from pairnet import Network
from pairscan import HEAD, Control, MailboxEntry, MirrorEntry, VirtualScan
from pairtime import MS, Clock, Events, Process
from pairversions import Supervisor, package

from runtime.cluster.pair.agreed import Agreed
from runtime.cluster.pair.effects import Effects, Right
from runtime.cluster.pair.entries import Command
from runtime.cluster.pair.frame import Frame, FrameAck, Standing, State
from runtime.cluster.pair.member import PairMember
from runtime.cluster.pair.settings import PairSettings
from runtime.raft.core import Raft
from runtime.raft.message import Message
from runtime.raft.ready import Persist, Ready
from runtime.raft.state import Settings

RESTART_NS = 30 * MS
"""From the death of a process to its next life."""
WITNESS_LOG_MAX = 50


class Node:
    """What controllers and witness have in common: a Raft with a disk and a network."""

    def __init__(
        self, name: str, *, events: Events, network: Network, clock: Clock, disk: Disk, checks: RaftChecks
    ) -> None:
        self.name = name
        self.process = Process(f"{name} redundancy")
        self.clock = clock
        self.disk = disk
        self._events, self._network, self._checks = events, network, checks
        self._waiting: list[tuple[int, tuple[Message, ...]]] = []
        self._persists = 0
        self._tick_ns = 0
        network.register(name, self.process, self.receive)

    @property
    def raft(self) -> Raft | None:
        """Its Raft, while it runs."""
        raise NotImplementedError

    def now_ns(self) -> int:
        """By its own clock."""
        return self.clock.local_ns(self._events.now_ns)

    def receive(self, message: Any) -> None:
        """Something has come from the network."""
        raise NotImplementedError

    def tick(self) -> None:
        """Time has passed."""
        raise NotImplementedError

    def begin_life(self) -> None:
        """It runs from now on."""
        self.process.runs = True
        self._tick_ns = 0
        self._waiting.clear()
        self._persists = 0

    def end_life(self) -> None:
        """It is killed: what it had not made durable may be lost."""
        self.process.kill()
        self.disk.crash()

    def do(self, ready: Ready) -> None:
        """Send, persist, promise."""
        for message in ready.send:
            self._say(message)
        if ready.persist is not None:
            self._persists = ready.persist.number
            self.disk.write(self.process, ready.persist, self._durable)
        if ready.promise:
            if self._persists:
                self._waiting.append((self._persists, ready.promise))
            else:
                for message in ready.promise:
                    self._say(message)

    def _durable(self, persist: Persist) -> None:
        waiting = self._waiting
        while waiting and waiting[0][0] <= persist.number:
            for message in waiting.pop(0)[1]:
                self._say(message)
        if persist.number == self._persists:
            self._persists = 0
        self.on_durable(persist.number)

    def on_durable(self, number: int) -> None:
        """That much is durable."""
        raise NotImplementedError

    def _say(self, message: Message) -> None:
        self._checks.said(message)
        self._network.send(self.name, message.target, message)

    def wake_at(self, local_ns: int) -> None:
        """Tick then, if no sooner one is on its way."""
        true_ns = self.clock.true_ns(local_ns)
        if true_ns < self._events.now_ns + 100_000:
            true_ns = self._events.now_ns + 100_000
        if self._tick_ns == 0 or true_ns < self._tick_ns:
            self._tick_ns = true_ns
            self._events.at(true_ns, self.process, self._on_tick, true_ns)

    def _on_tick(self, planned_ns: int) -> None:
        if planned_ns == self._tick_ns:
            self._tick_ns = 0
            self.tick()


class WitnessNode(Node):
    """Votes and keeps the log; what it comes to it knows only to compact it."""

    def __init__(self, settings: Settings, **parts: Any) -> None:
        super().__init__(settings.name, **parts)
        self._settings = settings
        self._raft: Raft | None = None
        self._agreed = Agreed()

    @property
    def raft(self) -> Raft | None:
        return self._raft

    def start(self) -> None:
        """From what is on its disk."""
        self.begin_life()
        held = self.disk.held
        self._agreed = Agreed.of_bytes(held.snapshot.content)
        self._raft = Raft(
            self._settings,
            hard=held.hard,
            snapshot=held.snapshot,
            entries=tuple(held.entries),
            now_ns=self.now_ns(),
        )
        self.tick()

    def crash(self) -> None:
        """End it."""
        self.end_life()
        self._raft = None

    def receive(self, message: Any) -> None:
        if self._raft is not None and isinstance(message, Message):
            self._take(self._raft.step(message, self.now_ns()))

    def tick(self) -> None:
        if self._raft is not None:
            self._take(self._raft.tick(self.now_ns()))

    def on_durable(self, number: int) -> None:
        if self._raft is not None:
            self._take(self._raft.persisted(number, self.now_ns()))

    def _take(self, ready: Ready) -> None:
        raft = self._raft
        assert raft is not None
        if ready.install is not None:
            self._agreed = Agreed.of_bytes(ready.install.content)
        for entry in ready.apply:
            self._agreed.apply(entry)
        self._checks.member(self.name, raft)
        self.do(ready)
        if ready.apply and raft.commit - raft.log.snapshot.index > WITNESS_LOG_MAX:
            self.do(raft.compact(self._agreed.to_bytes(), self.now_ns()))
        self.wake_at(raft.due_ns)


class ControllerNode(Node):
    """A controller whole: redundancy, scan and io, with the words that they share."""

    def __init__(self, settings: PairSettings, *, devices: tuple[Device, Device], book: Book, **parts: Any) -> None:
        super().__init__(settings.name, **parts)
        self.settings = settings
        self.member: PairMember | None = None
        self.control = Control()
        self.accepted: list[tuple[str, int]] = []
        shared = {"events": self._events, "clock": self.clock, "control": self.control, "book": book}
        self.scan = VirtualScan(settings.name, **shared)
        self.sink = Sink(settings.name, devices=devices, **shared)
        self.scan.wake_redundancy = self._wake
        self.scan.wake_io = self.sink.wake
        self.supervisor = Supervisor(self)
        self.is_on = False
        self._woken = False
        self._clients: dict[tuple[str, int], str] = {}
        self.on_lease: Callable[[ControllerNode], None] = lambda _: None

    @property
    def raft(self) -> Raft | None:
        return self.member.situation.raft if self.member is not None else None

    # Lives.

    def start(self) -> None:
        """The whole controller, from what is on its disk."""
        self.is_on = True
        self.scan.start()
        self.sink.start()
        self.start_redundancy()

    def start_redundancy(self) -> None:
        """The redundancy process: first nobody may drive; when the scan has seen that, take what state it holds."""
        self.begin_life()
        self.supervisor.begin_life()
        self._woken = False
        self._clients.clear()
        self._give(Right())
        self._begin_when_stopped()

    def _begin_when_stopped(self) -> None:
        if self.control.active_term:
            self._events.after(MS, self.process, self._begin_when_stopped)
            return
        held, newest, self.scan.told[:] = self.disk.held, self._newest(), []
        self.settings = replace(self.settings, life=self.settings.life + 1, version=self.scan.version)
        self.member = PairMember(
            self.settings,
            hard=held.hard,
            snapshot=held.snapshot,
            entries=tuple(held.entries),
            held=(newest.term, _state(newest.memory)) if newest is not None else None,
            now_ns=self.now_ns(),
        )
        self.member.holds(package(self.scan.version))
        self.tick()

    def _newest(self) -> MirrorEntry | None:
        """What survives in shared memory: the newest of the scan's last snapshot and what was put there for it."""
        control = self.control
        if control.promised_version not in (0, self.scan.version):
            return None  # a newer state than is here was promised
        mirror, snapshot = control.mirrors.get(self.scan.version), self.scan.snapshot
        here = [entry for entry in (mirror, snapshot) if entry is not None]
        return max(here, key=lambda entry: (entry.term, entry.scan_no), default=None)

    def crash(self) -> None:
        """The whole controller loses power."""
        self.is_on = False
        self.supervisor.lose_power()
        self.crash_redundancy()
        for process in (self.scan.process, self.sink.process):
            process.kill()
        self.scan.told.clear()
        self.scan.snapshot = None
        self.control.mirrors.clear()
        self.control.promised_version = 0
        self.control.active_term = self.control.driven_term = 0
        self.control.mailbox.clear()
        self._give(Right())

    def crash_redundancy(self) -> None:
        """Only the redundancy process dies: scan and io go on with the words as they are."""
        self.end_life()
        self.member = None

    # What comes in.

    def receive(self, message: Any) -> None:
        member = self.member
        if member is None:
            return
        if isinstance(message, Message):
            self._take(member.step(message, self.now_ns()))
        elif isinstance(message, Frame | FrameAck | Standing):
            self._take(member.heard(message, self.now_ns()))
        else:
            self._submit(member, message)

    def _submit(self, member: PairMember, asked: Submit) -> None:
        command = Command(client=asked.client, seq=asked.seq, body=str(asked.body))
        why_not, effects = member.submit(command, self.now_ns())
        if why_not:
            self._network.send(self.name, asked.client, Answer(asked.seq, 0))
        self._take(effects)

    def tick(self) -> None:
        if self.member is not None:
            self._listen()
            self._take(self.member.tick(self.now_ns()))

    def on_durable(self, number: int) -> None:
        if self.member is not None:
            self._take(self.member.persisted(number, self.now_ns()))

    def later(self, delay_ns: int, act: Callable[[], None]) -> None:
        """Do this in a while, if the redundancy process lives then."""
        self._events.after(delay_ns, self.process, act)

    def after(self, delay_ns: int, act: Callable[[], None]) -> None:
        """Do this in a while, whoever lives then."""
        self._events.after(delay_ns, None, act)

    def carry_out(self, act: Callable[[PairMember, int], Effects]) -> None:
        """What the supervisor has to say."""
        if self.member is not None:
            self._take(act(self.member, self.now_ns()))

    def ask(self, act: Callable[[PairMember, int], tuple[str, Effects]]) -> str:
        """What people ask for: why not, or nothing."""
        if self.member is None:
            return "it does not run"
        why_not, effects = act(self.member, self.now_ns())
        self._take(effects)
        return why_not

    def _wake(self) -> None:
        if not self._woken:
            self._woken = True
            self._events.after(50_000, self.process, self._on_wake)

    def _on_wake(self) -> None:
        self._woken = False
        if self.member is not None:
            self._listen()

    def _listen(self) -> None:
        """Take what the scan has told."""
        assert self.member is not None
        told, self.scan.told[:] = list(self.scan.told), []
        version = self.scan.version
        if version != self.member.situation.standby.version:
            snapshot = self.scan.snapshot
            state = _state(snapshot.memory) if snapshot is not None else None
            self._take(self.member.runs(package(version), state, self.now_ns()))
        for scanned in told:
            if scanned.version != version:
                continue
            self._take(self.member.scanned(scanned.term, _state(scanned.memory), self.now_ns()))

    # What goes out.

    def _take(self, effects: Effects) -> None:
        member = self.member
        assert member is not None
        self._checks.member(self.name, member.situation.raft)
        self._events.rest_of_step(self.process, self._do, effects)
        self.wake_at(member.due_ns)

    def _do(self, effects: Effects) -> None:
        if effects.right is not None:
            self._give(effects.right)
        mirror = effects.mirror
        if mirror is not None:
            state = mirror.state
            self.control.promised_version = mirror.version
            self.control.mirrors[mirror.version] = MirrorEntry(
                mirror.term, state.scan_no, state.plc_now_ns, mirror.received_ns, state.memory
            )
        for message in effects.stream:
            self._network.send(self.name, self.settings.other, message)
        for ready in effects.readies:
            self.do(ready)
        self.supervisor.do(effects)
        for delivery in effects.deliveries:
            command = delivery.command
            client = int(command.client.rpartition(" ")[2])
            entry = MailboxEntry(delivery.index, client, command.seq, int(command.body))
            self.control.mailbox.append(entry)
        for command in effects.accepted:
            self.accepted.append((command.client, command.seq))
            self._network.send(self.name, command.client, Answer(command.seq, 1))
        if effects.restore:
            self._restore()

    def _restore(self) -> None:
        restored = self.restore()
        if restored is not None and self.member is not None:
            self._take(self.member.scanned(*restored, self.now_ns()))

    def restore(self) -> tuple[int, State] | None:
        """Give the scan the newest state that is here, and tell it."""
        newest = self._newest()
        if newest is None:
            return None
        self.control.mirrors[self.scan.version] = newest
        return newest.term, _state(newest.memory)

    def _give(self, right: Right) -> None:
        control = self.control
        control.lease_until_ns = right.lease_until_ns
        control.replicated_scan, control.solo = right.replicated_scan, right.solo
        control.lead_term = right.lead_term
        self.on_lease(self)
        if control.frames:
            self.sink.wake()


def _state(memory: bytes) -> State:
    scan_no, plc_now_ns, applied, *_ = HEAD.unpack_from(memory)
    return State(scan_no=scan_no, plc_now_ns=plc_now_ns, applied_index=applied, memory=memory)
