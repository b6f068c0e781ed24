"""Writes to a device that refuses an older term: the term and the value in one request (iomap/checks/fences.py)."""

from collections.abc import Mapping

from runtime.drivers.codec import words_of_raw
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.wire import ModbusWire


def fenced_write(plan: DevicePlan, term: int, raws: Mapping[int, float]) -> tuple[int, list[int]]:
    """First address and words of the request that writes the term and these outputs, by their places in the plan.

    A term beyond what the point can hold is written as the largest that it can: the device then refuses, or cannot tell
    this controller from the next.
    """
    assert plan.fence is not None, "asked of devices that have one"
    carrier = plan.fence.wire
    pieces: list[tuple[ModbusWire, float]] = [(carrier, min(term, carrier.number.raw_maximum))]
    for place, raw in raws.items():
        wire = plan.outputs[place].wire
        assert isinstance(wire, ModbusWire), "the map puts only Modbus points on a Modbus link"
        pieces.append((wire, raw))
    pieces.sort(key=lambda piece: piece[0].address)
    return pieces[0][0].address, [word for wire, raw in pieces for word in words_of_raw(wire, raw)]
