"""The loop of one member: messages, time and what is durable go into its core, what comes out is carried out.

The core is `raft.core.Raft`, or anything that wraps it and is driven by the same calls. What these return is the
business of `carry_out`, which hands every `Ready` in it to `MemberLoop.give`, in order.

Three threads: this loop's, which nothing but the processor may keep from the next heartbeat; the disk's (disk/writer);
and ZeroMQ's. Other threads reach the core through `call`.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeVar

from runtime.core.fault import ClusterFault
from runtime.raft.message import Message
from runtime.raft.ready import Persist, Ready

CALLS_MAX = 1024
"""Calls of other threads that wait for their turn; each of them waits for an answer, so there are few."""
REST_NS = 10_000_000
"""So long a core that may not stand for election is left alone between ticks: its time-out is over all the while."""
_MS = 1_000_000

Outcome = TypeVar("Outcome", covariant=True)


class Core(Protocol[Outcome]):
    """A member without I/O (raft/core.py); `now_ns` never goes back."""

    @property
    def due_ns(self) -> int:
        """From when on `tick` has something to do."""
        ...

    @property
    def limit_ns(self) -> int:
        """When `tick` must have been called at the latest: what is no hurry waits until the loop is awake anyway."""
        ...

    def step(self, message: Message, now_ns: int) -> Outcome:
        """Take a message."""
        ...

    def tick(self, now_ns: int) -> Outcome:
        """Let time pass."""
        ...

    def persisted(self, number: int, now_ns: int) -> Outcome:
        """Everything up to the write of that number is durable."""
        ...


class Carrier(Protocol):
    """Carries messages (transport/post.py)."""

    def put(self, message: Message) -> None:
        """To be sent before the next wait."""
        ...

    def receive(self, timeout_ms: int) -> list[Message]:
        """What has come, waited for so long at most, or until `wake`."""
        ...

    def wake(self) -> None:
        """End the wait; from any thread."""
        ...


class Disk(Protocol):
    """Makes writes durable, in order, and wakes the carrier once some are (disk/writer.py)."""

    def give(self, persist: Persist) -> None:
        """The next write."""
        ...

    def durable(self) -> int:
        """The number of the newest that is durable; 0 for none. Raises ClusterFault when writing has failed."""
        ...


class MemberLoop:
    """Drives one core. `each_turn` is for what else there is to look at: called after each wait, before messages are
    taken and time passes, so that after a standstill of this process the core knows first what went on meanwhile."""

    def __init__(
        self,
        core: Core[Outcome],
        carry_out: Callable[[Outcome, int], None],
        *,
        carrier: Carrier,
        disk: Disk,
        each_turn: Callable[[int], None] = lambda _: None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._core = core
        self._carry_out = carry_out
        self._carrier = carrier
        self._disk = disk
        self._each_turn = each_turn
        self._clock = clock
        self._calls: deque[Callable[[int], None]] = deque()
        self._given = 0
        self._durable = 0
        self._promises: deque[tuple[int, tuple[Message, ...]]] = deque()
        self._rests_until_ns = 0
        self._stopping = False

    def run(self) -> None:
        """Until `stop`. Raises ClusterFault when the disk fails."""
        while not self._stopping:
            self.turn()

    def stop(self) -> None:
        """Let `run` end after this turn; from any thread, or a signal's handler."""
        self._stopping = True
        self._carrier.wake()

    def call(self, act: Callable[[int], None]) -> None:
        """Do this in the loop's thread, with the time then; from any thread. Raises ClusterFault when too many wait."""
        if len(self._calls) >= CALLS_MAX:
            raise ClusterFault(f"{CALLS_MAX} requests wait for this member", mend="see what keeps its processor busy")
        self._calls.append(act)
        self._carrier.wake()

    def turn(self) -> None:
        """Wait for something to do, and do all there is."""
        wait_ns = max(0, self._not_before_ns(self._core.limit_ns) - self._clock())
        messages = self._carrier.receive(-(-wait_ns // _MS))
        self._each_turn(self._clock())
        for message in messages:
            now_ns = self._clock()
            self._carry_out(self._core.step(message, now_ns), now_ns)
        if self._calls:
            for _ in range(len(self._calls)):
                self._calls.popleft()(self._clock())
        self._look_at_disk()
        now_ns = self._clock()
        if now_ns >= self._not_before_ns(self._core.due_ns):
            self._carry_out(self._core.tick(now_ns), now_ns)
            if self._core.due_ns <= now_ns:
                self._rests_until_ns = now_ns + REST_NS

    def give(self, ready: Ready) -> None:
        """Say, persist, and say what was promised once that is durable (raft/ready.py); `apply` is the caller's."""
        for message in ready.send:
            self._carrier.put(message)
        if ready.persist is not None:
            self._disk.give(ready.persist)
            self._given = ready.persist.number
        if ready.promise:
            self._promises.append((self._given, ready.promise))
            self._keep_promises()

    def _not_before_ns(self, due_ns: int) -> int:
        return max(due_ns, self._rests_until_ns)

    def _look_at_disk(self) -> None:
        durable = self._disk.durable()
        if durable > self._durable:
            self._durable = durable
            self._keep_promises()
            now_ns = self._clock()
            self._carry_out(self._core.persisted(durable, now_ns), now_ns)

    def _keep_promises(self) -> None:
        while self._promises and self._promises[0][0] <= self._durable:
            for message in self._promises.popleft()[1]:
                self._carrier.put(message)
