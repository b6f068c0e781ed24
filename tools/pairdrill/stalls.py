"""How long this machine itself stands still, measured beside everything else.

Two processes ask to be woken every other millisecond: one as redundancy and scan are, with real-time priority where
that may be had, one as io and everything else. What each was kept waiting for is the machine's doing, not the pair's.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

EVERY_NS = 2_000_000
TOLD_NS = 3_000_000
"""Shorter ones are not worth a line."""
PRIORITY = 70
"""That of a redundancy process where the scan has the default."""
KINDS = ("real-time", "other")


@dataclass(frozen=True, slots=True)
class Stall:
    """Somebody who asked to be woken at `at_ns` (monotonic) was kept waiting for `ms`."""

    kind: str
    at_ns: int
    ms: float


class Stalls:
    """All that were noticed. `take` and `between` may be called while it goes on."""

    def __init__(self) -> None:
        self._noticed: list[Stall] = []
        self._taken = 0
        self._watches = [_start(kind) for kind in KINDS]
        self._threads = [
            threading.Thread(target=self._read, args=(kind, watch.stdout), daemon=True)
            for kind, watch in zip(KINDS, self._watches, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def take(self) -> float:
        """The longest since the last look, of either kind, in ms."""
        noticed = self._noticed[self._taken :]
        self._taken += len(noticed)
        return max((stall.ms for stall in noticed), default=0.0)

    def between(self, since_ns: int, until_ns: int) -> dict[str, float]:
        """The longest of each kind that overlaps this time, in ms."""
        worst = dict.fromkeys(KINDS, 0.0)
        for stall in self._noticed:
            if stall.at_ns <= until_ns and stall.at_ns + stall.ms * 1e6 >= since_ns:
                worst[stall.kind] = max(worst[stall.kind], stall.ms)
        return worst

    def total_ms(self, since_ns: int, until_ns: int) -> float:
        """How much of this time anybody was kept waiting, in ms: of the kind that waited for longer."""
        waited = dict.fromkeys(KINDS, 0.0)
        for stall in list(self._noticed):
            begins_ns, ends_ns = max(since_ns, stall.at_ns), min(until_ns, stall.at_ns + stall.ms * 1e6)
            waited[stall.kind] += max(0.0, ends_ns - begins_ns) / 1e6
        return max(waited.values())

    def close(self) -> None:
        """Measure no more."""
        for watch in self._watches:
            watch.kill()
            watch.wait()
        for thread in self._threads:
            thread.join()

    def _read(self, kind: str, lines: IO[str]) -> None:
        for line in lines:
            at_ns, waited_ns = map(int, line.split())
            self._noticed.append(Stall(kind, at_ns, waited_ns / 1e6))


def _start(kind: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, __file__, kind, str(os.getpid())], stdout=subprocess.PIPE, text=True)


def _watch(kind: str, parent: int) -> None:
    if kind == KINDS[0]:
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    due_ns = time.monotonic_ns()
    while os.getppid() == parent:
        due_ns += EVERY_NS
        time.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
        late_ns = time.monotonic_ns() - due_ns
        if late_ns >= TOLD_NS:
            print(due_ns, late_ns, flush=True)
            due_ns += late_ns


if __name__ == "__main__":
    _watch(sys.argv[1], int(sys.argv[2]))
