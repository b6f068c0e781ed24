"""A leader in the steady state, twice: one goes on natively, the other by the core alone; its peers are played here.

Datagrams are real, on the loopback; time is virtual, and what comes when is for the test to say.
"""

import copy
import os
import random
import select
import struct
import threading
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache

from runtime.cluster.keys import new_keys
from runtime.cluster.pair.effects import Effects
from runtime.cluster.pair.frame import Frame, FrameAck, Standing, State
from runtime.cluster.pair.stream import StandbyStream
from runtime.cluster.redundancy.exchange import Exchange, exchange_code
from runtime.cluster.redundancy.parcels import message_of, parcel_of
from runtime.cluster.redundancy.roundtrip import RoundTrips
from runtime.cluster.redundancy.sharedmemory import SharedMemory
from runtime.cluster.transport.codec import Parcel, content_of, decode, part_of
from runtime.cluster.transport.post import Endpoints, Peer, Post
from runtime.cluster.transport.quicklane import QuickLane, Way
from runtime.core.appmemory import APPLIED_INDEX, NOW_NS, SCAN_NO
from runtime.core.binding import Bindings
from runtime.core.tag import TagTable
from runtime.image.channel import ChannelEnd
from runtime.image.layout import lay_out
from runtime.image.nativecode import NativeCode
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.raft.message import Heartbeat, HeartbeatReply, Message
from tests.cluster.pair.pairgroup import CYCLE, MS, Group
from tests.ports import free_port

GIVE_UP_S = 120.0
KEPT_ONLY_BY_THE_CORE = {"effects", "leader_known_ns", "voters_due_ns", "_sent_ns"}
"""What no decision of the steady state rests on; of old rounds only those are remembered that may be answered yet."""


class Bench:
    """`size` of the state in bytes. `native`, `plain`: the two cores. `heard`: contents that reached a peer."""

    def __init__(self, size: int = 5000, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        self.size = size
        self._share()
        group = _settled()
        self.core = group.members["a"]
        self.now_ns = (group.now + CYCLE) * MS  # a round is due
        self.scan_no = group.programs["a"].scan_no
        self.applied = group.programs["a"].applied
        self.content = bytearray(self.chance.randbytes(size))
        self.standby = StandbyStream(7, self.core.situation.leading.stream.life)
        self._connect()
        self.plain = self.core
        self._meet_state()
        self.native = copy.deepcopy(self.plain)
        self.trips = RoundTrips()
        self.memory.took(self.snapshots.publish(), bytes(self.content))
        self.memory.give(self.plain.right)
        os.eventfd_read(self.io_bell)
        self.exchange = Exchange(self.native, self.post, self.memory, self.trips, scan_bell=self.bell, code=_code())
        self.plan = self.exchange._plan
        self.plan.has_clock, self.plan.clock = 1, self.now_ns
        self.said: list[Message] | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Let the native one go on, in a thread."""
        assert self.native.steady() is not None

        def run() -> None:
            self.said = self.exchange.run(self.now_ns + 3_600_000 * MS)

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def end(self) -> None:
        """Wait until it has ended, which it has a reason for by now."""
        assert self._thread is not None
        self._thread.join(GIVE_UP_S)
        assert not self._thread.is_alive(), "the exchange goes on"

    def close(self) -> None:
        for one in (self.post, *self.far.values(), self.control, self.image):
            one.close()
        os.close(self.bell)
        os.close(self.io_bell)

    def pass_time(self, ns: int) -> None:
        self.now_ns += ns
        self.plan.clock = self.now_ns

    def answers(self, *, by_witness: bool = True) -> None:
        """Both answer the newest round; both cores have taken it when this returns."""
        if by_witness:
            self.say("w", self.answer_of_witness())
        self.say("b", self.answer_of_standby())
        self.taken()

    def taken(self) -> None:
        """The native one has taken the standby's answer: it wakes io for it."""
        ready, _, _ = select.select([self.io_bell], [], [], GIVE_UP_S)
        assert ready, "the answer is not taken"
        os.eventfd_read(self.io_bell)

    def scan(self) -> tuple[bytes, bytes]:
        """A scan ends: what reaches the standby and the witness, which is what the plain core says then, too."""
        expected = self.scan_plainly()
        os.eventfd_write(self.bell, 1)
        got = self.heard("b"), self.heard("w")
        assert got == expected
        for message in (message_of(m) if isinstance(m, Parcel) else m for m in decode(got[0])):
            if isinstance(message, Frame):
                self.ack, newer = self.standby.take(message)
                assert newer
                assert self.standby.state == self._state()
        return got

    def scan_plainly(self) -> tuple[bytes, bytes]:
        """A scan ends, and only the plain core looks at it: what it says to the standby and to the witness."""
        for _ in range(self.chance.choice((0, 1, 3, 9))):
            at = self.chance.randrange(400, self.size)
            self.content[at] ^= self.chance.randrange(1, 256)
        self.end_scan()
        return self._said_by(self.plain.scanned(self.term, self._state(), self.now_ns))

    def end_scan(self) -> None:
        """A scan ends, and nobody has looked at it yet."""
        self.scan_no += 1
        self._publish()

    def answer_of_witness(self, round_: int | None = None) -> bytes:
        message = HeartbeatReply(source="w", target="a", term=self.term, round=self.round if round_ is None else round_)
        return content_of("w", "a", [part_of(message)])

    def answer_of_standby(self) -> bytes:
        return self.answer(self.ack, self.round)

    def answer(self, ack: FrameAck, round_: int) -> bytes:
        reply = HeartbeatReply(source="b", target="a", term=self.term, round=round_)
        return content_of("b", "a", [part_of(parcel_of(ack, source="b", target="a")), part_of(reply)])

    def say(self, peer: str, content: bytes, *, plainly: bool = True) -> None:
        """The peer sends that; the plain core takes it now."""
        self.send(peer, content)
        if plainly:
            self.take(content)

    def send(self, peer: str, content: bytes) -> None:
        """The peer sends that, however often it has been left without an answer."""
        self.far[peer]._ways["a"].unanswered = 0
        assert self.far[peer].send("a", content)

    def take(self, content: bytes) -> None:
        """The plain core takes it."""
        for message in decode(content):
            if isinstance(message, Parcel):
                told = message_of(message)
                assert told is not None
                self.plain.heard(told, self.now_ns)
            else:
                self.plain.step(message, self.now_ns)

    def stop(self) -> None:
        """The standby says something that is for the core."""
        standing = Standing(source="b", life=1, term=self.term, state_term=1, scan_no=1, version=7, links_lost=0)
        self.send("b", content_of("b", "a", [part_of(parcel_of(standing, source="b", target="a"))]))
        self.end()

    def heard(self, peer: str) -> bytes:
        """The next content that reaches a peer."""
        lane, found = self.far[peer], []
        while not found:
            ready, _, _ = select.select([lane.fd("a")], [], [], GIVE_UP_S)
            assert ready, "nothing comes"
            found = lane.receive("a", 1)
        return found[0]

    def way(self, peer: str) -> Way:
        found = self.post.quick.way(peer)
        assert found is not None
        return found

    @property
    def term(self) -> int:
        return self.plain.situation.raft.term

    @property
    def round(self) -> int:
        return self.plain.situation.raft._state.leading.lease.round

    def words(self) -> tuple[int, int]:
        """What io goes by: `lease_until_ns`, `replicated_scan`."""
        return int(self.control.control.lease_until_ns), int(self.control.control.replicated_scan)

    def _share(self) -> None:
        places = {"app_size": self.size, "quality_offset": self.size, "stamp_offset": self.size}
        layout = lay_out(TagTable([]), Bindings({}, ()), **places, app_hash="tested")
        self.control, self.image = ControlSegment.create(), ImageSegment.create(layout)
        self.bell, self.io_bell = (os.eventfd(0, os.EFD_NONBLOCK) for _ in range(2))
        self.memory = SharedMemory(self.control, self.image, 1, io_bell_fd=self.io_bell)
        self.snapshots = ChannelEnd(self.image, layout.snapshots)

    def _connect(self) -> None:
        ports = {name: _two_ports() for name in "abw"}
        ends = {n: Endpoints(f"tcp://127.0.0.1:{p}", f"tcp://127.0.0.1:{p + 1}") for n, p in ports.items()}
        peers = {n: Peer(ends[n], new_keys().public) for n in "bw"}
        self.post = Post("a", ends["a"], new_keys(), peers)
        self.post.watch(self.bell, often=True)
        assert self.post.receive(0) == []
        self.far = {n: QuickLane(n, ends[n].urgent, ("a",)) for n in "bw"}
        for name, lane in self.far.items():
            meet(self.post.quick, lane, "a", name)

    def _meet_state(self) -> None:
        """The standby has the state as it is in shared memory, before the two cores go ways of their own."""
        self.control.control.active_term = self.term
        self._publish(also=False)
        said = self._said_by(self.plain.scanned(self.term, self._state(), self.now_ns))
        for message in decode(said[0]):
            told = message_of(message) if isinstance(message, Parcel) else message
            if isinstance(told, Frame):
                self.ack, newer = self.standby.take(told)
                assert newer
        for content in (self.answer_of_witness(), self.answer_of_standby()):
            self.take(content)

    def _publish(self, *, also: bool = True) -> None:
        for at, value in ((SCAN_NO, self.scan_no), (NOW_NS, self.now_ns), (APPLIED_INDEX, self.applied)):
            struct.pack_into("<q", self.content, at, value)
        self.snapshots.buffer[:] = self.content
        if also:
            self.snapshots.publish()

    def _state(self) -> State:
        memory = bytes(self.content)
        return State(scan_no=self.scan_no, plc_now_ns=self.now_ns, applied_index=self.applied, memory=memory)

    def _said_by(self, effects: Effects) -> tuple[bytes, bytes]:
        said: dict[str, list[bytes]] = {"b": [], "w": []}
        for message in effects.stream:
            said["b"].append(part_of(parcel_of(message, source="a", target="b")))
        for ready in effects.readies:
            for beat in ready.send:
                assert isinstance(beat, Heartbeat)
                said[beat.target].append(part_of(beat))
        return content_of("a", "b", said["b"]), content_of("a", "w", said["w"])


def differences(one: object, other: object, at: str = "core") -> list[str]:
    """Where two values that are made of dataclasses are not the same."""
    if type(one) is not type(other):
        return [f"{at}: {one!r} and {other!r}"]
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [text for key in one for text in differences(one[key], other[key], f"{at}[{key!r}]")]
    names = _names(one)
    if not names:
        return [] if one == other else [f"{at}: {one!r} and {other!r}"]
    found = []
    for name in names:
        if name not in KEPT_ONLY_BY_THE_CORE:
            found += differences(getattr(one, name), getattr(other, name), f"{at}.{name}")
    return found


def meet(one: QuickLane, other: QuickLane, name: str, other_name: str) -> None:
    """Open the way between two lanes of this machine."""
    long_ago = -(1 << 60)
    hellos = {n: lane._ways[p] for n, lane, p in ((name, one, other_name), (other_name, other, name))}
    for way in hellos.values():
        way.asked_ns = long_ago
    to_other, to_one = one.hello(other_name, 0), other.hello(name, 0)
    other.meet(name, "127.0.0.1", to_other)
    one.meet(other_name, "127.0.0.1", to_one)
    for way in hellos.values():
        way.asked_ns = long_ago
    one.hello(other_name, 0)
    for lane, peer in ((other, name), (one, other_name)):  # the probe, and its answer
        ready, _, _ = select.select([lane.fd(peer)], [], [], GIVE_UP_S)
        assert ready
        assert lane.receive(peer, 4) == []
    assert one.is_open(other_name)
    assert other.is_open(name)


def _names(value: object) -> list[str]:
    if isinstance(value, Enum | type):
        return []
    if is_dataclass(value):
        return [field.name for field in fields(value)]
    return list(vars(value)) if type(value).__module__.startswith("runtime.") and hasattr(value, "__dict__") else []


@cache
def _code() -> NativeCode:
    return exchange_code(None)


def _settled() -> Group:
    group = Group()
    group.run(400)
    while group.members["a"].steady() is None:
        group.run(1)
    return group


def _two_ports() -> int:
    """The first of two."""
    first = free_port()
    free_port()
    return first
