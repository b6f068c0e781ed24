"""Tells people what has changed for a member: whom it follows, who takes part, who is silent. Each change once."""

from collections.abc import Callable, Sequence

from runtime.cluster.transport.post import Post
from runtime.raft.configuration import Configuration
from runtime.raft.core import Raft
from runtime.raft.state import Role

SILENT_NS = 1_000_000_000
"""Without a word or a connection for so long, somebody is called silent. A healthy standby has nothing to say to a
witness."""
LOOK_EVERY_NS = 50_000_000
STRANGERS_EVERY_NS = 60_000_000_000
"""Who knocks without a member's key is told once a minute, with how often it was."""


class MemberWatch:
    """Look with every turn of the loop; `log` gets a line for each change."""

    def __init__(self, peers: Sequence[str], log: Callable[[str], None], now_ns: int) -> None:
        self._log = log
        self._heard_ns = dict.fromkeys(peers, now_ns)
        self._received = dict.fromkeys(peers, 0)
        self._silent: set[str] = set()
        self._followed: tuple[str, int] | None = None
        self._configuration: Configuration | None = None
        self._refusals = 0
        self._looked_ns = self._refused_ns = 0
        self.situation = "starts"

    def look(self, raft: Raft, post: Post, now_ns: int) -> None:
        """Tell what is not as it was."""
        if now_ns - self._looked_ns < LOOK_EVERY_NS:
            return
        self._looked_ns = now_ns
        self._look_at_leader(raft)
        if raft.configuration != self._configuration:
            self._configuration = raft.configuration
            self._log(f"takes part: {_members(raft.configuration)}")
        for peer, before in self._received.items():
            received = post.received(peer)
            self._received[peer] = received
            self._look_at_peer(peer, heard=received > before or post.reaches(peer), now_ns=now_ns)
        self._look_at_refusals(post, now_ns)

    def _look_at_leader(self, raft: Raft) -> None:
        followed = (raft.leader, raft.term if raft.leader else 0)
        if followed == self._followed:
            return
        self._followed = followed
        if raft.role is Role.LEADER:
            self.situation = f"leads in term {raft.term}"
        elif raft.leader:
            self.situation = f"follows {raft.leader} in term {raft.term}"
        else:
            self.situation = f"knows no leader, term {raft.term}"
        self._log(self.situation)

    def _look_at_peer(self, peer: str, *, heard: bool, now_ns: int) -> None:
        if heard:
            self._heard_ns[peer] = now_ns
            if peer in self._silent:
                self._silent.discard(peer)
                self._log(f"{peer} is heard again")
        elif now_ns - self._heard_ns[peer] >= SILENT_NS and peer not in self._silent:
            self._silent.add(peer)
            self._log(f"{peer} is silent")

    def _look_at_refusals(self, post: Post, now_ns: int) -> None:
        count = post.strangers + post.refusals.total()
        if count == self._refusals or now_ns - self._refused_ns < STRANGERS_EVERY_NS:
            return
        why = ", ".join(f"{why}: {often}" for why, often in sorted(post.refusals.items()))
        self._log(f"refused so far: connections without a member's key: {post.strangers}; messages: {why or 'none'}")
        self._refusals, self._refused_ns = count, now_ns


def _members(configuration: Configuration) -> str:
    roles = (
        ("controllers", configuration.controllers),
        ("witnesses", configuration.witnesses),
        ("learners", configuration.learners),
    )
    return "; ".join(f"{role} {', '.join(names)}" for role, names in roles if names) or "nobody yet"
