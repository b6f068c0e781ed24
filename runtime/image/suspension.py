"""How long this machine has slept: what the monotonic clock, by which leases run, leaves out."""

import time

SUSPENDED_NS = 1_000_000
"""Less than any sleep, more than the two clocks may differ by rounding."""


def suspended_ns() -> int:
    """Since the machine was started; never more than that, and less when this thread was stopped in between.

    Source: clock_gettime(2): CLOCK_BOOTTIME goes on while the system is suspended, CLOCK_MONOTONIC does not.
    """
    with_sleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return with_sleep_ns - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
