"""Clients that give commands, one after the other and again until they are told that it is done; and their history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pairbook import Broken
from pairnet import Network
from pairtime import MS, Events, Process

ANSWER_NS = 40 * MS
"""How long a client waits before it takes the outcome for unknown and asks again."""
THINK_NS = 50 * MS


@dataclass(frozen=True, slots=True)
class Submit:
    """From a client to a controller."""

    client: str
    seq: int
    body: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`index`: its place in the log, 0 if this controller does not take it."""

    seq: int
    index: int


@dataclass(slots=True)
class Operation:
    """One command as its client saw it; not answered is unknown."""

    client: int
    seq: int
    invoked_ns: int
    answered_ns: int | None = None
    index: int = 0


@dataclass(slots=True)
class History:
    """All operations of all clients."""

    operations: list[Operation] = field(default_factory=list)

    def check(self, order: list[tuple[int, int]]) -> None:
        """Whether the commands in the order of the log are one history as all clients saw it. Raises Broken.

        Each command has one place, so it is linearizable iff no two share one, every answered one has it, and none
        stands before one that was answered before it was invoked (M. Herlihy, J. Wing, "Linearizability", 1990).
        """
        place = {command: at for at, command in enumerate(order)}
        if len(place) != len(order):
            raise Broken(f"a command stands in the log's order twice: {order}")
        answered_last = -1
        events = [(o.invoked_ns, 1, o) for o in self.operations]
        events += [(o.answered_ns, 0, o) for o in self.operations if o.answered_ns is not None]
        for _, invoked, operation in sorted(events, key=lambda e: e[:2]):
            at = place.get((operation.client, operation.seq))
            if invoked:
                if at is not None and at < answered_last:
                    raise Broken(f"{operation} has place {at}, before one answered before it was invoked")
            elif at is None:
                raise Broken(f"{operation} was answered, but is in no history")
            else:
                answered_last = max(answered_last, at)


class Client:
    """One client. `targets`: the controllers, of which it asks another whenever one does not answer."""

    def __init__(
        self,
        number: int,
        targets: Sequence[str],
        *,
        events: Events,
        network: Network,
        random: Random,
        history: History,
    ) -> None:
        self.name = f"client {number}"
        self.process = Process(self.name, runs=True)
        self.resting = False
        self._number, self._targets = number, targets
        self._events, self._network, self._random, self._history = events, network, random, history
        self._at = number % len(targets)
        self._now: Operation | None = None
        self._seq = 0
        self._attempt = 0
        network.register(self.name, self.process, self._answered)
        events.after(int(THINK_NS * random.random()), self.process, self._invoke)

    @property
    def waits(self) -> bool:
        """Whether a command of its is not answered yet."""
        return self._now is not None

    def _invoke(self) -> None:
        if self.resting:
            return
        self._seq += 1
        self._now = Operation(self._number, self._seq, self._events.now_ns)
        self._history.operations.append(self._now)
        self._ask()

    def _ask(self) -> None:
        assert self._now is not None
        self._attempt += 1
        body = self._number * 65_536 + self._seq
        self._network.send(self.name, self._targets[self._at], Submit(self.name, self._seq, body))
        self._events.after(ANSWER_NS, self.process, self._ask_again, self._attempt)

    def _ask_again(self, attempt: int) -> None:
        if self._now is not None and attempt == self._attempt:
            self._at = (self._at + 1) % len(self._targets)
            self._ask()

    def _answered(self, answer: Any) -> None:
        now = self._now
        if now is None or answer.seq != now.seq:
            return
        if not answer.index:
            self._attempt += 1
            self._events.after(2 * MS, self.process, self._ask_again, self._attempt)
            return
        now.answered_ns, now.index, self._now = self._events.now_ns, answer.index, None
        if not self.resting:
            self._events.after(int(THINK_NS * 2 * self._random.random()), self.process, self._invoke)
