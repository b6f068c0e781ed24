"""How much of a CAN bus its cyclic messages take."""

from collections.abc import Iterable

from runtime.iomap.plan.plan import DevicePlan

OVERHEAD_BITS = 47
"""Bits of a standard frame besides data, with the gap between frames; extended ids take 20 more."""
FD_ARBITRATION_BITS = 31
FD_DATA_BITS = 8 * 64 + 31
"""CAN FD: bits at the bit rate (identifier, acknowledge, gap); at the data rate with the most bytes and a long CRC."""


def link_load(plans: Iterable[DevicePlan], *, bitrate: int, data_bitrate: int) -> float:
    """Worst case: 8 bytes a message (64 with CAN FD) and a stuff bit in every 4 of the bits that may be stuffed."""
    total = 0.0
    for message in (message for plan in plans for message in plan.messages):
        extension = 20 if message.extended else 0
        if message.fd:
            frame_s = (FD_ARBITRATION_BITS + extension) * 1.25 / bitrate + FD_DATA_BITS * 1.25 / data_bitrate
        else:
            bits = OVERHEAD_BITS + 64 + extension
            frame_s = (bits + (bits - 13 - 1) // 4) / bitrate
        total += frame_s / (message.period_ns / 1e9)
    return total
