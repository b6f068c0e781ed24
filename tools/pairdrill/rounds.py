"""One pair under one kind of harm, round after round; a round that fails is told, mended and left out.

Every round begins with a pair that is whole. What the device noted is judged in the end (figures.py).
"""

import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from pairdrill.acknowledged import Orders, ask_again, judge, read_disks
from pairdrill.phases import Phases, phases_of
from pairdrill.stalls import Stalls
from runtime.core.fault import PlcFault
from runtime.wire.fault import RefusedFault
from tests.e2e.pairsite import PairSite, until

_, SUM, TIMED, ASKED = range(4)
CALM_CYCLES = 4
"""After the pair is whole, up to so many cycles pass before the next harm, so that it meets any moment of a cycle."""
ALIVE_CYCLES = 24
"""So long at most commands are given before all three die: some are under way then, or all are done."""
PAUSE_S = 1.0
ALONE_WRITES = 40
"""Of a leader whose standby and witness are dead, before they come back."""
TAKEN_OVER_S = 10.0
"""By then nobody will: the standby had just been late on a busy machine, was not in sync, and may not."""
HELD_S = 5.0
"""A leader writes each output that rests far more often than this."""
WAKES_S = 0.3
"""A controller that goes on after a pause has written by then what it had in its hands."""
SEEN_S = 30.0
LOOKED_AT = 100
"""Writes before the harm was noticed here that are looked at again: more than come while a controller is killed."""
ANSWERS_MS = 250
"""A controller that runs answers in milliseconds."""
FOUND = "was written to by somebody else: asked"


@dataclass(frozen=True, slots=True)
class Plan:
    """One kind of harm, so often. `fence`: the class of the device."""

    what: str
    times: int
    cycle_ms: int = 50
    fence: str = "term"

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{self.what} {self.cycle_ms} ms" + (f" {self.fence}" if self.what == "pause" else "")


@dataclass(slots=True)
class Round:
    """What one came to. `gap_ms`: from the harm to the first write of the next leader, of a swap the longest without a
    write; `back_s`: from the start of who was killed until the pair was whole again. None: there is no such figure.

    `is_excused`: it was not taken over, and the log says that the standby was not in sync just then."""

    stall_ms: float = 0.0
    gap_ms: float | None = None
    back_s: float | None = None
    is_taken_over: bool = True
    is_excused: bool = False
    late_ms: float | None = None
    """Of a late write that the device took: until it was written over."""
    late_stall_ms: float = 0.0
    """So long the machine itself stood still meanwhile."""
    is_late_found: bool = False
    phases: Phases | None = None
    failed: str = ""


@dataclass(slots=True)
class Drill:
    """`pair` under the harm of a plan. `commands`: given and answered, of which so many were `lost`, or ran twice. Of
    those that were `unanswered` when all died nobody knows, and they are asked for again.

    `losses`: numbers of the writes from which on the programs' memory is a new one, for nobody in sync was left."""

    pair: PairSite
    plan: Plan
    chance: random.Random
    stalls: Stalls
    rounds: list[Round] = field(default_factory=list)
    commands: int = 0
    lost: int = 0
    doubled: int = 0
    unanswered: int = 0
    losses: list[int] = field(default_factory=list)
    _seq: int = 0
    _counted: tuple[int, int] = (0, 0)
    """Since the last loss: commands given before it, and what the count stood at after it."""

    def go(self) -> Round:
        """One round. What goes wrong in it is in what it came to."""
        now = Round()
        try:
            getattr(self, self.plan.what)(now)
        except (AssertionError, PlcFault, OSError) as fault:
            now.failed = f"{type(fault).__name__}: {fault}"
            self._mend()
        self.rounds.append(now)
        return now

    def kill(self, now: Round) -> None:
        """The leader's whole controller, right after the standby passed on a command, and start it again."""
        leader = self._whole()
        other = "ab".replace(leader, "")
        self._command(other)
        self._calm()
        self.stalls.take()
        former = self.pair.drive.clients[-1]
        killed_ns = self.pair.kill(leader)
        self._measure(now, former, killed_ns)
        self._explain(now, other, killed_ns)
        began, writes = time.monotonic(), len(self.pair.drive.writes)
        self.pair.start(leader)
        until(lambda: not self._is_back())
        until(self._is_back)
        now.back_s = time.monotonic() - began
        self._whole()
        if not now.is_taken_over:
            until(lambda: len(self.pair.drive.writes) >= writes + 3)
            self.losses.append(writes)
            self._counted = self.commands, self.pair.drive.value(ASKED)

    def swap(self, now: Round) -> None:
        """In order; the gap is the longest between two writes around it."""
        leader = self._whole()
        self._calm()
        drive, term = self.pair.drive, self.pair.drive.term
        self.stalls.take()
        since_ns = time.monotonic_ns() - 3_000_000 * self.pair.cycle_ms
        until(lambda: self._swaps(leader))
        until(lambda: drive.term > term)
        taken = len(drive.writes)
        until(lambda: len(drive.writes) >= taken + 3)
        now.stall_ms = self.stalls.take()
        times = [at for at, _, _ in drive.writes if at >= since_ns]
        now.gap_ms = max(after - before for before, after in pairwise(times)) / 1e6

    def pause(self, now: Round) -> None:
        """The leader's whole controller for a second, with a write of its under way; another leads meanwhile, and an
        output that rests has another value by the time that write arrives."""
        leader = self._whole()
        other = "ab".replace(leader, "")
        self._calm()
        drive = self.pair.drive
        former = drive.clients[-1]
        assert drive.hold(ASKED, HELD_S), "the leader wrote nothing that could be under way"
        self.stalls.take()
        at_ns = time.monotonic_ns()
        self.pair.signal(leader, signal.SIGSTOP)
        try:
            self._measure(now, former, at_ns)
            self._explain(now, other, at_ns)
            if now.is_taken_over:
                self._late_write(now, other)
            time.sleep(max(0.0, PAUSE_S - (time.monotonic_ns() - at_ns) / 1e9))
        finally:
            drive.release()
            self.pair.signal(leader, signal.SIGCONT)
        time.sleep(WAKES_S)

    def alone(self, now: Round) -> None:
        """The standby dies, then the witness, for good; the standby comes back first. The gap is the longest between
        two writes until then."""
        leader = self._whole()
        standby = "ab".replace(leader, "")
        self._calm()
        drive = self.pair.drive
        self.stalls.take()
        since_ns = time.monotonic_ns() - 3_000_000 * self.pair.cycle_ms
        self.pair.kill(standby)
        until(lambda: self._voters(leader) == [leader])
        self.pair.kill("w")
        taken = len(drive.writes)
        until(lambda: len(drive.writes) >= taken + ALONE_WRITES)
        now.stall_ms = self.stalls.take()
        times = [at for at, _, _ in drive.writes if at >= since_ns]
        now.gap_ms = max(after - before for before, after in pairwise(times)) / 1e6
        began = time.monotonic()
        self.pair.start(standby)
        until(lambda: len(self.pair.status(leader)["in_sync"]) == len("ab"))
        now.back_s = time.monotonic() - began
        assert self.pair.leader() == leader, f"{standby} came back and leads"
        self.pair.start("w")
        assert self._whole() == leader, "it came back, and another leads"

    def all(self, now: Round) -> None:
        """All three, at a random instant while commands are given to one of the two."""
        self._whole()
        orders = Orders(self.pair, client=f"drill-{len(self.rounds)}")
        giving = orders.give(self.chance.choice("ab"))
        time.sleep(self.chance.uniform(0.0, ALIVE_CYCLES * self.pair.cycle_ms / 1000.0))
        for member in self.chance.sample("abw", 3):
            self.pair.kill(member)
        giving.join()
        left = read_disks(self.pair)
        began = time.monotonic()
        self.pair.start("a", "b", "w")
        leader = self._whole()
        now.back_s = time.monotonic() - began
        ask_again(orders, leader)
        taken = len(self.pair.drive.writes)
        until(lambda: len(self.pair.drive.writes) >= taken + 3)
        judged = judge(orders, left, self.pair.drive.value(ASKED))
        self.commands += len(orders.answered)
        self.lost += len(judged.lost)
        self.doubled += len(judged.doubled)
        self.unanswered += orders.given - len(orders.answered)

    def finish(self) -> None:
        """What can be told only in the end: where memory never was lost, each command must have counted once."""
        if self.plan.what == "all":
            return
        given, stood = self._counted
        due = self.commands - given
        with suppress(AssertionError):
            self._whole()
            until(lambda: self.pair.drive.value(ASKED) - stood >= due, limit_s=10.0)
        ran = self.pair.drive.value(ASKED) - stood
        self.lost, self.doubled = max(0, due - ran), max(0, ran - (self._seq - given))

    def _late_write(self, now: Round, leader: str) -> None:
        drive, before = self.pair.drive, self.pair.drive.value(ASKED)
        self._command(leader)
        until(lambda: drive.value(ASKED) == before + 1, limit_s=SEEN_S)
        told, refused, taken = self._found(leader), drive.refused, len(drive.writes)
        drive.release()
        if self.plan.fence == "term":
            until(lambda: drive.refused > refused, limit_s=SEEN_S)
            return
        released_ns = time.monotonic_ns()
        now.late_ms = float(until(lambda: str(self._stood_ms(before, taken) or ""), limit_s=SEEN_S))
        now.late_stall_ms = self.stalls.total_ms(released_ns, time.monotonic_ns())
        with suppress(AssertionError):
            now.is_late_found = bool(until(lambda: self._found(leader) > told, limit_s=SEEN_S))

    def _explain(self, now: Round, other: str, harmed_ns: int) -> None:
        """Where the time of that one's take-over went; or whether it could not have been one."""
        if now.gap_ms is None:
            now.is_excused = other not in self.pair.status(other)["in_sync"]
            return
        output_ns = harmed_ns + round(now.gap_ms * 1e6)
        stalls = self.stalls.between(harmed_ns, output_ns)
        log = self.pair.folder / f"state_{other}" / "log" / "redundancy.log"
        now.phases = phases_of(log, killed_ns=harmed_ns, output_ns=output_ns, stalls=stalls)

    def _voters(self, leader: str) -> list[str]:
        return [member["name"] for member in self.pair.status(leader)["members"] if member["votes"]]

    def _stood_ms(self, late: int, since: int) -> float:
        """How long the late write, which is among those from `since` on, stood before the output was written again;
        0 while it does."""
        came_ns = 0
        for at_ns, address, words in self.pair.drive.writes[since:]:
            place = 2 * ASKED - address
            if 0 <= place <= len(words) - 2:
                if came_ns:
                    return (at_ns - came_ns) / 1e6
                came_ns = at_ns if (words[place] << 16) + words[place + 1] == late else 0
        return 0.0

    def _found(self, member: str) -> int:
        """How often that controller has told of a write that was not its own."""
        with self.pair.client(member) as client:
            return sum(FOUND in event["text"] for event in client.request("events", since=0)["events"])

    def _swaps(self, leader: str) -> bool:
        """Whether the leader takes the order: not while its standby is late, and out of sync for it."""
        try:
            with self.pair.client(leader) as client:
                client.request("pair_ask", what="swap")
        except RefusedFault as fault:
            if "is not in sync" in fault.what:
                return False
            raise
        return True

    def _is_back(self) -> bool:
        """Whether who leads has agreed that both are in sync. Who has just been started does not answer yet."""
        for member in "ab":
            with suppress(PlcFault):
                told = self.pair.status(member, timeout_ms=ANSWERS_MS)
                if told["drives"]:
                    return len(told["in_sync"]) == 2 and all(m["votes"] for m in told["members"])
        return False

    def _whole(self) -> str:
        """Until both are in sync and have an io: a standby whose io still starts takes over late."""
        until(lambda: all(self.pair.has_io(member) for member in "ab"))
        return self.pair.wait_in_sync()

    def _calm(self) -> None:
        time.sleep(self.chance.uniform(0.0, CALM_CYCLES * self.pair.cycle_ms / 1000.0))

    def _command(self, member: str) -> None:
        """Until it is answered: nobody knows of one that is not, and the same again does not run twice."""
        self._seq += 1
        until(lambda: self._ask_again(member))
        self.commands += 1

    def _ask_again(self, member: str) -> bool:
        with self.pair.client(member) as client:
            return bool(client.request("command", name="add", value=1, client="drill", seq=self._seq))

    def _measure(self, now: Round, former: str, harmed_ns: int) -> None:
        """From the harm to the first write of another."""
        drive = self.pair.drive
        since = max(0, len(drive.writes) - LOOKED_AT)

        def first_ns() -> int:
            pairs = zip(drive.writes[since:], drive.clients[since:], strict=False)
            return next((at for (at, _, _), who in pairs if at > harmed_ns and who != former), 0)

        try:
            at_ns = int(until(lambda: str(first_ns() or ""), limit_s=TAKEN_OVER_S))
        except AssertionError:
            now.is_taken_over = False
            return
        now.gap_ms = (at_ns - harmed_ns) / 1e6
        now.stall_ms = self.stalls.take()

    def _mend(self) -> None:
        """Whoever does not run is started; who stands still goes on."""
        self.pair.drive.release()
        for member in list(self.pair.processes):
            self.pair.signal(member, signal.SIGCONT)
            if self.pair.processes[member].poll() is not None:
                del self.pair.processes[member]
        self.pair.start(*(member for member in "abw" if member not in self.pair.processes))
