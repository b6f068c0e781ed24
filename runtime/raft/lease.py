"""Until when a leader may drive outputs: from heartbeat rounds that a majority acknowledged (times.py).

The lease counts from the *sending* of a round, never from its acknowledgements, which may have been long under way.
"""

from dataclasses import dataclass, field

from runtime.raft.configuration import Configuration

ROUNDS_MAX = 64
"""Rounds whose sending is remembered; a lease is over long before so many are under way."""


@dataclass(slots=True)
class Lease:
    """One leader's, in one term. `withdrawn`: given up; `until_ns` 0 is no lease."""

    length_ns: int
    round: int = 0
    until_ns: int = 0
    withdrawn: bool = False
    _sent_ns: dict[int, int] = field(default_factory=dict)

    def begin_round(self, now_ns: int) -> int:
        """The number of the round that is sent now."""
        self.round += 1
        self._sent_ns[self.round] = now_ns
        self._sent_ns.pop(self.round - ROUNDS_MAX, None)
        return self.round

    def acknowledged(self, configuration: Configuration, reached: dict[str, int]) -> None:
        """`reached`: the highest round that each member has acknowledged, the leader itself included."""
        sent_ns = self._sent_ns.get(configuration.agreed(reached))
        if sent_ns is not None and not self.withdrawn:
            self.until_ns = max(self.until_ns, sent_ns + self.length_ns)

    def sent_ns(self, number: int) -> int | None:
        """When that round was sent; None where it is not remembered."""
        return self._sent_ns.get(number)

    def went_on(self, number: int, sent_ns: int) -> None:
        """That round was sent then, by another hand."""
        self.round = max(self.round, number)
        self._sent_ns[number] = sent_ns
        while len(self._sent_ns) > ROUNDS_MAX:
            del self._sent_ns[next(iter(self._sent_ns))]

    def withdraw(self) -> None:
        """Give it up, at once."""
        self.withdrawn = True
        self.until_ns = 0

    def restore(self) -> None:
        """Take it up again; only what is sent from now on counts."""
        self.withdrawn = False
        self._sent_ns.clear()
