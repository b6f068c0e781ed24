"""The native exchange of a leader in the steady state, as its redundancy process runs it, in virtual time.

The code is the real one (pairlibc.py), and so is what begins and ends it (redundancy/exchange.py); around it stand the
sockets, bells and words of the simulated node. It may stand still wherever it calls anything, and meanwhile all else
goes on: others take over, its controller may lose power, what comes to it waits.
"""

import ctypes
from collections import Counter, deque
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pairlibc
from pairbook import Broken
from pairnet import Datagram
from pairscan import HEAD, MEMORY_BYTES, Control, VirtualScan
from pairtime import Clock, Events, Process

from runtime.cluster.pair.effects import Right
from runtime.cluster.pair.frame import Frame, FrameAck, Standing, State
from runtime.cluster.pair.member import NO_HURRY_NS, PairMember
from runtime.cluster.redundancy.exchange import Exchange
from runtime.cluster.redundancy.exchangeplan import End
from runtime.cluster.redundancy.parcels import message_of, parcel_of
from runtime.cluster.redundancy.roundtrip import RoundTrips
from runtime.cluster.transport.codec import Parcel, content_of, decode, part_of
from runtime.cluster.transport.quicklane import HEAD as DATAGRAM_HEAD
from runtime.cluster.transport.quicklane import TAG_SIZE, UNANSWERED_MAX
from runtime.image.layout import ALIGNMENT, SLOT_HEADER_SIZE
from runtime.image.primitives import primitives
from runtime.raft.message import Heartbeat, HeartbeatReply

SELDOM_FD, SCAN_BELL, IO_BELL, STANDBY_FD, WITNESS_FD = range(101, 106)
PASSING = Frame | FrameAck | Standing | Heartbeat | HeartbeatReply
"""What takes the quick lane; all else comes over the others, which are watched as one."""
_SLOTS = 4
_STRIDE = SLOT_HEADER_SIZE + -(-MEMORY_BYTES // ALIGNMENT) * ALIGNMENT
_WORDS = ("active_term", "lease_until_ns", "replicated_scan")


class VirtualExchange:
    """Of one life of a redundancy process. `is_inside`: it runs natively, or waits there. `runs`: it is in the
    middle of a step of it.

    `words_changed` is told of each change of the right in shared memory.
    """

    def __init__(
        self,
        member: PairMember,
        *,
        process: Process,
        events: Events,
        clock: Clock,
        control: Control,
        scan: VirtualScan,
        send: Callable[[str, Datagram], None],
        words_changed: Callable[[], None],
        wake_io: Callable[[], None],
    ) -> None:
        self.is_inside = self.runs = False
        self._member, self._process, self._life = member, process, process.life
        self._events, self._clock, self._control, self._scan = events, clock, control, scan
        self._send, self._words_changed, self._wake_io = send, words_changed, wake_io
        settings = member.situation.settings
        self._name = settings.name
        self._peers = {STANDBY_FD: settings.other, WITNESS_FD: settings.witness}
        self._came: dict[str, deque[bytes]] = {peer: deque() for peer in self._peers.values()}
        self._others: list[Any] = []
        self._is_woken = self._is_rung = self._blocks = False
        self._sealed = b""
        self._strike: tuple[int, Callable[[], None]] | None = None
        self._wakes_ns = 0
        self._words = (ctypes.c_uint64 * len(_WORDS))()
        self._channel = ctypes.create_string_buffer(ALIGNMENT + _SLOTS * _STRIDE)
        self._published: Any = None
        self._ways = {peer: _way(fd) for fd, peer in self._peers.items()}
        self._exchange = self._made()
        plan = self.plan = self._exchange._plan
        plan.has_clock, plan.seal, plan.open = 1, pairlibc.address("seal"), pairlibc.address("open")

    def _made(self) -> Exchange:
        at, base = ctypes.addressof(self._words), ctypes.addressof(self._channel)
        self._snapshots = SimpleNamespace(place=(base, _SLOTS, _STRIDE, MEMORY_BYTES), number=0)
        memory = SimpleNamespace(
            snapshots=self._snapshots,
            io_bell_fd=IO_BELL,
            word_address=lambda name: at + 8 * _WORDS.index(name),
            took=self._took,
            was_given=lambda **_: None,
            give=self._given,
        )
        quick = SimpleNamespace(
            is_open=lambda peer: self._ways[peer].unanswered < UNANSWERED_MAX,
            way=self._ways.get,
            sent=Counter(),
            received=Counter(),
            refused=0,
        )
        post = SimpleNamespace(
            quick=quick,
            seldom_fd=SELDOM_FD,
            has_unread=False,
            flush=self._pause,
            said=lambda _, told: _told(told),
        )
        code = pairlibc.native_code()
        return Exchange(self._member, post, memory, RoundTrips(), scan_bell=SCAN_BELL, code=code)  # type: ignore[arg-type]

    # What the node tells.

    @property
    def lives(self) -> bool:
        """Its process has not died."""
        return self._process.life == self._life

    def heard(self, peer: str) -> None:
        """The core has taken something of that member's: the way to it is open."""
        if peer in self._ways:
            self._ways[peer].unanswered = 0

    def came(self, source: str, messages: tuple[Any, ...]) -> None:
        """A datagram has come, or something on another lane."""
        if source in self._came and all(isinstance(message, PASSING) for message in messages):
            self._came[source].append(content_of(source, self._name, [self._part(m, source) for m in messages]))
        else:
            self._others += messages

    def ring(self) -> None:
        """A scan has ended."""
        self._is_rung = True

    def wake(self) -> None:
        """Something is to be done that is no message."""
        self._is_woken = True

    def strike(self, steps: int, act: Callable[[], None]) -> None:
        """Do this after so many steps of it, in the middle of one."""
        self._strike = (steps, act)

    @property
    def wakes_ns(self) -> int:
        """When its wait ends, by the own clock."""
        return self._wakes_ns

    def begin(self) -> bool:
        """Go on natively, if all is steady."""
        situation = self._member.situation
        self._is_woken = self._blocks = False
        self.runs = True
        begins = self._exchange.begin(situation.standing_due_ns + NO_HURRY_NS)
        self.runs = False
        if not begins or not self.lives:
            return False
        if situation.tail:
            raise Broken(f"{self._name} hands its leader's state over while {situation.tail} is not committed")
        self.plan.clock = self._now_ns()
        self._words[:] = (self._control.active_term, self._control.lease_until_ns, self._control.replicated_scan)
        self.is_inside = True
        return True

    def go_on(self) -> list[Any] | None:
        """Until it waits (None), or has ended: what came meanwhile and is for the core. None as well if it died."""
        if self._blocks and not self._ready() and self._now_ns() < self._wakes_ns:
            return None
        self.runs = True
        end = pairlibc.run(self, self._exchange._run, ctypes.addressof(self.plan))
        if not self._blocks:
            self._pause()
        self._share()
        self.runs = False
        if self._blocks or not self.lives:
            return None
        self.is_inside = False
        said: list[Any] = self._exchange.end(End(end))
        self._check()
        told = self._scan.told
        told[:] = [t for t in told if (t.term, t.scan_no) > (self.plan.term, self.plan.scan_no)]
        for queue in self._came.values():
            while queue:
                said += _told(queue.popleft())
        others, self._others = self._others, []
        return _readable(said) + others

    # What the native code calls.

    def poll(self, polled: int, timeout: int) -> int:
        """Leaves the native code where nothing has come: called again, it is where it was."""
        if not self._blocks:
            seconds, rest_ns = (ctypes.c_int64 * 2).from_address(timeout)
            self._wakes_ns = self.plan.clock + seconds * 1_000_000_000 + rest_ns
        self._pause()
        ready = self._ready()
        self._blocks = self.lives and not ready and self._now_ns() < self._wakes_ns
        if self._blocks or not self.lives:
            return -1
        self.plan.clock = self._now_ns()
        states = (bool(self._others) or self._is_woken, self._is_rung, bool(self._came[self._peers[STANDBY_FD]]))
        for place, state in enumerate(states):
            ctypes.c_uint16.from_address(polled + 8 * place + 6).value = state
        return ready

    def receive(self, fd: int, room: int) -> int:
        queue = self._came[self._peers[fd]]
        if not self.lives or not queue:
            return -1
        way = self.plan.standby if fd == STANDBY_FD else self.plan.witness
        datagram = DATAGRAM_HEAD.pack(way.session, way.count_in + 1) + queue.popleft() + bytes(TAG_SIZE)
        ctypes.memmove(room, datagram, len(datagram))
        self._pause()
        return len(datagram)

    def open(self, content: int, sealed: int, size: int) -> int:
        ctypes.memmove(content, sealed, size - TAG_SIZE)
        return 0 if self.lives else -1

    def seal(self, content: int, size: int) -> int:
        self._sealed = ctypes.string_at(content, size)
        self._pause()
        return 0

    def send(self, fd: int) -> int:
        if self.lives:
            self._send(self._peers[fd], Datagram(self._name, tuple(_readable(decode(self._sealed)))))
            self._pause()
        return 0

    def read(self) -> int:
        """The bell; what has been published by then is what is read next."""
        self._is_rung = False
        self._pause()
        snapshot, is_version = self._scan.snapshot, self._scan.version == self._member.situation.standby.version
        if self.lives and is_version and snapshot is not None and snapshot is not self._published:
            self._published = snapshot
            source = ctypes.create_string_buffer(snapshot.memory, MEMORY_BYTES)
            primitives().publish(*self._snapshots.place, ctypes.addressof(source))
        return 8

    def wake_io(self) -> int:
        self._share()
        if self.lives:
            self._wake_io()
        return 8

    # Between the steps.

    def _pause(self) -> None:
        """Between any two steps of it time may pass, and anything happen."""
        self._share()
        if self._strike is not None and self.lives and self.is_inside:
            steps, act = self._strike
            self._strike = (steps - 1, act) if steps else None
            if not steps:
                act()
        if self.lives and (self._events.chance_stalls(self._process) or self._is_late):
            self._events.stand(self._process)
        self.plan.clock = self._now_ns()
        self._words[0] = self._control.active_term

    @property
    def _is_late(self) -> bool:
        return self._process.paused_until_ns > self._events.now_ns

    def _share(self) -> None:
        """What it has written so far is so in shared memory."""
        control = self._control
        if not (self.lives and self.is_inside):
            return
        _, lease_ns, replicated = self._words
        if (lease_ns, replicated) != (control.lease_until_ns, control.replicated_scan):
            control.lease_until_ns, control.replicated_scan = lease_ns, replicated
            self._words_changed()

    def _check(self) -> None:
        """The core knows the newest state and round as if it had been its own hand."""
        situation, plan = self._member.situation, self.plan
        leading, raft = situation.leading, situation.raft._state.leading
        assert leading is not None
        assert raft is not None
        state, newest = situation.standby.state, leading.stream.newest
        known = (state and state.scan_no, newest and newest.scan_no, raft.lease.round)
        if plan.scans and known != (plan.scan_no, plan.scan_no, plan.round):
            raise Broken(f"{self._name} has sent scan {plan.scan_no} in round {plan.round}, and knows of {known}")

    def _given(self, right: Right) -> None:
        """The same, or a longer lease: the core counts an answer to a round before the newest too."""
        known = self._control
        if right.lease_until_ns < known.lease_until_ns or right.replicated_scan != known.replicated_scan:
            raise Broken(f"{self._name} has been told of other things than its exchange did: {right}, {known}")
        if right.lease_until_ns > known.lease_until_ns:
            known.lease_until_ns = right.lease_until_ns
            self._words_changed()

    def _took(self, number: int, memory: bytes) -> State:
        self._snapshots.number = number
        plc_now_ns, scan_no, applied, *_ = HEAD.unpack_from(memory)
        return State(scan_no=scan_no, plc_now_ns=plc_now_ns, applied_index=applied, memory=memory)

    def _ready(self) -> int:
        return bool(self._others or self._is_woken) + self._is_rung + bool(self._came[self._peers[STANDBY_FD]])

    def _now_ns(self) -> int:
        return self._clock.local_ns(self._events.now_ns)

    def _part(self, message: Any, source: str) -> bytes:
        if isinstance(message, Frame | FrameAck | Standing):
            message = parcel_of(message, source=source, target=self._name)
        return part_of(message)


def _way(fd: int) -> SimpleNamespace:
    key = bytes(32)
    return SimpleNamespace(
        socket=SimpleNamespace(fileno=lambda: fd),
        session=fd,
        far_session=fd,
        key_out=key,
        key_in=key,
        count_out=0,
        count_in=0,
        unanswered=0,
    )


def _readable(said: Iterable[Any]) -> list[Any]:
    """What is in parcels, taken out; what cannot be read there is none (redundancy/process.py)."""
    told = (message_of(m) if isinstance(m, Parcel) else m for m in said)
    return [m for m in told if m is not None]


def _told(content: bytes) -> list[Any]:
    return list(decode(content))
