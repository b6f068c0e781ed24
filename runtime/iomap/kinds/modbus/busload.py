"""How much of a Modbus link's time its devices take: an estimate from words, periods and speed.

Reads, refreshes of outputs (each alone, as if none went together), and heartbeats that io counts itself. What is
written on change comes on top: how often that is nobody can say beforehand.
"""

from collections.abc import Iterable, Iterator

from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.wire import ModbusWire, Wire

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
    """Part of the link's time that they take. `serial_baud` 0: there is no serial line behind it."""
    needs = [need for plan in plans for need in _needs(plan)]
    return sum(_request_s(payload, serial_baud) / (period_ns / 1e9) for payload, period_ns in needs)


def _needs(plan: DevicePlan) -> Iterator[tuple[int, int]]:
    """Bytes of registers and period (ns) of each request that comes again and again."""
    for read in plan.reads:
        yield read.table.block_bytes(read.count), read.period_ns
    if plan.served:
        return
    for output in plan.outputs:
        if output.policy.refresh_ns:
            yield _wire_bytes(output.wire), output.policy.refresh_ns
    for beat in plan.heartbeats:
        yield _wire_bytes(beat.wire), beat.period_ns


def _wire_bytes(wire: Wire) -> int:
    assert isinstance(wire, ModbusWire), "a point of this kind"
    return wire.table.block_bytes(wire.words)


def _request_s(payload: int, serial_baud: int) -> float:
    if serial_baud == 0:
        return TCP_ROUND_TRIP_S
    chars = REQUEST_BYTES + REPLY_OVERHEAD_BYTES + payload + 2 * SERIAL_SILENCE_CHARS
    return TCP_ROUND_TRIP_S + SERIAL_TURNAROUND_S + chars * SERIAL_BITS_A_CHAR / serial_baud
