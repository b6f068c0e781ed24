"""How a member that is new comes to be known: nobody sends to whom no configuration names, so it speaks first.

What it says is the answer to a heartbeat that never was, which binds it to nothing; a leader that hears it adds it.
"""

from collections.abc import Sequence

from runtime.cluster.memberloop import Carrier
from runtime.raft.core import Raft
from runtime.raft.message import HeartbeatReply


class Joining:
    """Look with every turn of the loop: as long as no configuration names `name`, `peers` hear of it."""

    def __init__(self, name: str, peers: Sequence[str], carrier: Carrier, *, every_ns: int) -> None:
        self._name = name
        self._peers = peers
        self._carrier = carrier
        self._every_ns = every_ns
        self._looked_ns = 0

    def look(self, raft: Raft, now_ns: int) -> None:
        """Speak, when it is time."""
        if now_ns - self._looked_ns < self._every_ns:
            return
        self._looked_ns = now_ns
        if self._name in raft.configuration.members:
            return
        for peer in self._peers:
            self._carrier.put(HeartbeatReply(source=self._name, target=peer, term=raft.term, round=0))
