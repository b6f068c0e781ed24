"""What the wire does to a value: the profile's rounding, without a wire. For the virtual-time closed loop."""

from runtime.core.elementary import Value
from runtime.drivers.codec import raw_of_words, words_of_raw
from runtime.drivers.page import interpret
from runtime.iomap.plan.plan import DevicePlan, InputPoint, OutputPoint
from runtime.iomap.wire import ModbusWire


def profile_round_trip(device: DevicePlan, point: str, value: Value) -> Value | None:
    """The value that the other side sees when `value` crosses the wire of a point that the device's plan binds.

    Limits of an output are applied on the way out. None: the other side sees no value (BAD).
    """
    bound = device.point(point)
    assert bound is not None, f"the plan of {device.name} binds no point {point}"
    return through_wire(bound, value)


def through_wire(point: InputPoint | OutputPoint, value: Value) -> Value | None:
    """As `profile_round_trip`, for a point at hand. The value keeps its kind (REAL, integer, BOOL)."""
    if isinstance(point, OutputPoint):
        value = point.clamp(value)
    raw = point.wire.number.encode(value)
    if isinstance(point.wire, ModbusWire):
        raw = raw_of_words(point.wire, words_of_raw(point.wire, raw))
    if isinstance(point, InputPoint):
        return interpret(point, raw)[0]
    received = InputPoint(
        name=point.name, tag=point.tag, type_name=point.type_name, entry=0, wire=point.wire, period_ns=point.period_ns
    )
    return interpret(received, raw)[0]
