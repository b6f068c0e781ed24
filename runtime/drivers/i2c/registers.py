"""A chip that is nothing but registers: each value lies in one to four bytes of its own."""

from collections.abc import Sequence

from runtime.drivers.i2c.bus import Bus
from runtime.iomap.i2citem import ChipRegister
from runtime.iomap.wire import I2cWire, Wire


class RegisterChip:
    """A sensor of any make whose registers hold its values."""

    def __init__(self, bus: Bus, address: int) -> None:
        self._bus = bus
        self._address = address

    def open(self) -> None:
        """There is nothing to set up."""

    def sample(self, wires: Sequence[Wire]) -> list[float | None]:
        """The raw numbers in these registers."""
        return [self._read(_register(wire)) for wire in wires]

    def write(self, wire: Wire, raw: float) -> None:
        """Put a raw number into its register."""
        item = _register(wire)
        signed = item.width[0] == "i"
        self._bus.write(self._address, item.register, int(raw).to_bytes(_bytes(item), item.byte_order, signed=signed))

    def _read(self, item: ChipRegister) -> float:
        payload = self._bus.read(self._address, item.register, _bytes(item))
        return int.from_bytes(payload, item.byte_order, signed=item.width[0] == "i")


def _register(wire: Wire) -> ChipRegister:
    assert isinstance(wire, I2cWire), "a point of this kind"
    assert isinstance(wire.item, ChipRegister), "a point of this chip"
    return wire.item


def _bytes(item: ChipRegister) -> int:
    return int(item.width[1:]) // 8
