"""The rights that make a scan punctual: what is lost without each, and the line of a systemd unit that gives it."""

from dataclasses import dataclass
from enum import IntFlag


class Right(IntFlag):
    """One bit each: the scan tells by `rights_missing` of the control segment what it could not have."""

    PRIORITY = 1
    LOCKED_MEMORY = 2
    PROCESSOR = 4
    WAKEFULNESS = 8


@dataclass(frozen=True, slots=True)
class RightText:
    """`without`: what is so as long as the right is missing. `unit_line`: what gives it to a service."""

    without: str
    unit_line: str


RIGHTS: dict[Right, RightText] = {
    Right.PRIORITY: RightText(
        "the scan has no real-time priority (SCHED_FIFO): other processes delay it", "LimitRTPRIO=98"
    ),
    Right.LOCKED_MEMORY: RightText(
        "the scan's memory is not locked: it may have to wait for the disk", "LimitMEMLOCK=infinity"
    ),
    Right.PROCESSOR: RightText(
        "the scan is not bound to the processor that [realtime] cpu names: it may not run there", "CPUAffinity="
    ),
    Right.WAKEFULNESS: RightText(
        "processors may fall into deep sleep between scans (/dev/cpu_dma_latency is not writable)",
        "ExecStartPre=-+/bin/chown voltscan /dev/cpu_dma_latency",
    ),
}
"""configs/voltscan@.service has all of these lines."""


def rights_in(word: int) -> list[Right]:
    """The rights whose bits are set in a word; bits of no right are passed over."""
    return [right for right in Right if word & right]
