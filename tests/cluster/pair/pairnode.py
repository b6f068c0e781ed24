"""What controllers and witness have in common around the core under test: a disk, a network, time; and the witness."""

from typing import Any

from pairchecks import RaftChecks
from pairdisk import Disk
from pairnet import Network
from pairtime import MS, Clock, Events, Process

from runtime.cluster.joining import Joining
from runtime.cluster.memberloop import REST_NS
from runtime.cluster.pair.agreed import Agreed
from runtime.raft.core import Raft
from runtime.raft.message import Message
from runtime.raft.ready import Persist, Ready
from runtime.raft.state import Settings

WITNESS_LOG_MAX = 50
TICK_NS = MS // 10
"""From a call that leaves something to do at once to the tick that does it."""


JOIN_NS = 25 * MS
"""How often a new member speaks until it is known."""


class Node:
    """What controllers and witness have in common: a Raft with a disk and a network."""

    def __init__(
        self, name: str, *, events: Events, network: Network, clock: Clock, disk: Disk, checks: RaftChecks
    ) -> None:
        self.name = name
        self.process = Process(f"{name} redundancy")
        self.clock = clock
        self.disk = disk
        self._events, self._network, self._checks = events, network, checks
        self._waiting: list[tuple[int, tuple[Message, ...]]] = []
        self._persists = 0
        self._tick_ns = self._rests_until_ns = 0
        self._ticks = False
        network.register(name, self.process, self.receive)

    @property
    def raft(self) -> Raft | None:
        """Its Raft, while it runs."""
        raise NotImplementedError

    def now_ns(self) -> int:
        """By its own clock."""
        return self.clock.local_ns(self._events.now_ns)

    def receive(self, message: Any) -> None:
        """Something has come from the network."""
        raise NotImplementedError

    def tick(self) -> None:
        """Time has passed."""
        raise NotImplementedError

    def begin_life(self) -> None:
        """It runs from now on."""
        self.process.runs = True
        self._tick_ns = self._rests_until_ns = 0
        self._ticks = False
        self._waiting.clear()
        self._persists = 0

    def end_life(self) -> None:
        """It is killed: what it had not made durable may be lost."""
        self.process.kill()
        self.disk.crash()

    def do(self, ready: Ready) -> None:
        """Send, persist, promise."""
        for message in ready.send:
            self._say(message)
        if ready.persist is not None:
            self._persists = ready.persist.number
            self.disk.write(self.process, ready.persist, self._durable)
        if ready.promise:
            if self._persists:
                self._waiting.append((self._persists, ready.promise))
            else:
                for message in ready.promise:
                    self._say(message)

    def _durable(self, persist: Persist) -> None:
        waiting = self._waiting
        while waiting and waiting[0][0] <= persist.number:
            for message in waiting.pop(0)[1]:
                self._say(message)
        if persist.number == self._persists:
            self._persists = 0
        self.on_durable(persist.number)

    def on_durable(self, number: int) -> None:
        """That much is durable."""
        raise NotImplementedError

    def _say(self, message: Message) -> None:
        self._checks.said(message)
        self._send(message.target, message)

    def _send(self, target: str, message: Any) -> None:
        self._network.send(self.name, target, message)

    def wake_at(self, local_ns: int) -> None:
        """Tick then, if no sooner one is on its way; as the real loop does, after a rest where a tick ends nothing."""
        true_ns, now_ns = self.clock.true_ns(local_ns), self._events.now_ns
        if self._ticks and true_ns <= now_ns:
            self._rests_until_ns = now_ns + REST_NS
        true_ns = max(true_ns, now_ns + TICK_NS, self._rests_until_ns)
        if self._tick_ns == 0 or true_ns < self._tick_ns:
            self._tick_ns = true_ns
            self._events.at(true_ns, self.process, self._on_tick, true_ns)

    def joins(self, peers: list[str]) -> None:
        """It is new: it speaks first."""
        joining = Joining(self.name, peers, self, every_ns=JOIN_NS)

        def look() -> None:
            if self.raft is not None:
                joining.look(self.raft, self.now_ns())
            self._events.after(JOIN_NS, None, look)

        look()

    def put(self, message: Message) -> bool:
        """Say it at once."""
        self._say(message)
        return True

    def _on_tick(self, planned_ns: int) -> None:
        if planned_ns == self._tick_ns:
            self._tick_ns, self._ticks = 0, True
            self.tick()
            self._ticks = False


class WitnessNode(Node):
    """Votes and keeps the log; what it comes to it knows only to compact it."""

    def __init__(self, settings: Settings, **parts: Any) -> None:
        super().__init__(settings.name, **parts)
        self._settings = settings
        self._raft: Raft | None = None
        self._agreed = Agreed()

    @property
    def raft(self) -> Raft | None:
        return self._raft

    def start(self) -> None:
        """From what is on its disk."""
        self.begin_life()
        held = self.disk.held
        self._agreed = Agreed.of_bytes(held.snapshot.content)
        self._raft = Raft(
            self._settings,
            hard=held.hard,
            snapshot=held.snapshot,
            entries=tuple(held.entries),
            now_ns=self.now_ns(),
        )
        self.tick()

    def crash(self) -> None:
        """End it."""
        self.end_life()
        self._raft = None

    def receive(self, message: Any) -> None:
        if self._raft is not None and isinstance(message, Message):
            self._take(self._raft.step(message, self.now_ns()))

    def tick(self) -> None:
        if self._raft is not None:
            self._take(self._raft.tick(self.now_ns()))

    def on_durable(self, number: int) -> None:
        if self._raft is not None:
            self._take(self._raft.persisted(number, self.now_ns()))

    def _take(self, ready: Ready) -> None:
        raft = self._raft
        assert raft is not None
        if ready.install is not None:
            self._agreed = Agreed.of_bytes(ready.install.content)
        for entry in ready.apply:
            self._agreed.apply(entry)
        self._checks.member(self.name, raft)
        self.do(ready)
        if ready.apply and raft.commit - raft.log.snapshot.index > WITNESS_LOG_MAX:
            self.do(raft.compact(self._agreed.to_bytes(), self.now_ns()))
        self.wake_at(raft.due_ns)
