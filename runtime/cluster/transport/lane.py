"""One way for contents to every other member and from them: a PULL socket of its own, and a PUSH socket to each peer.

Why so:
- *One socket a peer, and one direction a connection*: what waits for a dead peer is in nobody's way, and a member that
  only listens needs no answers to be told of new contents. A ROUTER would let a peer choose its own identity, and drop
  in silence; here the name comes from the key (admission.py).
- *Nothing old piles up.* A content for a peer without a connection is dropped, and counted (ZMQ_IMMEDIATE and no
  waiting). A connection on which bytes go unacknowledged for UNACKNOWLEDGED_MS_MAX (TCP_USER_TIMEOUT), or on which the
  peer says nothing whole for `silent_ms_max`, is given up, with all that waits in it: what a peer hears after an outage
  is new. Until then no more than `queue` contents wait, and a small send buffer. A lane of large contents needs the
  longer `silent_ms_max`: ZeroMQ's own answers wait behind a content, and one that is still arriving is no sign of life.
- *Each lane has a context, so an I/O thread, of its own*: large contents are encrypted in another thread than
  heartbeats, and wait in other buffers.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import zmq

from runtime.cluster.keys import KeyPair
from runtime.cluster.transport.admission import Admission
from runtime.core.fault import ConfigFault

UNACKNOWLEDGED_MS_MAX = 400
"""Longer than an I/O thread is off the processor on a busy machine; short beside the second after which a silent
standby is given up."""
RECONNECT_MS, RECONNECT_MS_MAX, CONNECT_MS_MAX = 50, 200, 200
"""A connection comes back within half a second of its peer; TCP alone would ask again after 1, 3, 7 seconds."""
HANDSHAKE_MS_MAX = 1_000
RECEIVED_MAX = 4_000
"""Contents that wait to be read, from each peer: more than come in ten seconds, in which a loop that stands is ended
from outside. It must not be reached before: libzmq 4.3.5 ends its process when a connection is lost whose reading it
had stopped for this, and a ping is due (`!_io_error` in stream_engine_base.cpp)."""
LISTENING_PING_MS = 5_000
"""Whose peer is gone lets go of the connection then. Nothing waits for that: who speaks asks much more often, and the
connection that it makes anew is another."""
_POLLIN, _POLLOUT = int(zmq.POLLIN), int(zmq.POLLOUT)
"""Numbers: as a flag of an enumeration, each look costs as much as a message."""
CLOSE_MS_MAX = 100
"""For what was said last: that the outputs have ended, so that others need not wait."""


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """`size_max`: bytes of one content; who sends more is cut off. `queue`: contents that wait for one peer.

    `silent_ms_max`: longer than the largest content takes. `ping_ms`: after so long the peer that is spoken to is asked
    whether it is there; at both ends that is as much work as a content. So who listens asks seldom (LISTENING_PING_MS).
    `send_buffer`: bytes that the kernel keeps for one peer, 0 for its own choice.
    """

    size_max: int
    queue: int
    silent_ms_max: int
    ping_ms: int
    send_buffer: int = 0


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """Where a member is reached on this lane, such as `tcp://10.0.0.2:7420`, and its public key (Z85)."""

    endpoint: str
    public_key: str


class Lane:
    """For one thread. `sent`, `dropped`, `received`: contents by peer; `strange`: contents that were no single part.

    File descriptors to wait for, registered once: when `door` can be read `answer` has something to do, when `inbox`
    can `receive` has. They tell of a change and no more (ZMQ_FD): what is not taken then is not told again.
    """

    def __init__(self, endpoint: str, keys: KeyPair, peers: Mapping[str, PeerAddress], settings: LaneSettings) -> None:
        """Bind and begin to connect. Raises ConfigFault when the endpoint cannot be bound."""
        self.sent: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.strange = 0
        self.addresses: dict[str, str] = {}
        """Where each peer spoke from last."""
        self._keys = keys
        self._settings = settings
        self._context = zmq.Context()
        self._admission = Admission(self._context, {peer.public_key: name for name, peer in peers.items()})
        self._pushes = {name: self._push(peer) for name, peer in peers.items()}
        self._pull = self._socket(zmq.PULL)
        self._pull.curve_server = True
        self._pull.heartbeat_ivl = max(LISTENING_PING_MS, settings.ping_ms)
        self._pull.rcvhwm = RECEIVED_MAX
        self._pull.maxmsgsize = settings.size_max
        self.inbox = int(self._pull.get(zmq.FD))
        self.door = int(self._admission.socket.get(zmq.FD))
        try:
            self._pull.bind(endpoint)
        except zmq.ZMQError as fault:
            self.close()
            raise ConfigFault(
                f"the address cannot be listened on: {fault.strerror}",
                where=endpoint,
                mend="give the member an address of this machine and a port that nobody else has",
            ) from fault

    @property
    def refused(self) -> int:
        """How often somebody without a member's key has knocked."""
        return self._admission.refused

    @property
    def holds_more(self) -> bool:
        """Whether `receive` would find something now. Only once it would not does `inbox` tell of what comes."""
        return int(self._pull.get(zmq.EVENTS)) & _POLLIN != 0

    def answer(self) -> None:
        """Let members in, and turn strangers away, who have knocked."""
        self._admission.answer()

    def send(self, peer: str, content: bytes) -> bool:
        """Whether it is on its way; else it was dropped, because the peer is not there or does not listen."""
        assert len(content) <= self._settings.size_max, f"{len(content)} bytes are too many for one content"
        push = self._pushes.get(peer)
        try:
            if push is not None:
                push.send(content, zmq.NOBLOCK)
                self.sent[peer] += 1
                return True
        except zmq.Again:
            pass
        self.dropped[peer] += 1
        return False

    def reaches(self, peer: str) -> bool:
        """Whether there is a connection to it on which it answers, and room for a content: what is pinged every
        `ping_ms` is noticed to be gone within a second."""
        push = self._pushes.get(peer)
        return push is not None and int(push.get(zmq.EVENTS)) & _POLLOUT != 0

    def receive(self, most: int) -> tuple[list[tuple[str, bytes]], bool]:
        """What has come, at most so many: the peer whose key it came with, and the content; and whether there may be
        more. Waits for nothing."""
        found: list[tuple[str, bytes]] = []
        for _ in range(most):
            if not self.holds_more:  # asked before, for an exception at the end of each row costs more than a message
                return found, False
            try:
                part = self._pull.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:  # what was there was the end of a connection
                return found, False
            peer = str(part.get("User-Id"))
            if part.more:
                self._pull.recv_multipart(zmq.NOBLOCK, copy=False)
                self.strange += 1
                continue
            self.received[peer] += 1
            self.addresses[peer] = str(part.get("Peer-Address"))
            found.append((peer, part.bytes))
        return found, True

    def close(self) -> None:
        """Send what is on its way, if that is quick, and let everything go."""
        for socket in (*self._pushes.values(), self._pull):
            socket.close(linger=CLOSE_MS_MAX)
        self._admission.socket.close(linger=0)
        self._context.term()

    def _push(self, peer: PeerAddress) -> "zmq.Socket[bytes]":
        push = self._socket(zmq.PUSH)
        push.curve_serverkey = peer.public_key.encode()
        push.immediate = True
        push.sndhwm = self._settings.queue
        if self._settings.send_buffer:
            push.sndbuf = self._settings.send_buffer
        push.reconnect_ivl, push.reconnect_ivl_max = RECONNECT_MS, RECONNECT_MS_MAX
        push.connect_timeout = CONNECT_MS_MAX
        push.connect(peer.endpoint)
        return push

    def _socket(self, kind: int) -> "zmq.Socket[Any]":
        socket = self._context.socket(kind)
        socket.ipv6 = True
        socket.curve_publickey = self._keys.public.encode()
        socket.curve_secretkey = self._keys.secret.encode()
        socket.heartbeat_ivl, socket.heartbeat_timeout = self._settings.ping_ms, self._settings.silent_ms_max
        socket.heartbeat_ttl = self._settings.silent_ms_max
        socket.tcp_maxrt = UNACKNOWLEDGED_MS_MAX
        socket.handshake_ivl = HANDSHAKE_MS_MAX
        return socket
