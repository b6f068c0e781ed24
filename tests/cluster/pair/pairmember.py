"""The redundancy process of a node around the core under test: its disk, its words in shared memory, its lives.

It does with `Effects` what the head of `effects.py` says, in that order, and may stand still or die between any two.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pairbook import Book
from pairclients import Answer, Submit
from pairexchange import PASSING, VirtualExchange
from pairio import Device, Sink
from pairnet import Datagram
from pairnode import Node
from pairscan import HEAD, Control, MailboxEntry, MirrorEntry, VirtualScan
from pairtime import MS
from pairversions import Supervisor, package

from runtime.cluster.pair.effects import Effects, Right
from runtime.cluster.pair.entries import Command
from runtime.cluster.pair.frame import Frame, FrameAck, Standing, State
from runtime.cluster.pair.member import PairMember
from runtime.cluster.pair.settings import PairSettings
from runtime.raft.core import Raft
from runtime.raft.message import Message

RESTART_NS = 30 * MS
"""From the death of a process to its next life."""


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
        self.plays_exchange = True
        self.native_scans = 0
        self.exchange: VirtualExchange | None = None
        self._turns = self._poked = False
        self._wakes: tuple[VirtualExchange, int] | None = None
        self._said_at_once: tuple[str, list[Any]] | None = None
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
        self._woken = self._turns = self._poked = False
        self._said_at_once = None
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
        self.exchange = self._new_exchange(self.member) if self.plays_exchange else None
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
        self.member = self.exchange = None

    # What comes in.

    def receive(self, message: Any) -> None:
        if not isinstance(message, Datagram):
            self._hear(message)
        elif self.exchange is not None and self.exchange.is_inside:
            self.exchange.came(message.source, message.messages)
            self._poke()
        else:
            self._said_at_once = (message.source, [])
            for part in message.messages:
                self._events.now(self.process, self._hear, part)
            self._events.now(self.process, self._answer_at_once)

    def _answer_at_once(self) -> None:
        """What is answered to what came at once goes at once."""
        at_once, self._said_at_once = self._said_at_once, None
        if at_once is not None:
            target, messages = at_once
            whole = [Datagram(self.name, tuple(messages))] if len(messages) > 1 else messages
            for message in whole:
                self._send(target, message)

    def _send(self, target: str, message: Any) -> None:
        at_once = self._said_at_once
        if at_once is not None and at_once[0] == target and isinstance(message, PASSING):
            at_once[1].append(message)
        else:
            super()._send(target, message)

    def _hear(self, message: Any) -> None:
        member = self.member
        if member is None:
            return
        exchange, source = self.exchange, getattr(message, "source", self.settings.other)
        if exchange is not None and exchange.is_inside:
            exchange.came(source, (message,))
            self._poke()
            return
        if exchange is not None:
            exchange.heard(source)
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
        if self.member is not None and not self._is_inside:
            self._listen()
            self._take(self.member.tick(self.now_ns()))

    def on_durable(self, number: int) -> None:
        self._end_exchange()
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
        if self._stands_inside:
            self._events.now(self.process, self.carry_out, act)
            return
        self._end_exchange()
        if self.member is not None:
            self._take(act(self.member, self.now_ns()))

    def ask(self, act: Callable[[PairMember, int], tuple[str, Effects]]) -> str:
        """What people ask for: why not, or nothing."""
        if self._stands_inside:
            self._events.now(self.process, self.ask, act)
            return "it stands still"
        self._end_exchange()
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
        if self.exchange is not None and self._is_inside:
            self.exchange.ring()
            self._go_on_natively()
        elif self.member is not None:
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

    # The steady state, in native code.

    def _new_exchange(self, member: PairMember) -> VirtualExchange:
        return VirtualExchange(
            member,
            process=self.process,
            events=self._events,
            clock=self.clock,
            control=self.control,
            scan=self.scan,
            send=self._send_natively,
            words_changed=lambda: self.on_lease(self),
            wake_io=self.sink.wake,
        )

    def _send_natively(self, target: str, datagram: Datagram) -> None:
        self._network.send(self.name, target, datagram if len(datagram.messages) > 1 else datagram.messages[0])

    @property
    def _is_inside(self) -> bool:
        return self.exchange is not None and self.exchange.is_inside

    @property
    def _stands_inside(self) -> bool:
        """It stands still in the middle of native code: what is to be done waits."""
        return self.exchange is not None and self.exchange.runs

    def _turn(self) -> None:
        """At the end of a turn, before it waits: whether it goes on natively."""
        member = self.member
        leading = member.situation.leading if member is not None and self.exchange is not None else None
        if leading is not None and leading.stream.settled is not None and not self._turns:
            self._turns = True
            self._events.after(0, self.process, self._enter)

    def _enter(self) -> None:
        self._turns = False
        member, exchange = self.member, self.exchange
        if member is None or exchange is None or exchange.is_inside or self.scan.told or self.process.rest:
            return
        if self.supervisor.version or self.scan.next_version or member.due_ns <= self.now_ns():
            return
        if exchange.begin():
            self._go_on_natively()

    def _poke(self) -> None:
        """All that has come by now is there when it goes on."""
        if not self._poked:
            self._poked = True
            self._events.after(0, self.process, self._poked_now)

    def _poked_now(self) -> None:
        self._poked = False
        self._go_on_natively()

    def _go_on_natively(self) -> None:
        exchange = self.exchange
        if exchange is None or not exchange.is_inside:
            return
        said = exchange.go_on()
        self.native_scans += exchange.plan.scans if said is not None else 0
        if said is None:
            waits = (exchange, exchange.wakes_ns)
            if exchange is self.exchange and exchange.is_inside and waits != self._wakes:
                self._wakes = waits
                self._events.at(self.clock.true_ns(exchange.wakes_ns), self.process, self._time_is_up, waits)
            return
        assert self.member is not None
        self._checks.member(self.name, self.member.situation.raft)
        for message in said:
            self._events.now(self.process, self._hear, message)
        self._events.now(self.process, self._after_exchange)

    def _time_is_up(self, waits: tuple[VirtualExchange, int]) -> None:
        if waits == self._wakes:
            self._wakes = None
            self._go_on_natively()

    def _after_exchange(self) -> None:
        if self.member is not None and not self._is_inside:
            self._listen()
            self.wake_at(self.member.due_ns)
            self._turn()

    def _end_exchange(self) -> None:
        """Something is to be done that is the core's."""
        if self.exchange is not None and self.exchange.is_inside:
            self.exchange.wake()
            self._go_on_natively()

    # What goes out.

    def _take(self, effects: Effects) -> None:
        member = self.member
        assert member is not None
        self._checks.member(self.name, member.situation.raft)
        self._events.rest_of_step(self.process, self._do, effects)
        self.wake_at(member.due_ns)
        self._turn()

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
            self._send(self.settings.other, message)
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
    plc_now_ns, scan_no, applied, *_ = HEAD.unpack_from(memory)
    return State(scan_no=scan_no, plc_now_ns=plc_now_ns, applied_index=applied, memory=memory)
