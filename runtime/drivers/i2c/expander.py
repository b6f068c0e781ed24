"""Digital inputs and outputs by an expander: PCF8574 (8 pins) and MCP23017 (16 pins).

Sources: TI SCPS068 (PCF8574), 8.3: a pin is an input while a 1 is written to it, so inputs keep their 1 in each write.
Microchip DS20001952 (MCP23017), table 3-1, IOCON.BANK = 0: IODIR 0x00 (1: input), GPPU 0x0C, GPIO 0x12, OLAT 0x14,
port A in the low byte. What the latches hold when io comes is kept until the program or fail-safe says otherwise.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from runtime.drivers.i2c.bus import Bus
from runtime.iomap.i2citem import ExpanderPin
from runtime.iomap.wire import I2cWire, Wire

IODIR, GPPU, GPIO, OLAT = 0x00, 0x0C, 0x12, 0x14


class _Ports(Protocol):
    def set_up(self, *, outputs: int, pull_ups: int) -> int:
        """Directions; what the output latches hold."""
        ...

    def listen(self, *, inputs: int, pull_ups: int) -> None:
        """See to it that these pins are inputs; the others stay what they are."""
        ...

    def read(self) -> int: ...

    def write(self, levels: int) -> None: ...


class Expander:
    """One expander; `wires` are all its points that tags are bound to."""

    def __init__(self, ports: _Ports, wires: Iterable[Wire]) -> None:
        self._ports = ports
        self._wires = [wire for wire in wires if isinstance(wire, I2cWire)]
        self._levels = 0

    def open(self) -> None:
        """Set directions. An output keeps the level that its latch holds."""
        self._levels = self._ports.set_up(
            outputs=_mask(w for w in self._wires if w.is_output),
            pull_ups=_mask(w for w in self._wires if _pin(w).pull_up),
        )

    def listen(self) -> None:
        """Set up the inputs alone."""
        self._ports.listen(
            inputs=_mask(w for w in self._wires if not w.is_output),
            pull_ups=_mask(w for w in self._wires if _pin(w).pull_up),
        )

    def sample(self, wires: Sequence[Wire]) -> list[float | None]:
        """1.0 for pins that are active."""
        levels = self._ports.read()
        return [float((levels >> _pin(wire).pin & 1) != _pin(wire).active_low) for wire in wires]

    def write(self, wire: Wire, raw: float) -> None:
        """Set a pin active (1.0) or inactive."""
        pin = _pin(wire)
        high = bool(raw) != pin.active_low
        levels = self._levels | 1 << pin.pin if high else self._levels & ~(1 << pin.pin)
        self._ports.write(levels)
        self._levels = levels


class Pcf8574:
    """Eight pins without registers."""

    def __init__(self, bus: Bus, address: int) -> None:
        self._bus = bus
        self._address = address
        self._inputs = 0xFF

    def set_up(self, *, outputs: int, pull_ups: int) -> int:
        """The chip cannot tell what its latches hold: a pin that is low may be an output, or an input held low."""
        assert pull_ups == 0, "the map was refused"
        self._inputs = 0xFF & ~outputs
        return self._bus.read_plain(self._address) & outputs

    def listen(self, *, inputs: int, pull_ups: int) -> None:
        """A pin is an input since it was switched on, unless somebody drives it: nothing is written."""

    def read(self) -> int:
        """Levels of all pins."""
        return self._bus.read_plain(self._address)

    def write(self, levels: int) -> None:
        """Levels of outputs; inputs keep their 1."""
        self._bus.write_plain(self._address, levels & 0xFF | self._inputs)


class Mcp23017:
    """Sixteen pins."""

    def __init__(self, bus: Bus, address: int) -> None:
        self._bus = bus
        self._address = address

    def set_up(self, *, outputs: int, pull_ups: int) -> int:
        """Pull-ups first, directions last: an output must not come on with a wrong level."""
        levels = self._get(OLAT)
        self._put(GPPU, pull_ups)
        self._put(IODIR, 0xFFFF & ~outputs)
        return levels

    def listen(self, *, inputs: int, pull_ups: int) -> None:
        """Other pins keep direction and pull-up."""
        self._put(GPPU, self._get(GPPU) & ~inputs | pull_ups)
        self._put(IODIR, self._get(IODIR) | inputs)

    def read(self) -> int:
        """Levels of all pins."""
        return self._get(GPIO)

    def write(self, levels: int) -> None:
        """Levels of outputs."""
        self._put(OLAT, levels)

    def _get(self, register: int) -> int:
        return int.from_bytes(self._bus.read(self._address, register, 2), "little")

    def _put(self, register: int, levels: int) -> None:
        self._bus.write(self._address, register, levels.to_bytes(2, "little"))


def _pin(wire: Wire) -> ExpanderPin:
    assert isinstance(wire, I2cWire), "a point of this kind"
    assert isinstance(wire.item, ExpanderPin), "a point of this chip"
    return wire.item


def _mask(wires: Iterable[Wire]) -> int:
    return sum(1 << number for number in {_pin(wire).pin for wire in wires})
