"""A member's messages out and in: encoded, on the lane that suits them, and checked.

*Urgent* is all that is small: heartbeats and votes, which decide who leads, and what changed of a state in a scan. It
waits for nothing. *Bulk* is what is large (a whole state, a snapshot, a program that is downloaded): ten megabytes take
80 ms at 1 Gbit/s, longer than a lease. Neither Raft nor the state stream needs an order between the two.

What is said to one member between two waits goes as one content, just before the second: a heartbeat and the state
after a scan, and their answers. Where all of it is *passing*, said anew with the next scan, it takes the quick lane
(quicklane.py) as long as that is open.

Each content of a lane ends with the *pact*: what all members must have in common, above all the times from which leases
follow. Who has another one is not believed, and no quick lane is opened to it: a leader's lease is safe only as long as
those who acknowledge it keep silent for as long as it takes them to.
"""

import os
import select
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.cluster.encoding import Malformed, small_bytes
from runtime.cluster.keys import KeyPair
from runtime.cluster.transport.codec import VERSION, OtherVersion, Parcel, content_of, decode, part_of
from runtime.cluster.transport.lane import Lane, LaneSettings, PeerAddress
from runtime.cluster.transport.quicklane import QuickLane
from runtime.core.fault import ConfigFault
from runtime.raft.message import Heartbeat, HeartbeatReply, Message

URGENT_SIZE_MAX = 16 * 1024
"""Bytes of a content that others may wait for: 140 us at 1 Gbit/s."""
BULK_SIZE_MAX = 64 * 1024 * 1024
"""Bytes of any message: a snapshot with the programs of a large site."""
CONTENT_SIZE_MAX = BULK_SIZE_MAX - 64 * 1024
"""Bytes of an entry's or a snapshot's content; names of members and the head of a message need less than the rest."""
URGENT = LaneSettings(size_max=URGENT_SIZE_MAX, queue=64, silent_ms_max=800, ping_ms=250, send_buffer=32 * 1024)
BULK = LaneSettings(
    size_max=BULK_SIZE_MAX, queue=16, silent_ms_max=15_000, ping_ms=5_000
)  # the largest, at 100 Mbit/s: 6 s
OTHER_PACT = "other times in its group file"
"""Why messages are refused, in `Post.refusals`."""
HELLO = 0
"""Label of the parcels in which the two ends of a quick lane meet: for nobody but the post."""
_URGENT_ONCE, _BULK_ONCE, _QUICK_ONCE = 64, 4, 16
"""Messages taken in one go, before whoever asks may look at the clock again."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Of one member: where its two lanes listen."""

    urgent: str
    bulk: str


@dataclass(frozen=True, slots=True)
class Peer:
    """Another member."""

    endpoints: Endpoints
    public_key: str


class Post:
    """For one thread, but for `wake`. `refusals`: why what was received was not taken, and how often."""

    def __init__(
        self,
        name: str,
        endpoints: Endpoints,
        keys: KeyPair,
        peers: Mapping[str, Peer],
        *,
        pact: bytes = b"",
        is_quick: bool = True,
    ) -> None:
        """`is_quick`: there is a quick lane. Raises ConfigFault when an endpoint cannot be bound."""
        self.refusals: Counter[str] = Counter()
        self._name = name
        self._pact = pact
        urgent = {n: PeerAddress(p.endpoints.urgent, p.public_key) for n, p in peers.items()}
        bulk = {n: PeerAddress(p.endpoints.bulk, p.public_key) for n, p in peers.items()}
        self.urgent = Lane(endpoints.urgent, keys, urgent, URGENT)
        try:
            self.bulk = Lane(endpoints.bulk, keys, bulk, BULK)
        except ConfigFault:
            self.urgent.close()
            raise
        try:
            self.quick = QuickLane(name, endpoints.urgent, tuple(peers) if is_quick else ())
        except ConfigFault:
            self.urgent.close()
            self.bulk.close()
            raise
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll, self._seldom = select.epoll(), select.epoll()
        lanes = (self.urgent, self.bulk)
        for fd in (self._bell, *(lane.door for lane in lanes), *(lane.inbox for lane in lanes)):
            self.watch(fd)
        for fd in (self._seldom.fileno(), *map(self.quick.fd, self.quick.peers)):
            self.watch(fd, often=True)
        self._ready: set[int] = set()
        self._unread: set[int] = {lane.inbox for lane in lanes}
        """Inboxes that may hold more than was taken: their file descriptors tell only of what comes after that."""
        self._said: dict[str, list[bytes]] = {}
        """What is to be sent before the next wait, by target."""
        self._lasting: set[str] = set()
        """Targets to whom something is to be said that is not said anew soon."""

    @property
    def strangers(self) -> int:
        """How often somebody without a member's key has knocked."""
        return self.urgent.refused + self.bulk.refused

    def received(self, peer: str) -> int:
        """Contents that have come from a member, on whatever lane."""
        return self.urgent.received[peer] + self.bulk.received[peer] + self.quick.received[peer]

    def reaches(self, peer: str) -> bool:
        """Whether it answers on the lane for what is urgent, also where nobody has anything to say."""
        return self.urgent.reaches(peer)

    def put(self, message: Message, *, passing: bool = False) -> None:
        """To be sent before the next wait; what then is not on its way is dropped, as any network might.

        `passing`: something newer is said with the next scan, as after each heartbeat.
        """
        if not passing and not isinstance(message, Heartbeat | HeartbeatReply):
            self._lasting.add(message.target)
        self._said.setdefault(message.target, []).append(part_of(message))

    def flush(self) -> None:
        """Send what was put here."""
        said, self._said = self._said, {}
        lasting, self._lasting = self._lasting, set()
        for target, parts in said.items():
            if target in lasting or not self._send_quickly(target, parts):
                self._send(target, parts)

    def send(self, message: Message) -> bool:
        """Send it by itself, now; whether it is on its way."""
        return self._send(message.target, [part_of(message)])

    def receive(self, timeout_ms: int) -> list[Message]:
        """What has come; waits so long for something, or until `wake`."""
        if self._said:
            self.flush()
        self._ready = ready = self._wait(0 if self._unread else timeout_ms / 1000)
        messages: list[Message] = []
        for peer in self.quick.peers:
            if self.quick.fd(peer) in ready:
                for content in self.quick.receive(peer, _QUICK_ONCE):
                    messages += self._taken(peer, content)
        if self._seldom.fileno() not in ready and not self._unread:
            return messages
        if self._bell in ready:
            os.eventfd_read(self._bell)
        for lane, once in ((self.urgent, _URGENT_ONCE), (self.bulk, _BULK_ONCE)):
            if lane.door in ready:
                lane.answer()
            if lane.inbox in ready:
                contents, is_more = lane.receive(once)
                (self._unread.add if is_more else self._unread.discard)(lane.inbox)
                for peer, content in contents:
                    messages += self._taken_with_pact(peer, content)
        return messages

    @property
    def seldom_fd(self) -> int:
        """Can be read when anything can that is not watched as `often`."""
        return self._seldom.fileno()

    @property
    def has_unread(self) -> bool:
        """Something may wait that no file descriptor tells of."""
        return bool(self._unread)

    def said(self, peer: str, content: bytes) -> list[Message]:
        """The messages of what has come from the peer on the quick lane, and was opened in its stead."""
        return self._taken(peer, content) if self.quick.said(peer, content) else []

    def is_ready(self, *fds: int) -> bool:
        """Whether one of the file descriptors, which are watched, could be read when `receive` last looked."""
        return not self._ready.isdisjoint(fds)

    def watch(self, fd: int, *, often: bool = False) -> None:
        """Let waits end as long as this file descriptor can be read, too; whoever gives it reads it, until closing it.

        `often`: with each scan. The kernel forgets what is closed.
        """
        (self._epoll if often else self._seldom).register(fd, select.EPOLLIN)

    def wake(self) -> None:
        """End a wait in `receive`; from any thread."""
        os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Say what was said last, and let everything go."""
        self.flush()
        self.urgent.close()
        self.bulk.close()
        self.quick.close()
        self._epoll.close()
        self._seldom.close()
        os.close(self._bell)

    def _wait(self, timeout_s: float) -> set[int]:
        """What can be read."""
        ready = {fd for fd, _ in self._epoll.poll(timeout_s)}
        if self._seldom.fileno() in ready:
            ready.update(fd for fd, _ in self._seldom.poll(0))
        return ready | self._unread

    def _send_quickly(self, target: str, parts: list[bytes]) -> bool:
        if self.quick.is_open(target) and self.quick.send(target, content_of(self._name, target, parts)):
            return True
        self._say_hello(target, self.quick.hello(target, time.monotonic_ns()))
        return False

    def _say_hello(self, target: str, hello: bytes) -> None:
        if hello:
            self.send(Parcel(source=self._name, target=target, term=0, label=HELLO, content=hello))

    def _meet(self, peer: str, hello: bytes) -> None:
        if self.quick.meet(peer, self.urgent.addresses.get(peer, ""), hello):
            self._say_hello(peer, self.quick.hello(peer, time.monotonic_ns()))

    def _send(self, target: str, parts: list[bytes]) -> bool:
        content = content_of(self._name, target, parts) + self._pact
        if len(content) <= URGENT_SIZE_MAX:
            return self.urgent.send(target, content)
        if len(parts) == 1:
            return self.bulk.send(target, content)
        sent = [self._send(target, [part]) for part in parts]
        return all(sent)

    def _taken_with_pact(self, peer: str, content: bytes) -> list[Message]:
        if content[:1] == small_bytes(VERSION) and not content.endswith(self._pact):
            self.refusals[OTHER_PACT] += 1
            return []
        return self._taken(peer, content[: len(content) - len(self._pact)])

    def _taken(self, peer: str, content: bytes) -> list[Message]:
        """The messages of a content that came with that peer's key, unless it is refused."""
        try:
            messages = decode(content)
        except OtherVersion:
            self.refusals["another version"] += 1
            return []
        except Malformed:
            self.refusals["malformed"] += 1
            return []
        first = messages[0]
        if first.source == peer and first.target == self._name:
            if isinstance(first, Parcel) and first.label == HELLO:
                self._meet(peer, first.content)
                return messages[1:]
            return messages
        self.refusals["in another's name" if first.source != peer else "for another member"] += 1
        return []
