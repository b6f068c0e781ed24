"""The leader's exchange after each scan in native code, for as long as its state is steady (pair/steady.py).

In the loop's thread, in place of its wait: what happens meanwhile happens nowhere else. When it ends the core is told
of all that was done, before anything else reaches it.
"""

import ctypes
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from nacl._sodium import ffi, lib

from runtime.cluster.pair.frame import Frame, FrameAck, Need, State
from runtime.cluster.pair.member import PairMember
from runtime.cluster.pair.steady import Steady, Walked
from runtime.cluster.redundancy.exchangeplan import End, ExchangePlan, WayPlan
from runtime.cluster.redundancy.parcels import ACK_SCAN_NO_AT, parcel_of
from runtime.cluster.redundancy.returns import Returns
from runtime.cluster.redundancy.roundtrip import RoundTrips
from runtime.cluster.redundancy.sharedmemory import SharedMemory
from runtime.cluster.transport.codec import PARCEL_CONTENT_AT, content_of, field_at, part_of
from runtime.cluster.transport.post import Post
from runtime.cluster.transport.quicklane import DATAGRAM_MAX, SIZE_MAX, Way
from runtime.core.objectcache import ObjectCache
from runtime.image.layout import DELTA_BLOCK as BLOCK
from runtime.image.nativecode import NativeCode, cached_object_code
from runtime.raft.message import Heartbeat, HeartbeatReply, Message
from runtime.raft.pace import Paced

ANSWER_NS = 2_000_000
"""After so long without the standby's answer the core looks after the lease: a round at 10 ms has 5 ms of it left."""
EARLY_NS = 6_000_000
"""Who is awake for an answer anyway ends that much before the time, rather than wake up once more for it."""
_RUNTIME = Path(__file__).parents[2]
_SOURCES = tuple(
    _RUNTIME / f"{name}.py"
    for name in (
        *(f"cluster/redundancy/{name}" for name in ("exchangecode", "exchangeplan")),
        *("cluster/pair/frame", "cluster/transport/codec", "cluster/transport/quicklane", "raft/message"),
        *(f"image/{name}" for name in ("channelcode", "deltacode", "emit", "layout", "view", "words")),
        "core/appmemory",
    )
)
_POLLIN = 1
_TRIP = struct.Struct("<Qqq")
_NUMBER = 8
"""Bytes of one in an answer that is another each time."""


class Exchange:
    """For the loop's thread."""

    def __init__(
        self,
        member: PairMember,
        post: Post,
        memory: SharedMemory,
        trips: RoundTrips,
        *,
        scan_bell: int,
        code: NativeCode,
    ) -> None:
        self._member = member
        self._post = post
        self._memory = memory
        self._trips = trips
        self._code = code  # kept, for its machine code is called
        self._run: Callable[[int], int] = code.long_function("vs_exchange", ctypes.c_int64, ctypes.c_void_p)
        self._plan = ExchangePlan()
        self._room = _Room(self._plan)
        self._known: tuple[object, ...] = ()
        self.returns = Returns()
        self.is_rung = False
        """A scan has ended, and its bell is read already."""
        plan = self._plan
        plan.polled[:] = (post.seldom_fd, _POLLIN, scan_bell, _POLLIN, 0, _POLLIN)
        plan.scan_bell, plan.io_bell = scan_bell, memory.io_bell_fd & 0xFFFF_FFFF
        plan.answer_ns = ANSWER_NS
        plan.active_term = memory.word_address("active_term")
        plan.lease_word, plan.replicated_word = (memory.word_address(n) for n in ("lease_until_ns", "replicated_scan"))

    def run(self, until_ns: int) -> list[Message] | None:
        """Go on natively until something else is to be done, or it is that late.

        What was said that is for the core; None where the state is not steady.
        """
        if not self.begin(until_ns):
            return None
        return self.end(End(self._run(ctypes.addressof(self._plan))))

    def begin(self, until_ns: int) -> bool:
        """Have all ready for the native code; False where the state is not steady."""
        quick, settings = self._post.quick, self._member.situation.settings
        if self._post.has_unread or not (quick.is_open(settings.other) and quick.is_open(settings.witness)):
            return False
        steady = self._member.steady()
        standby, witness = quick.way(settings.other), quick.way(settings.witness)
        if steady is None or standby is None or witness is None:
            return False
        if len(steady.state.memory) != self._memory.snapshots.place[-1]:
            return False
        self._post.flush()
        self._fill(steady, standby, witness)
        self._plan.until_ns, self._plan.soft_ns = until_ns, until_ns - EARLY_NS
        self.returns.begin()
        return True

    def end(self, end: End) -> list[Message]:
        """The native code has ended: tell the core of what was done. What was said that is for it."""
        settings, plan = self._member.situation.settings, self._plan
        self.returns.end(end, scans=plan.scans)
        standby, witness = (self._post.quick.way(peer) for peer in (settings.other, settings.witness))
        assert standby is not None
        assert witness is not None
        self._catch_up(standby, witness)
        self.is_rung = end is End.SCAN
        if end not in (End.STANDBY_SAID, End.WITNESS_SAID):
            return []
        peer = settings.other if end is End.STANDBY_SAID else settings.witness
        return self._post.said(peer, ctypes.string_at(plan.received, plan.received_size))

    def _fill(self, steady: Steady, standby: Way, witness: Way) -> None:
        plan, pace, state = self._plan, steady.pace, steady.state
        place = self._memory.snapshots.place
        known = (steady.term, steady.life, steady.version, state.applied_index, pace.commit, place)
        if known != self._known:
            self._known = known
            self._room.fit(place)
            self._write_contents(steady)
            plan.term, plan.applied_index = steady.term, state.applied_index
            times = self._member.situation.settings.raft.times
            plan.heartbeat_ns, plan.lease_ns = times.heartbeat_ns, times.lease_ns
        for way, of in ((standby, plan.standby), (witness, plan.witness)):
            _take_way(way, of)
        plan.polled[4] = plan.standby.fd
        plan.number = self._memory.snapshots.number
        if self._room.held is not state:
            ctypes.memmove(plan.before, state.memory, len(state.memory))
            self._room.held = state
        plan.scan_no = plan.replicated = state.scan_no
        plan.round, plan.sent_ns, plan.sent_before_ns = pace.round, pace.sent_ns, pace.sent_ns
        plan.heartbeat_due_ns, plan.lease_until_ns = pace.heartbeat_due_ns, pace.lease_until_ns
        plan.is_under_way = plan.scans = plan.answered = 0

    def _write_contents(self, steady: Steady) -> None:
        """All that stays as it is from scan to scan."""
        plan, settings, term = self._plan, self._member.situation.settings, steady.term
        name, other, witness = settings.name, settings.other, settings.witness
        frame = Frame(
            term=term,
            scan_no=0,
            base_scan=0,
            plc_now_ns=0,
            applied_index=steady.state.applied_index,
            size=len(steady.state.memory),
            memory_sum=0,
            version=steady.version,
            life=steady.life,
            body=b"",
        )
        beat = part_of(Heartbeat(source=name, target=other, term=term, round=0, commit=steady.pace.commit))
        parcel = part_of(parcel_of(frame, source=name, target=other))
        reply = part_of(HeartbeatReply(source=other, target=name, term=term, round=0))
        ack = FrameAck(term=term, scan_no=0, need=Need.NOTHING, life=steady.life)
        acked = part_of(parcel_of(ack, source=other, target=name))
        head = len(content_of(name, other, []))
        plan.head_size = head
        _write(plan.content, content_of(name, other, [parcel]))
        _write(plan.heartbeat, beat)
        plan.beat_size = _write(plan.beat, content_of(name, witness, [beat]))
        head = len(content_of(other, name, []))
        standby = plan.standby
        standby.answer_size = _write(standby.answer, content_of(other, name, [acked, reply]))
        standby.scan_at = head + PARCEL_CONTENT_AT + ACK_SCAN_NO_AT
        standby.round_at = head + len(acked) + field_at(HeartbeatReply, "round")
        standby.first_size, standby.second_at = standby.scan_at, standby.scan_at + _NUMBER
        standby.second_size = standby.round_at - standby.second_at
        head, last = len(content_of(witness, name, [])), plan.witness
        last.answer_size = _write(last.answer, content_of(witness, name, [reply]))
        last.round_at = last.first_size = head + field_at(HeartbeatReply, "round")

    def _catch_up(self, standby: Way, witness: Way) -> None:
        plan, settings = self._plan, self._member.situation.settings
        state: State | None = None
        if plan.scans:
            memory = ctypes.string_at(plan.before, plan.size)
            state = self._room.held = self._memory.took(plan.number, memory)
        rounds = [(plan.round - 1, plan.sent_before_ns), (plan.round, plan.sent_ns)] if plan.scans else []
        ways = ((settings.other, standby, plan.standby), (settings.witness, witness, plan.witness))
        heard = {name: (of.round, of.heard_ns) for name, _, of in ways if of.received}
        trips = tuple(_TRIP.iter_unpack(ctypes.string_at(ctypes.addressof(plan.trips), _TRIP.size * plan.scans)))
        right = self._member.catch_up(
            Walked(
                state=state,
                sent_ns=plan.sent_ns,
                is_under_way=bool(plan.is_under_way),
                replicated=plan.replicated,
                answered=plan.answered,
                answered_ns=max((answered_ns for _, _, answered_ns in trips), default=0),
                paced=Paced(rounds, plan.heartbeat_due_ns, heard),
            )
        )
        self._memory.was_given(lease_until_ns=plan.lease_until_ns, replicated_scan=plan.replicated)
        self._memory.give(right)  # the same, or a longer lease, by an answer to a round before the newest
        quick = self._post.quick
        for name, way, of in ways:
            way.count_out, way.count_in, way.unanswered = of.count_out, of.count_in, of.unanswered
            quick.sent[name] += of.sent
            quick.received[name] += of.received
        quick.refused, plan.refused = quick.refused + plan.refused, 0
        for scan_no, sent_ns, answered_ns in trips:
            if answered_ns:
                self._trips.took(answered_ns - sent_ns)
            else:
                self._trips.sent(scan_no, sent_ns)


class _Room:
    """The buffers that a plan points at. `held`: the state in `before`."""

    def __init__(self, plan: ExchangePlan) -> None:
        self._plan = plan
        self.held: State | None = None
        table = b"".join(_crc_row(row).to_bytes(4, "little") for row in range(256))
        self._small = {
            "content": _buffer(SIZE_MAX),
            "heartbeat": _buffer(SIZE_MAX),
            "beat": _buffer(SIZE_MAX),
            "datagram": _buffer(DATAGRAM_MAX + 1),
            "received": _buffer(DATAGRAM_MAX + 1),
            "crc_table": ctypes.create_string_buffer(table, len(table)),
        }
        self._answers = [_buffer(SIZE_MAX) for _ in range(2)]
        self._states: tuple[object, ...] = ()
        for name, room in self._small.items():
            setattr(plan, name, ctypes.addressof(room))
        for way, room in zip((plan.standby, plan.witness), self._answers, strict=True):
            way.answer = ctypes.addressof(room)
        plan.seal = _address("encrypt")
        plan.open = _address("decrypt")

    def fit(self, place: tuple[int, int, int, int]) -> None:
        """Have room for two states of the snapshots at that place (`ChannelEnd.place`)."""
        plan = self._plan
        plan.channel, plan.slots, plan.stride, plan.size = place
        plan.blocks = plan.size // BLOCK
        states = _buffer(plan.size), _buffer(plan.size), _buffer(4 * plan.blocks + 8), _buffer(plan.size + BLOCK)
        self._states, self.held = states, None
        plan.before, plan.after, plan.places, plan.contents = (ctypes.addressof(room) for room in states)


def exchange_code(kept: ObjectCache | None) -> NativeCode:
    """Compiled, or as it was kept."""
    return NativeCode(cached_object_code(kept, _SOURCES, _written))


def _written() -> str:
    from runtime.cluster.redundancy.exchangecode import write_exchange

    return write_exchange()


def _take_way(way: Way, of: WayPlan) -> None:
    if of.session != way.session or of.far_session != way.far_session:
        ctypes.memmove(of.key_out, way.key_out, len(way.key_out))
        ctypes.memmove(of.key_in, way.key_in, len(way.key_in))
        of.fd, of.session, of.far_session = way.socket.fileno(), way.session, way.far_session
    of.count_out, of.count_in, of.unanswered = way.count_out, way.count_in, way.unanswered
    of.sent = of.received = of.round = of.heard_ns = 0


def _write(at: int, content: bytes) -> int:
    ctypes.memmove(at, content, len(content))
    return len(content)


def _buffer(size: int) -> "ctypes.Array[ctypes.c_char]":
    return ctypes.create_string_buffer(max(size, 8))


def _crc_row(row: int) -> int:
    """Of the table by which zlib.crc32 goes on a byte."""
    return zlib.crc32(bytes((row,)), 0xFFFF_FFFF) ^ 0xFFFF_FFFF


@cache
def _address(what: str) -> int:
    """Of libsodium's function."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, f"crypto_aead_chacha20poly1305_ietf_{what}")))
