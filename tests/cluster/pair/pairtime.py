"""True time and what each node makes of it: one heap of events, processes that stand still, clocks that run wrong.

All of a run happens in one thread and in the order of the heap, so one seed is one run.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any

MS = 1_000_000
MILLION = 1_000_000


class Clock:
    """A node's monotonic clock: never goes back, runs at its own rate, may jump ahead (a suspended machine)."""

    __slots__ = ("_local_ns", "_rate_ppm", "_true_ns")

    def __init__(self, *, local_ns: int, rate_ppm: int) -> None:
        self._true_ns, self._local_ns, self._rate_ppm = 0, local_ns, rate_ppm

    def local_ns(self, true_ns: int) -> int:
        """What it shows at a true time, which must not lie before the last change."""
        passed_ns = true_ns - self._true_ns
        return self._local_ns + passed_ns + passed_ns * self._rate_ppm // MILLION

    def true_ns(self, local_ns: int) -> int:
        """The first true time at which it shows that much, if nothing changes it before."""
        passed_ns = local_ns - self._local_ns
        return self._true_ns + -(-passed_ns * MILLION // (MILLION + self._rate_ppm))

    def change(self, true_ns: int, *, rate_ppm: int, jump_ns: int = 0) -> None:
        """From now on another rate, after a jump ahead."""
        self._local_ns, self._true_ns = self.local_ns(true_ns) + jump_ns, true_ns
        self._rate_ppm = rate_ppm


Act = tuple[Callable[..., None], tuple[Any, ...]]


@dataclass(slots=True, eq=False)
class Process:
    """What can be killed and paused as one. Events of an earlier life never happen.

    While it stands still, what comes waits in `backlog`; before that comes the `rest` of the step it is in.
    """

    name: str
    life: int = 1
    runs: bool = False
    paused_until_ns: int = 0
    rest: deque[Act] = field(default_factory=deque)
    backlog: deque[Act] = field(default_factory=deque)
    resumes: bool = False

    def kill(self) -> None:
        """End this life."""
        self.life += 1
        self.runs = self.resumes = False
        self.paused_until_ns = 0
        self.rest.clear()
        self.backlog.clear()


class Events:
    """The heap. `pause_every`: about how many steps lie between two that a process stands still after; 0 is never."""

    def __init__(self, random: Random) -> None:
        self.now_ns = 0
        self.steps = 0
        self.pause_every = 0
        self.pause_ns_max = 1
        self._random = random
        self._heap: list[tuple[int, int, Process | None, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self._steps_to_pause = 0
        self._standing: list[tuple[Process, int]] = []

    def at(self, true_ns: int, process: Process | None, act: Callable[..., None], *arguments: Any) -> None:
        """Let `process` do something at a true time; nobody in particular where it is None."""
        self._number += 1
        life = process.life if process is not None else 0
        if true_ns < self.now_ns:
            true_ns = self.now_ns
        heappush(self._heap, (true_ns, self._number, process, life, act, arguments))

    def after(self, delay_ns: int, process: Process | None, act: Callable[..., None], *arguments: Any) -> None:
        """Let `process` do something in a while."""
        self.at(self.now_ns + delay_ns, process, act, *arguments)

    def now(self, process: Process, act: Callable[..., None], *arguments: Any) -> None:
        """Let a process do something at once, or as soon as it goes on."""
        if process.resumes or process.paused_until_ns > self.now_ns or self.chance_stalls(process):
            process.backlog.append((act, arguments))
            self._resume_later(process)
        else:
            act(*arguments)

    def stall(self, process: Process, duration_ns: int) -> None:
        """Let it stand still: it does in order, and late, whatever comes meanwhile."""
        process.paused_until_ns = max(process.paused_until_ns, self.now_ns + duration_ns)

    def chance_stalls(self, process: Process) -> bool:
        """Between any two steps of a process lies, rarely, a stretch in which it stands still."""
        if not self.pause_every:
            return False
        self._steps_to_pause -= 1
        if self._steps_to_pause > 0:
            return False
        self._steps_to_pause = int(self._random.expovariate(1 / self.pause_every)) + 1
        self.stall(process, int(self.pause_ns_max * self._random.random() ** 3) + 1)
        return True

    def stand(self, process: Process) -> None:
        """In the middle of a step: come back when it goes on, or has died. All else goes on meanwhile, but for who
        stands in the middle of a step already: that one goes on no sooner than this one."""
        life = process.life
        self._standing.append((process, life))
        while process.life == life and process.paused_until_ns > self.now_ns:
            until_ns = process.paused_until_ns
            for other, its_life in self._standing:
                if other.life == its_life:
                    other.paused_until_ns = max(other.paused_until_ns, until_ns)
            self.run(until_ns - 1)
            self.now_ns = max(self.now_ns, until_ns)
        self._standing.pop()

    def rest_of_step(self, process: Process, act: Callable[..., None], *arguments: Any) -> None:
        """Do this at once; or when the process goes on, if it stands still now: then before all else that came."""
        if process.rest or self.chance_stalls(process):
            process.rest.append((act, arguments))
            self._resume_later(process)
        else:
            act(*arguments)

    def _resume_later(self, process: Process) -> None:
        if not process.resumes:
            process.resumes = True
            self.at(process.paused_until_ns, None, self._resume, process, process.life)

    def _resume(self, process: Process, life: int) -> None:
        while process.life == life:
            if process.paused_until_ns > self.now_ns:
                self.at(process.paused_until_ns, None, self._resume, process, life)
                return
            if not process.rest and not process.backlog:
                process.resumes = False
                return
            act, arguments = (process.rest or process.backlog).popleft()
            self.steps += 1
            act(*arguments)

    def run(self, until_ns: int) -> None:
        """Everything up to a true time."""
        heap = self._heap
        while heap and heap[0][0] <= until_ns:
            true_ns, _, process, life, act, arguments = heappop(heap)
            self.now_ns = true_ns
            if process is not None:
                if process.life != life:
                    continue
                self.now(process, act, *arguments)
            else:
                act(*arguments)
            self.steps += 1
        self.now_ns = max(self.now_ns, until_ns)
