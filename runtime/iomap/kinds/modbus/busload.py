"""How much of a Modbus link's time its reads take: an estimate from words, poll periods and speed."""

from collections.abc import Iterable

from runtime.iomap.plan import DevicePlan, ReadRequest

TCP_ROUND_TRIP_S = 0.002
"""One request over a local network, pessimistic (0.1 ms on loopback, about 1 ms at a device's own processor)."""
SERIAL_SILENCE_CHARS = 7
"""Two gaps of 3.5 characters around a frame (Modbus over serial line V1.02, 2.5.1.1)."""
SERIAL_BITS_A_CHAR = 11
REQUEST_BYTES = 8
REPLY_OVERHEAD_BYTES = 5
SERIAL_TURNAROUND_S = 0.005
"""What a device takes to answer on a serial line, at least."""


def link_load(plans: Iterable[DevicePlan], *, serial_baud: int) -> float:
    """Part of the link's time that the reads take. `serial_baud` 0: there is no serial line behind it."""
    return sum(_request_s(read, serial_baud) / (read.period_ns / 1e9) for plan in plans for read in plan.reads)


def _request_s(read: ReadRequest, serial_baud: int) -> float:
    if serial_baud == 0:
        return TCP_ROUND_TRIP_S
    payload = (read.count + 7) // 8 if read.table.is_bits else 2 * read.count
    chars = REQUEST_BYTES + REPLY_OVERHEAD_BYTES + payload + 2 * SERIAL_SILENCE_CHARS
    return TCP_ROUND_TRIP_S + SERIAL_TURNAROUND_S + chars * SERIAL_BITS_A_CHAR / serial_baud
