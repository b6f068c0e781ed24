"""The temperature of a thermistor behind an ADC: the divider gives its resistance, its law the temperature."""

import itertools
import math

from runtime.iomap.i2citem import Ntc

ABSOLUTE_ZERO_C = -273.15


def temperature_c(ntc: Ntc, volts: float) -> float | None:
    """None where the voltage says that the wire is broken or shorted, or the table does not reach."""
    ohm = resistance_ohm(ntc, volts)
    if ohm is None:
        return None
    if ntc.steinhart is not None:
        return _steinhart_hart_c(ntc.steinhart, ohm)
    return _table_c(ntc.table, ohm)


def resistance_ohm(ntc: Ntc, volts: float) -> float | None:
    """Resistance of the thermistor in the divider, None at either end of the supply."""
    share = volts / ntc.supply_v
    if not 0.0 < share < 1.0:
        return None
    return ntc.series_ohm * ((1 - share) / share if ntc.to_supply else share / (1 - share))


def _steinhart_hart_c(law: tuple[float, float, float], ohm: float) -> float | None:
    """1/T = A + B ln R + C (ln R)^3 (Steinhart and Hart, Deep-Sea Research 15, 1968, p. 497)."""
    a, b, c = law
    log = math.log(ohm)
    inverse = a + b * log + c * log**3
    return 1 / inverse + ABSOLUTE_ZERO_C if inverse > 0 else None


def _table_c(table: tuple[tuple[float, float], ...], ohm: float) -> float | None:
    """Between the rows around it, linear in ln R; None outside of the table."""
    for (high_ohm, cold_c), (low_ohm, warm_c) in itertools.pairwise(table):
        if low_ohm <= ohm <= high_ohm:
            share = (math.log(high_ohm) - math.log(ohm)) / (math.log(high_ohm) - math.log(low_ohm))
            return cold_c + share * (warm_c - cold_c)
    return None
