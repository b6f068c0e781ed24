"""ADS1115, a 16-bit converter with four inputs: one conversion a sample. Source: TI SBAS444E, 8.6 (register map)."""

import time
from collections.abc import Callable, Sequence

from runtime.core.fault import DriverFault
from runtime.drivers.i2c.bus import Bus
from runtime.drivers.i2c.ntc import temperature_c
from runtime.iomap.i2citem import AdcChannel
from runtime.iomap.wire import I2cWire, Wire

CONVERSION, CONFIG = 0x00, 0x01
START_OR_DONE = 0x8000
"""Config bit 15: written, it starts a conversion; read, it says that none is going on."""
SINGLE_SHOT = 0x0100
NO_COMPARATOR = 0x0003
INPUTS = {"0-1": 0, "0-3": 1, "1-3": 2, "2-3": 3, "0": 4, "1": 5, "2": 6, "3": 7}
RANGES = {6.144: 0, 4.096: 1, 2.048: 2, 1.024: 3, 0.512: 4, 0.256: 5}
RATES = {8: 0, 16: 1, 32: 2, 64: 3, 128: 4, 250: 5, 475: 6, 860: 7}
FULL_SCALE = 32768
CLOCK_ERROR = 1.2
"""The oscillator is up to 10 % off (7.5, data rate variation); as much again to spare."""
LOOKS_MAX = 5


def config_of(item: AdcChannel) -> int:
    """The Config register that starts one conversion of the channel."""
    choice = INPUTS[item.channel] << 12 | RANGES[item.range_v] << 9 | RATES[item.rate_hz] << 5
    return START_OR_DONE | SINGLE_SHOT | NO_COMPARATOR | choice


class Ads1115:
    """One converter."""

    def __init__(self, bus: Bus, address: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._address = address
        self._sleep = sleep

    def open(self) -> None:
        """See whether it answers."""
        self._bus.read(self._address, CONFIG, 2)

    def sample(self, wires: Sequence[Wire]) -> list[float | None]:
        """Volts, or °C of a thermistor, of each channel in turn."""
        return [
            self._convert(wire.item)
            for wire in wires
            if isinstance(wire, I2cWire) and isinstance(wire.item, AdcChannel)
        ]

    def write(self, wire: Wire, raw: float) -> None:
        """The chip has no outputs: the map was refused."""
        raise AssertionError(f"no output: {wire} = {raw}")

    def _convert(self, item: AdcChannel) -> float | None:
        self._bus.write(self._address, CONFIG, config_of(item).to_bytes(2, "big"))
        for _ in range(LOOKS_MAX):
            self._sleep(CLOCK_ERROR / item.rate_hz)
            if int.from_bytes(self._bus.read(self._address, CONFIG, 2), "big") & START_OR_DONE:
                count = int.from_bytes(self._bus.read(self._address, CONVERSION, 2), "big", signed=True)
                return _value(item, count)
        raise DriverFault("the converter does not finish", where=self._bus.where(self._address))


def _value(item: AdcChannel, count: int) -> float | None:
    """A count at either end is beyond the range: no value."""
    if count in (FULL_SCALE - 1, -FULL_SCALE):
        return None
    volts = count * item.range_v / FULL_SCALE
    return volts if item.ntc is None else temperature_c(item.ntc, volts)
