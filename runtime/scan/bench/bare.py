"""The bare loop: `clock_nanosleep` to absolute deadlines and nothing else, the yardstick beside the scan.

What it shows is the machine's doing: kernel, hypervisor, load. Only what the scan has more is Voltscan's.
"""

import ctypes
import threading
from dataclasses import dataclass

from runtime.image.control import Histogram
from runtime.image.statistics import Distribution
from runtime.scan.kernel import Kernel
from runtime.scan.plan import BarePlan
from runtime.scan.realtime import RealtimeSettings, settle_thread


@dataclass(frozen=True, slots=True)
class BareResult:
    """What the bare loop measured; `skipped` deadlines were passed over after late wake-ups."""

    release_delay: Distribution
    period_error: Distribution
    skipped: int


class BareLoop:
    """A bare loop in a thread of its own, scheduled as the scan is."""

    def __init__(
        self, kernel: Kernel, *, period_ns: int, wakeups: int, realtime: RealtimeSettings, first_ns: int = 0
    ) -> None:
        """`first_ns`: its first deadline; 0: a period after it has started."""
        self._kernel = kernel
        self._realtime = realtime
        self._release_delay, self._period_error = Histogram(), Histogram()
        self._plan = BarePlan(
            cycle_ns=period_ns,
            wakeups=wakeups,
            first_ns=first_ns,
            release_delay=ctypes.addressof(self._release_delay),
            period_error=ctypes.addressof(self._period_error),
        )
        self._thread = threading.Thread(target=self._run, name="bare")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the wake-up under way."""
        self._plan.exit = 1

    def result(self) -> BareResult:
        """Wait for the end; what was measured."""
        self._thread.join()
        return BareResult(
            Distribution.capture(self._release_delay), Distribution.capture(self._period_error), self._plan.skipped
        )

    def _run(self) -> None:
        settle_thread(self._realtime)  # what is missing was reported by the scan already
        self._kernel.bare_loop(ctypes.addressof(self._plan))


def run_bare(
    kernel: Kernel, *, period_ns: int, duration_ns: int, realtime: RealtimeSettings, first_ns: int = 0
) -> BareResult:
    """Run the bare loop for a while; `first_ns` as in BareLoop."""
    wakeups = max(1, duration_ns // period_ns)
    bare = BareLoop(kernel, period_ns=period_ns, wakeups=wakeups, realtime=realtime, first_ns=first_ns)
    bare.start()
    return bare.result()
