"""BME680: temperature, humidity, pressure and gas, measured together in forced mode.

Source: Bosch BST-BME680-DS001 (data sheet 1.9): 3.2.1 quick start, 3.3.1 to 3.3.5 compensation in floating point, 3.4
gas resistance, 5.2 and 5.3 registers. The gas value is a resistance: it falls as the air gets worse.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runtime.core.fault import DriverFault
from runtime.drivers.i2c.bus import Bus
from runtime.iomap.i2citem import SensorQuantity
from runtime.iomap.wire import I2cWire, Wire

CHIP_ID, CHIP_ID_REGISTER = 0x61, 0xD0
VARIANT_BME680, VARIANT_REGISTER = 0x00, 0xF0
RES_HEAT_0, GAS_WAIT_0, CTRL_GAS_1, CTRL_HUM, CTRL_MEAS = 0x5A, 0x64, 0x71, 0x72, 0x74
STATUS, FIELD_BYTES = 0x1D, 15
NEW_DATA = 0x80
RUN_GAS = 0x10
GAS_VALID, HEATER_STABLE = 0x20, 0x10
OVERSAMPLE_HUMIDITY_1, OVERSAMPLE_TEMPERATURE_2, OVERSAMPLE_PRESSURE_16 = 1, 2 << 5, 5 << 2
FORCED = 1
HEATER_C, HEATER_MS_CODE = 320.0, 0x59
"""A hot plate of 320 °C for 100 ms (0x59: 25 ms times 4), as in 3.2.1."""
MEASURING_S, LOOK_S, LOOKS_MAX = 0.19, 0.01, 20
"""100 ms of heating, about 45 ms of measuring with this oversampling (3.2.1), some to spare."""
LOW_BLOCK, LOW_BYTES, HIGH_BLOCK, HIGH_BYTES = 0x8A, 23, 0xE1, 14
_K1 = (0, 0, 0, 0, 0, -1.0, 0, -0.8, 0, 0, -0.2, -0.5, 0, -1.0, 0, 0)
_K2 = (0, 0, 0, 0, 0.1, 0.7, 0, -0.8, -0.1, 0, 0, 0, 0, 0, 0, 0)
"""Percent by which the ranges of the gas converter are off (3.4.1)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers that the maker has burnt into this chip (5.2, tables 11 to 14 and 3.3.5)."""

    t: tuple[int, int, int]
    p: tuple[int, ...]
    h: tuple[int, ...]
    g: tuple[int, int, int]
    heat_range: int
    heat_value: int
    range_error: int


@dataclass(frozen=True, slots=True)
class RawField:
    """One measurement as the converters gave it. `gas` None: the hot plate was not stable."""

    temperature: int
    pressure: int
    humidity: int
    gas: int | None
    gas_range: int


def read_calibration(low: bytes, high: bytes, heat_value: int, heat_range: int, range_error: int) -> Calibration:
    """`low` from register 0x8A, `high` from 0xE1; the rest are bytes 0x00, 0x02 and 0x04."""
    return Calibration(
        t=(_u16(high, 8), _s16(low, 0), _s8(low[2])),
        p=(
            _u16(low, 4), _s16(low, 6), _s8(low[8]), _s16(low, 10), _s16(low, 12),
            _s8(low[15]), _s8(low[14]), _s16(low, 18), _s16(low, 20), low[22],
        ),
        h=(high[2] << 4 | high[1] & 0x0F, high[0] << 4 | high[1] >> 4, _s8(high[3]), _s8(high[4]), _s8(high[5]),
           high[6], _s8(high[7])),
        g=(_s8(high[12]), _s16(high, 10), _s8(high[13])),
        heat_range=heat_range >> 4 & 3,
        heat_value=_s8(heat_value),
        range_error=_s8(range_error) >> 4,
    )  # fmt: skip


def read_field(field: bytes) -> RawField:
    """The registers from meas_status_0 (0x1D) on."""
    stable = field[14] & GAS_VALID and field[14] & HEATER_STABLE
    return RawField(
        pressure=field[2] << 12 | field[3] << 4 | field[4] >> 4,
        temperature=field[5] << 12 | field[6] << 4 | field[7] >> 4,
        humidity=field[8] << 8 | field[9],
        gas=field[13] << 2 | field[14] >> 6 if stable else None,
        gas_range=field[14] & 0x0F,
    )


def compensate(raw: RawField, cal: Calibration) -> dict[str, float | None]:
    """°C, % relative humidity, hPa, ohm (3.3.1 to 3.3.4, 3.4.1)."""
    fine = _fine_temperature(raw.temperature, cal)
    temperature_c = fine / 5120.0
    return {
        "temperature": temperature_c,
        "pressure": _pressure_pa(raw.pressure, fine, cal.p) / 100.0,
        "humidity": min(max(_humidity_pct(raw.humidity, temperature_c, cal.h), 0.0), 100.0),
        "gas": None if raw.gas is None else _gas_ohm(raw.gas, raw.gas_range, cal.range_error),
    }


def heater_code(target_c: float, ambient_c: float, cal: Calibration) -> int:
    """The byte of res_heat_0 for a hot plate of that temperature (3.3.5)."""
    g1, g2, g3 = cal.g
    cold = (g1 / 16.0 + 49.0) * (1.0 + (g2 / 32768.0 * 0.0005 + 0.00235) * target_c)
    whole = (cold + g3 / 1024.0 * ambient_c) * (4.0 / (4.0 + cal.heat_range)) / (1.0 + cal.heat_value * 0.002)
    return min(max(int(3.4 * (whole - 25.0)), 0), 255)


class Bme680:
    """One sensor."""

    def __init__(self, bus: Bus, address: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._address = address
        self._sleep = sleep
        self._calibration: Calibration | None = None
        self._ambient_c = 25.0

    def open(self) -> None:
        """Raises DriverFault when another chip answers."""
        told = self._byte(CHIP_ID_REGISTER)
        if told != CHIP_ID:
            what = f"the chip says 0x{told:02X}, a BME680 says 0x{CHIP_ID:02X}"
            raise DriverFault(what, where=self._bus.where(self._address), mend="is it another sensor?")
        if self._byte(VARIANT_REGISTER) != VARIANT_BME680:
            what = "the chip is a BME688, whose gas value is computed in another way"
            raise DriverFault(what, where=self._bus.where(self._address), mend="use a BME680")
        low = self._bus.read(self._address, LOW_BLOCK, LOW_BYTES)
        high = self._bus.read(self._address, HIGH_BLOCK, HIGH_BYTES)
        self._calibration = read_calibration(low, high, self._byte(0x00), self._byte(0x02), self._byte(0x04))

    def sample(self, wires: Sequence[Wire]) -> list[float | None]:
        """One measurement, and of it what is asked for."""
        cal = self._calibration
        assert cal is not None, "opened before it is asked"
        measured = compensate(self._measure(cal), cal)
        self._ambient_c = measured["temperature"] or self._ambient_c
        return [measured[_quantity(wire)] for wire in wires]

    def write(self, wire: Wire, raw: float) -> None:
        """The chip has no outputs: the map was refused."""
        raise AssertionError(f"no output: {wire} = {raw}")

    def _measure(self, cal: Calibration) -> RawField:
        settings = (
            (CTRL_HUM, OVERSAMPLE_HUMIDITY_1),
            (RES_HEAT_0, heater_code(HEATER_C, self._ambient_c, cal)),
            (GAS_WAIT_0, HEATER_MS_CODE),
            (CTRL_GAS_1, RUN_GAS),
            (CTRL_MEAS, OVERSAMPLE_TEMPERATURE_2 | OVERSAMPLE_PRESSURE_16 | FORCED),
        )
        for register, value in settings:
            self._bus.write(self._address, register, bytes([value]))
        self._sleep(MEASURING_S)
        for _ in range(LOOKS_MAX):
            field = self._bus.read(self._address, STATUS, FIELD_BYTES)
            if field[0] & NEW_DATA:
                return read_field(field)
            self._sleep(LOOK_S)
        raise DriverFault("no measurement comes", where=self._bus.where(self._address))

    def _byte(self, register: int) -> int:
        return self._bus.read(self._address, register, 1)[0]


def _quantity(wire: Wire) -> str:
    assert isinstance(wire, I2cWire), "a point of this kind"
    assert isinstance(wire.item, SensorQuantity), "a point of this chip"
    return wire.item.quantity


def _fine_temperature(adc: int, cal: Calibration) -> float:
    t1, t2, t3 = cal.t
    coarse = adc / 131072.0 - t1 / 8192.0
    return (adc / 16384.0 - t1 / 1024.0) * t2 + coarse * coarse * t3 * 16.0


def _pressure_pa(adc: int, fine: float, p: tuple[int, ...]) -> float:
    var1 = fine / 2.0 - 64000.0
    var2 = var1 * var1 * p[5] / 131072.0 + var1 * p[4] * 2.0
    var2 = var2 / 4.0 + p[3] * 65536.0
    var1 = (p[2] * var1 * var1 / 16384.0 + p[1] * var1) / 524288.0
    var1 = (1.0 + var1 / 32768.0) * p[0]
    if var1 == 0:
        return 0.0
    pa = (1048576.0 - adc - var2 / 4096.0) * 6250.0 / var1
    var1 = p[8] * pa * pa / 2147483648.0
    var2 = pa * p[7] / 32768.0
    var3 = (pa / 256.0) ** 3 * p[9] / 131072.0
    return pa + (var1 + var2 + var3 + p[6] * 128.0) / 16.0


def _humidity_pct(adc: int, temperature_c: float, h: tuple[int, ...]) -> float:
    var1 = adc - (h[0] * 16.0 + h[2] / 2.0 * temperature_c)
    slope = 1.0 + h[3] / 16384.0 * temperature_c + h[4] / 1048576.0 * temperature_c * temperature_c
    var2 = var1 * h[1] / 262144.0 * slope
    return var2 + (h[5] / 16384.0 + h[6] / 2097152.0 * temperature_c) * var2 * var2


def _gas_ohm(adc: int, gas_range: int, range_error: int) -> float:
    var1 = 1340.0 + 5.0 * range_error
    var2 = var1 * (1.0 + _K1[gas_range] / 100.0)
    var3 = 1.0 + _K2[gas_range] / 100.0
    return 1.0 / (var3 * 0.000000125 * (1 << gas_range) * ((adc - 512.0) / var2 + 1.0))


def _s8(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _u16(block: bytes, at: int) -> int:
    return int.from_bytes(block[at : at + 2], "little")


def _s16(block: bytes, at: int) -> int:
    return int.from_bytes(block[at : at + 2], "little", signed=True)
