"""A member's messages out and in: encoded, on the lane that suits them, and checked.

*Urgent* is all that is small: heartbeats and votes, which decide who leads, and what changed of a state in a scan. It
waits for nothing. *Bulk* is what is large (a whole state, a snapshot, a program that is downloaded): ten megabytes take
80 ms at 1 Gbit/s, longer than a lease. Neither Raft nor the state stream needs an order between the two.

What is said to one member between two waits goes as one content, just before the second: a heartbeat and the state
after a scan, and their answers.
"""

import os
import select
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.cluster.encoding import Malformed
from runtime.cluster.keys import KeyPair
from runtime.cluster.transport.codec import OtherVersion, content_of, decode, part_of
from runtime.cluster.transport.lane import Lane, LaneSettings, PeerAddress
from runtime.core.fault import ConfigFault
from runtime.raft.message import Message

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
_URGENT_ONCE, _BULK_ONCE = 64, 4
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

    def __init__(self, name: str, endpoints: Endpoints, keys: KeyPair, peers: Mapping[str, Peer]) -> None:
        """Raises ConfigFault when an endpoint cannot be bound."""
        self.refusals: Counter[str] = Counter()
        self._name = name
        urgent = {n: PeerAddress(p.endpoints.urgent, p.public_key) for n, p in peers.items()}
        bulk = {n: PeerAddress(p.endpoints.bulk, p.public_key) for n, p in peers.items()}
        self.urgent = Lane(endpoints.urgent, keys, urgent, URGENT)
        try:
            self.bulk = Lane(endpoints.bulk, keys, bulk, BULK)
        except ConfigFault:
            self.urgent.close()
            raise
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll = select.epoll()
        lanes = (self.urgent, self.bulk)
        for fd in (self._bell, *(lane.door for lane in lanes), *(lane.inbox for lane in lanes)):
            self.watch(fd)
        self._ready: set[int] = set()
        self._unread: set[int] = {lane.inbox for lane in lanes}
        """Inboxes that may hold more than was taken: their file descriptors tell only of what comes after that."""
        self._said: dict[str, list[bytes]] = {}
        """What is to be sent before the next wait, by target."""

    @property
    def strangers(self) -> int:
        """How often somebody without a member's key has knocked."""
        return self.urgent.refused + self.bulk.refused

    def put(self, message: Message) -> None:
        """To be sent before the next wait; what then is not on its way is dropped, as any network might."""
        self._said.setdefault(message.target, []).append(part_of(message))

    def flush(self) -> None:
        """Send what was put here."""
        said, self._said = self._said, {}
        for target, parts in said.items():
            self._send(target, parts)

    def send(self, message: Message) -> bool:
        """Send it by itself, now; whether it is on its way."""
        return self._send(message.target, [part_of(message)])

    def receive(self, timeout_ms: int) -> list[Message]:
        """What has come; waits so long for something, or until `wake`."""
        if self._said:
            self.flush()
        found = self._epoll.poll(0 if self._unread else timeout_ms / 1000)
        self._ready = ready = {fd for fd, _ in found} | self._unread
        if self._bell in ready:
            os.eventfd_read(self._bell)
        messages: list[Message] = []
        for lane, once in ((self.urgent, _URGENT_ONCE), (self.bulk, _BULK_ONCE)):
            if lane.door in ready:
                lane.answer()
            if lane.inbox in ready:
                contents, is_more = lane.receive(once)
                (self._unread.add if is_more else self._unread.discard)(lane.inbox)
                for peer, content in contents:
                    messages += self._taken(peer, content)
        return messages

    def is_ready(self, *fds: int) -> bool:
        """Whether one of the file descriptors, which are watched, could be read when `receive` last looked."""
        return not self._ready.isdisjoint(fds)

    def watch(self, fd: int) -> None:
        """Let waits end as long as this file descriptor can be read, too; whoever gives it reads it, until closing it.

        The kernel forgets what is closed.
        """
        self._epoll.register(fd, select.EPOLLIN)

    def wake(self) -> None:
        """End a wait in `receive`; from any thread."""
        os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Say what was said last, and let everything go."""
        self.flush()
        self.urgent.close()
        self.bulk.close()
        self._epoll.close()
        os.close(self._bell)

    def _send(self, target: str, parts: list[bytes]) -> bool:
        content = content_of(self._name, target, parts)
        if len(content) <= URGENT_SIZE_MAX:
            return self.urgent.send(target, content)
        if len(parts) == 1:
            return self.bulk.send(target, content)
        sent = [self._send(target, [part]) for part in parts]
        return all(sent)

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
            return messages
        self.refusals["in another's name" if first.source != peer else "for another member"] += 1
        return []
