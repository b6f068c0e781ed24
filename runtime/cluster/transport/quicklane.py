"""The quick lane: what is said anew with each scan, as sealed datagrams, without a thread or a connection between.

A content of a lane (lane.py) wakes an I/O thread at both ends, which costs more than the content. Here the thread that
has something to say seals it and hands it to the kernel, and the one that waits for it opens it. A datagram may be
lost, late or doubled, as any network might: so only what is said again soon goes this way, and where no answers come
(`UNANSWERED_MAX`) the urgent lane takes it over until a probe is answered.

Each member has a socket for each peer, at the urgent lane's port and the next one, in order of the peers' names.

Keys. Both ends tell each other a fresh secret in a *hello*, over the urgent lane, whose CURVE says who speaks. From
both follows a key for each direction, so that no key outlives either process. Datagrams are sealed with
ChaCha20-Poly1305 (RFC 8439); the nonce is the sender's count, which never goes back in its life, and the receiver takes
each number once and none older than the last.

A datagram: session (8 bytes, which the receiver has chosen), count (8), sealed content with its tag; little-endian.
"""

import hashlib
import os
import socket
import struct
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nacl.bindings import (
    crypto_aead_chacha20poly1305_ietf_decrypt,
    crypto_aead_chacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from runtime.core.fault import ConfigFault

SIZE_MAX = 16 * 1024
"""Bytes of a content; larger ones would fill the kernel's room for a peer that is off the processor for a moment."""
UNANSWERED_MAX = 2
"""Contents in a row without a word from the peer; then the urgent lane takes over. A lease lasts for little more."""
ASK_AGAIN_NS = 200_000_000
"""From one hello or probe to the next, where none was answered."""
SECRETS_MAX = 64
"""Of former lives of a peer, which are not gone back to: what an old connection still holds comes within seconds."""
HEAD = struct.Struct("<QQ")
TAG_SIZE = 16
DATAGRAM_MAX = HEAD.size + SIZE_MAX + TAG_SIZE
_HELLO = struct.Struct("<32sQH")
_PROBE, _ANSWER = b"\0", b"\1"
"""In place of a content, which begins with another number: the version of the protocol (codec.py)."""
COUNT_MAX = 1 << 62


@dataclass(slots=True)
class Way:
    """To one peer. `unanswered`: contents since the last word from it; as many as UNANSWERED_MAX: the way is shut."""

    socket: socket.socket
    port: int
    secret: bytes
    session: int
    told: bytes = b""
    """The peer's secret."""
    far_session: int = 0
    key_out: bytes = b""
    key_in: bytes = b""
    count_out: int = 0
    count_in: int = 0
    unanswered: int = UNANSWERED_MAX
    asked_ns: int = 0
    seen: deque[bytes] = field(default_factory=lambda: deque(maxlen=SECRETS_MAX))


class QuickLane:
    """For one thread. `received`, `sent`: contents by peer; `refused`: datagrams that are none of a peer's."""

    def __init__(self, name: str, endpoint: str, peers: Sequence[str]) -> None:
        """`endpoint`: of the urgent lane. Raises ConfigFault when an address cannot be had."""
        self.sent: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.refused = 0
        self._name = name
        self._ways: dict[str, Way] = {}
        at = urlsplit(endpoint)
        assert at.hostname is not None
        assert at.port is not None
        for place, peer in enumerate(sorted(peers)):
            try:
                self._ways[peer] = self._bound(at.hostname, at.port + place)
            except OSError as fault:
                self.close()
                raise ConfigFault(
                    f"the address cannot be listened on for datagrams: {fault.strerror}",
                    where=f"{at.hostname}, UDP port {at.port + place}",
                    mend="give the member an address of this machine and two ports, TCP and UDP, that nobody else has",
                ) from fault
        self._room = bytearray(DATAGRAM_MAX + 1)

    def fd(self, peer: str) -> int:
        """To wait for: something from that peer can be received."""
        return self._ways[peer].socket.fileno()

    @property
    def peers(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._ways)

    def way(self, peer: str) -> Way | None:
        """All there is of the way to a peer, for who sends and receives there in this lane's stead for a while."""
        return self._ways.get(peer)

    def is_open(self, peer: str) -> bool:
        """Whether contents go this way now."""
        way = self._ways.get(peer)
        return way is not None and way.unanswered < UNANSWERED_MAX

    def send(self, peer: str, content: bytes) -> bool:
        """Whether it is on its way; else it wants another lane."""
        way = self._ways.get(peer)
        if way is None or way.unanswered >= UNANSWERED_MAX or len(content) > SIZE_MAX:
            return False
        way.unanswered += 1
        self.sent[peer] += 1
        return _send(way, content)

    def hello(self, peer: str, now_ns: int) -> bytes:
        """What is to be told the peer over the urgent lane, now that the way is shut; empty while an answer is still
        waited for. Probes the way, too, where keys are there."""
        way = self._ways.get(peer)
        if way is None or now_ns - way.asked_ns < ASK_AGAIN_NS:
            return b""
        way.asked_ns = now_ns
        if way.key_out:
            _send(way, _PROBE)
        return _HELLO.pack(way.secret, way.session, way.port)

    def meet(self, peer: str, address: str, hello: bytes) -> bool:
        """Take the peer's hello, which came from that address; whether it is to be told ours, since it is new."""
        way = self._ways.get(peer)
        if way is None or len(hello) != _HELLO.size:
            self.refused += 1
            return False
        secret, session, port = _HELLO.unpack(hello)
        if secret == way.told or secret in way.seen:
            return False
        try:
            way.socket.connect((address.removeprefix("::ffff:"), port))
        except (OSError, ValueError):
            return False  # not reached by datagrams
        way.seen.append(secret)
        way.told, way.far_session = secret, session
        way.key_out = _key(way.secret, secret, self._name, peer)
        way.key_in = _key(secret, way.secret, peer, self._name)
        way.count_in, way.unanswered, way.asked_ns = 0, UNANSWERED_MAX, 0
        return True

    def receive(self, peer: str, most: int) -> list[bytes]:
        """What has come from the peer, at most so many. Waits for nothing."""
        way, found = self._ways[peer], []
        for _ in range(most):
            try:
                size = way.socket.recv_into(self._room)
            except BlockingIOError:
                break
            except OSError:  # the kernel tells of something sent before that it did not arrive
                continue
            content = self._opened(way, size)
            if content is None:
                self.refused += 1
                continue
            if self.said(peer, content):
                found.append(content)
        return found

    def said(self, peer: str, content: bytes) -> bool:
        """The peer has said this; whether it is a content and no probe."""
        way = self._ways[peer]
        way.unanswered = 0
        if content == _PROBE:
            _send(way, _ANSWER)
        is_content = content not in (_PROBE, _ANSWER)
        self.received[peer] += is_content
        return is_content

    def close(self) -> None:
        """Let everything go."""
        for way in self._ways.values():
            way.socket.close()

    def _opened(self, way: Way, size: int) -> bytes | None:
        if not HEAD.size + TAG_SIZE <= size <= DATAGRAM_MAX or not way.key_in:
            return None
        session, count = HEAD.unpack_from(self._room)
        if session != way.session or not way.count_in < count <= COUNT_MAX:
            return None
        sealed = bytes(memoryview(self._room)[HEAD.size : size])
        try:
            content: bytes = crypto_aead_chacha20poly1305_ietf_decrypt(sealed, None, nonce(count), way.key_in)
        except CryptoError:
            return None
        way.count_in = count
        return content

    def _bound(self, host: str, port: int) -> Way:
        of = socket.AF_INET6 if ":" in host else socket.AF_INET
        end = socket.socket(of, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            end.bind((host, port))
        except OSError:
            end.close()
            raise
        return Way(end, port, os.urandom(32), int.from_bytes(os.urandom(8), "little"))


def nonce(count: int) -> bytes:
    """Of the datagram of that count."""
    return count.to_bytes(12, "little")


def _send(way: Way, content: bytes) -> bool:
    way.count_out += 1
    sealed = crypto_aead_chacha20poly1305_ietf_encrypt(content, None, nonce(way.count_out), way.key_out)
    try:
        way.socket.send(HEAD.pack(way.far_session, way.count_out) + sealed)
    except OSError:  # no room, or nobody there: lost, as any datagram may be
        return False
    return True


def _key(speaker: bytes, listener: bytes, source: str, target: str) -> bytes:
    """Of one direction."""
    names = source.encode() + b"\0" + target.encode()
    return hashlib.blake2b(listener + names, digest_size=32, key=speaker, person=b"voltscan quick").digest()
