"""Which tag plays which part on the overview. The names are those that every Voltscan site uses for its devices."""

import re

GRID_KW = "grid_meter_1.p_kw"
"""Positive: import."""
GRID_HZ = "grid_meter_1.f_hz"
PV_KW = "pv_meter_1.p_kw"
"""Positive: production."""
WIND_KW = "wind_meter_1.p_kw"
"""Positive: production. Few sites have one: without this tag there is no box for it."""
LOAD_KW = "site_load_1.p_kw"
"""Positive: consumption."""
INVERTER_KW = "inverter_1.p_kw"
"""Positive: discharge of the battery into the site."""

LOAD_GOOD = "site_load_1.good"
"""FALSE: the load is the last good value (the load is computed, it has no quality of its own)."""

STATE = "plant_1.state"
PHASE = "plant_1.phase"
MODE = "plant_1.mode"
SOC_PCT = "plant_1.soc_pct"
P_SET_KW = "plant_1.p_set_kw"
P_MIN_KW = "plant_1.p_min_kw"
P_MAX_KW = "plant_1.p_max_kw"
LIMITED_BY = "plant_1.limited_by"
ERROR_BITS = "plant_1.error_bits"
RATED_KW = "parameters_1.rated_kw"
GRID_TARGET_KW = "grid_target_1_kw"
"""Wanted exchange with the grid; positive: import."""
TEST_ROWS_MAX = 20
"""Rows of an exercise (EXERCISE_STATUS)."""
STEP = "plant_1.step"
TESTED = (STATE, STEP, MODE, P_SET_KW, LIMITED_BY, SOC_PCT, INVERTER_KW, RATED_KW)
"""What test mode moves, and what bounds it."""
GRID_TARGET_COMMAND = "command_grid_target_1.value"
MODE_COMMAND = "command_mode_1.value"

ERROR_WORDS = (
    "inverter reports an error",
    "all racks report a fault",
    "racks do not connect",
    "inverter does not start",
    "error in the program",
    "emergency stop",
    "cell voltage critically low",
    "cell voltage critically high",
    "cell temperature too high",
    "cell temperature too low",
    "battery current too high",
    "inverter current too high",
    "inverter too hot",
    "inverter does not stop",
    "grid is lost",
    "frequency too low",
    "frequency too high",
    "a rack reports a fault",
    "a rack does not answer",
    "inverter does not answer",
    "grid meter does not answer",
    "a BMS stays inactive",
    "no fresh state of charge",
    "state of charge has drifted",
    "cells are out of balance",
    "a reading cannot be true",
    "humidity out of limits",
    "inverter has lost the heartbeat",
    "parameters contradict each other",
    "CAN bus",
    "Modbus",
    "computer warns",
)
"""Bits of ERROR_BITS from the lowest (programs/plant/error_catalogue.st)."""

_RACK = re.compile(r"^(battery_(\d+))\.soc_pct$")


def errors_of(bits: int) -> list[str]:
    """The errors that are set, in words; a bit without words by its number."""
    known = [word for number, word in enumerate(ERROR_WORDS) if bits >> number & 1]
    rest = bits >> len(ERROR_WORDS) << len(ERROR_WORDS)
    return known + ([f"error bits 16#{rest:X}"] if rest else [])


def racks(names: list[str]) -> list[str]:
    """The battery racks among tag names, by number: `battery_1`, `battery_2`, …"""
    found = {(int(m[2]), m[1]) for name in names if (m := _RACK.match(name))}
    return [rack for _, rack in sorted(found)]
