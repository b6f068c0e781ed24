"""Powers of ten that a device gives for the scales of its points, kept from the read that brought them. Pure.

Source: SunSpec Information Model Specification, data type sunssf: -10 to 10; 0x8000 means that there is none.
"""

import math

from runtime.iomap.plan.plan import ExponentPoint
from runtime.iomap.wire import EXPONENTS, ModbusWire, Numeric


class Exponents:
    """Those of one device, as far as they are known since it answers."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._told: set[str] = set()

    def number(self, wire: ModbusWire) -> Numeric | None:
        """How a point's raw number is scaled; None while the device has not said so."""
        if wire.exponent is None:
            return wire.number
        power = self._known.get(wire.exponent.point)
        return None if power is None else wire.scaled_by(power)

    def take(self, point: ExponentPoint, raw: float) -> str | None:
        """The device says what an exponent is. None: no news; else what is to be told of it, which may be nothing."""
        power = int(raw) if math.isfinite(raw) and int(raw) in EXPONENTS else None
        if power is None:
            had = self._known.pop(point.name, None)
            if point.name in self._told:
                return None if had is None else ""
            self._told.add(point.name)
            return (
                f"gives no scale in {point.name} ({raw:g} is not -10 to 10): "
                "what it scales is BAD, and is not written until it does"
            )
        self._told.discard(point.name)
        if self._known.get(point.name) == power:
            return None
        self._known[point.name] = power
        return ""

    def forget(self) -> None:
        """The device is gone; another may come back in its place."""
        self._known.clear()
