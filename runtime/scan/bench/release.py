"""How late the scan wakes, beside a bare loop in the same run: deadlines half a period apart, on one processor.

On one processor, because what holds a wake-up up is the machine's doing (its host, interrupts, other programs), and
that differs between two: beside a bare loop on another one, a ratio says which of them was disturbed. Half a period
apart, neither is in the other's way.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.core.duration import duration_text
from runtime.image.statistics import Distribution
from runtime.scan.bench.bare import BareLoop
from runtime.scan.bench.controller import bench_controller
from runtime.scan.kernel import Kernel
from runtime.scan.realtime import MissingRight, RealtimeSettings, settle_thread

RELEASE_PERIODS_NS = (1_000_000, 10_000_000)
_TAGS = 1_000
_LOAD_SLACK_S = 30.0
_START_S, _START_PERIODS = 0.02, 2
"""A thread needs some time to start; then come so many periods, that the first deadline lies ahead."""


@dataclass(frozen=True, slots=True)
class ReleaseDelay:
    """Wake-up after the deadline, of the scan and of the bare loop."""

    period_ns: int
    loaded: bool
    scan: dict[str, float]
    bare: dict[str, float]
    execution: dict[str, float]
    realtime: bool

    def lines(self) -> list[str]:
        """For people."""
        how = "SCHED_FIFO" if self.realtime else "no real-time right"
        head = f"Release delay at {duration_text(self.period_ns)}, {'loaded' if self.loaded else 'idle'}, {how}"
        ratios = (self.scan[name] / self.bare[name] if self.bare[name] else 0.0 for name in _COLUMNS)
        return [
            head.ljust(48) + _HEADINGS,
            _row("scan", self.scan),
            _row("bare loop beside it", self.bare),
            "  scan : bare".ljust(48) + "".join(f"{ratio:>10.2f}" for ratio in ratios),
            _row("execution of the scan", self.execution),
        ]


_COLUMNS = ("p50_ns", "p90_ns", "p99_ns", "p99.9_ns", "p99.99_ns", "max_ns")
_HEADINGS = "".join(f"{name.removesuffix('_ns'):>10}" for name in _COLUMNS) + "     count"


def _row(name: str, summary: dict[str, float]) -> str:
    figures = "".join(f"{duration_text(summary[column]):>10}" for column in _COLUMNS)
    return f"  {name}".ljust(48) + figures + f"{summary['count']:>10.0f}"


def release_delay(kernel: Kernel, period_ns: int, seconds: float, *, loaded: bool) -> ReleaseDelay:
    """Scan and bare loop for so long, each in a thread of its own."""
    settings = RealtimeSettings(cpu=max(os.sched_getaffinity(0)))
    missing: list[MissingRight] = []
    with bench_controller(_TAGS, period_ns) as bench:
        plan = bench.plan
        plan.plan.measured = 1

        def loop() -> None:
            missing.extend(settle_thread(settings))
            kernel.loop(plan.address)

        scan = threading.Thread(target=loop, name="scan")
        scan.start()
        time.sleep(_START_S + period_ns / 1e9)
        clock_ns = bench.control.control.scan_clock_ns
        first_ns = clock_ns + period_ns * (_START_PERIODS + int(_START_S * 1e9) // period_ns) + period_ns // 2
        wakeups = max(1, int(seconds * 1e9) // period_ns)
        bare = BareLoop(kernel, period_ns=period_ns, wakeups=wakeups, realtime=settings, first_ns=first_ns)
        bare.start()
        measured = bare.result()
        plan.plan.exit = 1
        scan.join()
        control = bench.control.control
        return ReleaseDelay(
            period_ns=period_ns,
            loaded=loaded,
            scan=Distribution.capture(control.release_delay).summary(),
            bare=measured.release_delay.summary(),
            execution=Distribution.capture(control.execution).summary(),
            realtime=not missing,
        )


@contextlib.contextmanager
def load(seconds: float) -> Iterator[None]:
    """A busy process a processor, at the usual priority; each ends by itself, whatever becomes of this one."""
    busy = f"import time; end = time.monotonic() + {seconds + _LOAD_SLACK_S}\nwhile time.monotonic() < end: pass"
    spinning = [subprocess.Popen([sys.executable, "-c", busy]) for _ in range(os.cpu_count() or 1)]  # noqa: S603 - ours
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()
