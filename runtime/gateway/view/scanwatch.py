"""Does the scan still run? Judged by its counter alone, from outside."""

SILENT_NS_MIN = 500_000_000
"""A scan that stands for this long, or for SILENT_CYCLES, is not scanning: longer than any hiccup of the machine."""
SILENT_CYCLES = 5


class ScanWatch:
    """Watches the counter of finished scans. Times are monotonic ns; pure."""

    def __init__(self, cycle_ns: int) -> None:
        self._silent_ns = max(SILENT_NS_MIN, SILENT_CYCLES * cycle_ns)
        self._last: tuple[int, int] | None = None
        self._advanced_ns: int | None = None

    def seen(self, start_count: int, scan_no: int, now_ns: int) -> None:
        """The counters as they stand now."""
        counters = (start_count, scan_no)
        if self._last is not None and counters != self._last and scan_no > 0:
            self._advanced_ns = now_ns
        self._last = counters

    def is_scanning(self, now_ns: int) -> bool:
        """True while scans finish; False until the first one has been seen to."""
        return self._advanced_ns is not None and now_ns - self._advanced_ns < self._silent_ns
