"""How much of a CAN bus its cyclic messages take."""

from collections.abc import Iterable

from runtime.iomap.plan import DevicePlan

OVERHEAD_BITS = 47
"""Bits of a standard frame besides data, with the gap between frames; extended ids take 20 more."""


def link_load(plans: Iterable[DevicePlan], *, bitrate: int) -> float:
    """Worst case: 8 bytes a message and a stuff bit in every 4 of the bits that may be stuffed."""
    total = 0.0
    for message in (message for plan in plans for message in plan.messages):
        bits = OVERHEAD_BITS + 64 + (20 if message.extended else 0)
        stuffed = (bits - 13 - 1) // 4
        total += (bits + stuffed) / bitrate / (message.period_ns / 1e9)
    return total
