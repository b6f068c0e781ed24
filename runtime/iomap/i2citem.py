"""What a value of an I2C chip is: a quantity of a sensor, a channel of an ADC, a register, a pin of an expander."""

from dataclasses import dataclass
from typing import Literal

ChipName = Literal["bme680", "ads1115", "registers", "pcf8574", "mcp23017"]
Quantity = Literal["temperature", "humidity", "pressure", "gas"]
AdcInput = Literal["0", "1", "2", "3", "0-1", "0-3", "1-3", "2-3"]
Width = Literal["u8", "i8", "u16", "i16", "u24", "i24", "u32", "i32"]


@dataclass(frozen=True, slots=True, kw_only=True)
class I2cChip:
    """A chip on a bus. `identity`: what a register must hold (register, value) for the chip to be the right one."""

    name: ChipName
    address: int
    identity: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ntc:
    """A thermistor in a divider with `series_ohm`, fed with `supply_v`; the ADC sees the voltage across it.

    `to_supply`: the thermistor is the upper half, so that the ADC sees the voltage across the resistor. Its law is
    `steinhart` (A, B, C in 1/K of the Steinhart-Hart equation) or `table`: pairs (ohm, °C) in falling order of ohms,
    between which ln R is interpolated.
    """

    series_ohm: float
    supply_v: float
    to_supply: bool = False
    steinhart: tuple[float, float, float] | None = None
    table: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorQuantity:
    """One of the quantities that the chip measures together, in °C, % relative humidity, hPa, ohm."""

    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class AdcChannel:
    """An input of an ADC against ground or another input. In volts, or with `ntc` in °C."""

    channel: AdcInput
    range_v: float
    rate_hz: int
    ntc: Ntc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipRegister:
    """A register of so many bytes."""

    register: int
    width: Width
    byte_order: Literal["big", "little"] = "big"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpanderPin:
    """A pin of an expander. `pull_up`: with the chip's own resistor (MCP23017)."""

    pin: int
    active_low: bool = False
    pull_up: bool = False


I2cItem = SensorQuantity | AdcChannel | ChipRegister | ExpanderPin
