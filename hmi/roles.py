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

STATE = "plant_1.state"
MODE = "plant_1.mode"
SOC_PCT = "plant_1.soc_pct"
P_SET_KW = "plant_1.p_set_kw"
P_MIN_KW = "plant_1.p_min_kw"
P_MAX_KW = "plant_1.p_max_kw"
LIMITED_BY = "plant_1.limited_by"
ERROR_BITS = "plant_1.error_bits"
RATED_KW = "parameters_1.rated_kw"
GRID_TARGET_KW = "command_grid_target_1.value"
MODE_COMMAND = "command_mode_1.value"

_RACK = re.compile(r"^(battery_(\d+))\.soc_pct$")


def racks(names: "list[str]") -> list[str]:
    """The battery racks among tag names, by number: `battery_1`, `battery_2`, …"""
    found = {(int(m[2]), m[1]) for name in names if (m := _RACK.match(name))}
    return [rack for _, rack in sorted(found)]
