"""What the native exchange takes of the processor, how often it returns to Python, and why: for who tunes it.

A return costs as much as several scans natively: what Python needs is seldom in any cache by then.
"""

import time
from collections import Counter

from runtime.cluster.redundancy.exchangeplan import End
from runtime.wire.pairport import ExchangeStatus


class Returns:
    """For one thread; all since the process began."""

    def __init__(self) -> None:
        self._scans = 0
        self._native_ns = 0
        self._began_ns = 0
        self._counts: Counter[End] = Counter()

    def begin(self) -> None:
        """The exchange goes on natively from now on."""
        self._began_ns = time.thread_time_ns()

    def end(self, why: End, *, scans: int) -> None:
        """It has returned, after so many scans."""
        self._native_ns += time.thread_time_ns() - self._began_ns
        self._scans += scans
        self._counts[why] += 1

    def status(self) -> ExchangeStatus:
        """For people."""
        counts = {why.name.lower(): self._counts[why] for why in End}
        return ExchangeStatus(scans=self._scans, native_us=self._native_ns // 1000, returns=counts)
