"""What I2C adds to the tables of site maps and profiles."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from runtime.iomap.i2citem import AdcInput, ChipName, Ntc, Quantity, Width
from runtime.iomap.kinds.playedat import PlayedAtLink
from runtime.iomap.plan.settings import I2cSettings, LinkSettings
from runtime.iomap.profiles.profile import Point, Profile, Strict
from runtime.iomap.sites.sitemap import Device

Address = Annotated[int, Field(ge=0x03, le=0x77)]
Byte = Annotated[int, Field(ge=0, le=255)]
RANGES_V = (0.256, 0.512, 1.024, 2.048, 4.096, 6.144)
"""ADS1115 datasheet (SBAS444), Config register, field PGA: full scale, plus and minus."""
ABSOLUTE_ZERO_C = -273.15


def _range(range_v: float) -> float:
    if range_v not in RANGES_V:
        raise ValueError(f"the chip's ranges are {', '.join(map(str, RANGES_V))} V")
    return range_v


class I2cLink(PlayedAtLink):
    """A bus of the host: /dev/i2c-`bus`."""

    kind: Literal["i2c"]
    bus: Annotated[int, Field(ge=0, le=255)]

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return I2cSettings(bus=self.bus, played_at=self.played_at)

    def endpoint(self) -> tuple[object, ...]:
        """The bus, or who plays it."""
        return ("i2c", self.played_at or self.bus)


class I2cDevice(Device):
    """A chip. `address` stands above the profile's: most chips have a pin that chooses it."""

    address: Address | None = None


class Identity(Strict):
    """A register that tells the chip: another value there, and it is not this chip."""

    register_: Annotated[Byte, Field(alias="register")]
    value: Byte


class I2cRules(Strict):
    """Which chip it is, and the address that it has unless the site says another."""

    chip: ChipName
    address: Address
    identity: Identity | None = None


class NtcRules(Strict):
    """A thermistor in a divider with `series_ohm` fed with `supply_v`; `side`: its other end is at ground or supply.

    One of: `steinhart` = [A, B, C]; `r25_ohm` and `beta_k`; `table` = [[ohm, °C], …].
    """

    series_ohm: Annotated[float, Field(gt=0)]
    supply_v: Annotated[float, Field(gt=0)]
    side: Literal["ground", "supply"] = "ground"
    steinhart: Annotated[list[float] | None, Field(min_length=3, max_length=3)] = None
    r25_ohm: Annotated[float | None, Field(gt=0)] = None
    beta_k: Annotated[float | None, Field(gt=0)] = None
    table: Annotated[list[list[float]] | None, Field(min_length=2)] = None

    @model_validator(mode="after")
    def _has_one_law(self) -> Self:
        beta = self.r25_ohm is not None and self.beta_k is not None
        if (self.r25_ohm is None) != (self.beta_k is None):
            raise ValueError("r25_ohm and beta_k go together")
        if (self.steinhart is not None) + beta + (self.table is not None) != 1:
            raise ValueError("a thermistor's law is one of steinhart, r25_ohm with beta_k, table")
        for row in self.table or ():
            if len(row) != 2 or row[0] <= 0 or row[1] <= ABSOLUTE_ZERO_C:
                raise ValueError("a table of a thermistor is pairs [ohm, °C]")
        if self.table is not None and [row[1] for row in sorted(self.table)] != sorted(
            (row[1] for row in self.table), reverse=True
        ):
            raise ValueError("the resistance of an NTC falls as it gets warmer, in every row of the table")
        return self

    def ntc(self) -> Ntc:
        """The same as the driver takes it; a beta is a Steinhart-Hart law with B = 1/beta and C = 0."""
        steinhart: tuple[float, float, float] | None = None
        if self.steinhart is not None:
            steinhart = (self.steinhart[0], self.steinhart[1], self.steinhart[2])
        elif self.r25_ohm is not None and self.beta_k is not None:
            b = 1 / self.beta_k
            steinhart = (1 / (25.0 - ABSOLUTE_ZERO_C) - b * math.log(self.r25_ohm), b, 0.0)
        return Ntc(
            series_ohm=self.series_ohm,
            supply_v=self.supply_v,
            to_supply=self.side == "supply",
            steinhart=steinhart,
            table=tuple((row[0], row[1]) for row in sorted(self.table or [], reverse=True)),
        )


class I2cPoint(Point):
    """A value of the chip; which keys it has depends on the chip.

    BME680: `quantity`. ADS1115: `channel` ("0" against ground, "0-1" against another), `range_v`, `rate_hz`, `ntc`.
    registers: `register`, `width`, `byte_order`. PCF8574, MCP23017: `pin`, `active_low`, `pull_up` (MCP23017).
    """

    quantity: Quantity | None = None
    channel: AdcInput | None = None
    range_v: Annotated[float, AfterValidator(_range)] = 2.048
    rate_hz: Literal[8, 16, 32, 64, 128, 250, 475, 860] = 128
    ntc: NtcRules | None = None
    register_: Annotated[Byte | None, Field(alias="register")] = None
    width: Width | None = None
    byte_order: Literal["big", "little"] = "big"
    pin: Annotated[int | None, Field(ge=0, le=15)] = None
    active_low: bool = False
    pull_up: bool = False


class I2cProfile(Profile):
    """One chip, or a board with one."""

    i2c: I2cRules
    points: Annotated[Mapping[str, I2cPoint], Field(min_length=1)]
