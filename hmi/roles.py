"""Which tag plays which part on the overview. The names are those that every Voltscan site uses for its devices."""

import re

GRID_KW = "grid_meter_1.p_kw"
"""Positive: import."""
GRID_HZ = "grid_meter_1.f_hz"
PV_KW = "pv_meter_1.p_kw"
"""Positive: production."""
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
GRID_TARGET_COMMAND = "command_grid_target_1.value"
MODE_COMMAND = "command_mode_1.value"

ERROR_WORDS = (
    (1, "inverter reports an error"),
    (2, "all racks report a fault"),
    (4, "racks do not connect"),
    (8, "inverter does not start"),
    (16, "error in the program"),
)
"""Bits of ERROR_BITS (programs/plant/state_machine.st, PLANT_STATE_MACHINE.error_bits)."""

_RACK = re.compile(r"^(battery_(\d+))\.soc_pct$")


def errors_of(bits: int) -> list[str]:
    """The errors that are set, in words; a bit without words by its number."""
    known = [word for bit, word in ERROR_WORDS if bits & bit]
    rest = bits & ~sum(bit for bit, _ in ERROR_WORDS)
    return known + ([f"error bits 16#{rest:X}"] if rest else [])


def racks(names: list[str]) -> list[str]:
    """The battery racks among tag names, by number: `battery_1`, `battery_2`, …"""
    found = {(int(m[2]), m[1]) for name in names if (m := _RACK.match(name))}
    return [rack for _, rack in sorted(found)]
