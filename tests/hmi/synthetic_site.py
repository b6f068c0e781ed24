"""A made-up site for tests and measurements: deterministic frames of the wire protocol."""

import math
from datetime import UTC
from typing import Any

from hmi.clock import Clock

T0_NS = 1_772_366_400_000_000_000
"""2026-03-01 12:00:00 UTC."""
SECOND_NS = 1_000_000_000


class FixedClock:
    """Stands still until told."""

    def __init__(self, wall_ns: int = T0_NS) -> None:
        self.wall_ns = wall_ns

    def advance(self, seconds: float) -> None:
        self.wall_ns += int(seconds * SECOND_NS)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.wall_ns - T0_NS + SECOND_NS, lambda: self.wall_ns, UTC)


def plant(second: int) -> dict[str, float]:
    """Powers of the site at a second: PV with clouds, load with steps, inverter that follows, grid what is left."""
    cloud = 0.75 + 0.25 * math.sin(second / 47) * math.sin(second / 19 + 1)
    pv_kw = 41.0 * cloud
    load_kw = 28.0 + (32.0 if second // 150 % 2 else 0.0) + 1.5 * math.sin(second / 7)
    since_step_s = second % 150
    lag = math.exp(-since_step_s / 4) * (32.0 if second // 150 % 2 else -32.0) if second >= 150 else 0.0
    p_set_kw = load_kw - pv_kw
    p_kw = p_set_kw - lag
    return {"pv_kw": pv_kw, "load_kw": load_kw, "p_set_kw": p_set_kw, "p_kw": p_kw, "grid_kw": load_kw - pv_kw - p_kw}


def status_frame(second: int = 600, **changes: Any) -> dict[str, Any]:
    """A status frame of normal operation; `changes` replace its fields, `view` is merged."""
    now = plant(second)
    soc_pct = 63.4 - second / 600 * 1.9 + 0.2 * math.sin(second / 60)
    view: dict[str, Any] = {
        "plant_1.state": "RUN",
        "plant_1.phase": "READY",
        "plant_1.mode": "SELF_CONSUMPTION",
        "plant_1.soc_pct": round(soc_pct, 3),
        "plant_1.p_set_kw": round(now["p_set_kw"], 3),
        "plant_1.p_min_kw": -100.0,
        "plant_1.p_max_kw": 86.5,
        "plant_1.limited_by": "NONE",
        "plant_1.error_bits": 0,
        "parameters_1.rated_kw": 100.0,
        "grid_target_1_kw": 0.0,
        "grid_meter_1.p_kw": round(now["grid_kw"], 3),
        "grid_meter_1.f_hz": round(50.0 + 0.02 * math.sin(second / 11), 3),
        "grid_meter_1.u_l1_v": 231.2,
        "pv_meter_1.p_kw": round(now["pv_kw"], 3),
        "site_load_1.good": True,
        "site_load_1.p_kw": round(now["load_kw"], 3),
        "inverter_1.p_kw": round(now["p_kw"], 3),
    }
    for rack, offset in (("battery_1", -0.6), ("battery_2", 0.6)):
        view |= {
            f"{rack}.soc_pct": round(soc_pct + offset, 2),
            f"{rack}.u_v": round(792.4 + offset, 1),
            f"{rack}.i_a": round(now["p_kw"] / 2 / 0.7924, 1),
            f"{rack}.state": "CONNECTED",
            f"{rack}.cell_u_min_mv": 3298.0,
            f"{rack}.cell_u_max_mv": 3312.0,
            f"{rack}.cell_t_min_c": 24.0,
            f"{rack}.cell_t_max_c": 27.0,
        }
    frame: dict[str, Any] = {
        "t_wall_ns": T0_NS + second * SECOND_NS,
        "site": "demo",
        "scan_no": 1_000_000 + second * 100,
        "cycle_ns": 10_000_000,
        "scanning": True,
        "driving": True,
        "fault_stop": False,
        "faults": [],
        "overruns": 0,
        "skipped": 0,
        "release_delay": {"p50_ns": 26_100, "p99_ns": 210_000, "max_ns": 1_840_000},
        "execution": {"p50_ns": 48_200, "p99_ns": 61_000, "max_ns": 402_000},
        "load_pct": 0.52,
        "bad_inputs": [],
        "bad_devices": [],
        "forces": [],
        "program": {"number": 1, "hash": "5f0c2a9d11aa", "since_wall_ns": T0_NS, "by": ""},
        "view": view,
    }
    view |= changes.pop("view", {})
    return frame | changes


_METER = [
    ("p_kw", "kW"),
    ("q_kvar", "kvar"),
    ("u_l1_v", "V"),
    ("u_l2_v", "V"),
    ("u_l3_v", "V"),
    ("i_l1_a", "A"),
    ("i_l2_a", "A"),
    ("i_l3_a", "A"),
    ("f_hz", "Hz"),
    ("e_import_kwh", "kWh"),
    ("e_export_kwh", "kWh"),
]
_INVERTER = [
    ("p_kw", "kW"),
    ("q_kvar", "kvar"),
    ("s_kva", "kVA"),
    ("f_hz", "Hz"),
    ("u_l1_v", "V"),
    ("u_l2_v", "V"),
    ("u_l3_v", "V"),
    ("i_l1_a", "A"),
    ("i_l2_a", "A"),
    ("i_l3_a", "A"),
    ("dc_u_v", "V"),
    ("dc_i_a", "A"),
    ("t_igbt_c", "°C"),
]
_RACK = [
    ("soc_pct", "%"),
    ("soh_pct", "%"),
    ("u_v", "V"),
    ("i_a", "A"),
    ("cell_u_min_mv", "mV"),
    ("cell_u_max_mv", "mV"),
    ("cell_t_min_c", "°C"),
    ("cell_t_max_c", "°C"),
    ("charge_i_max_a", "A"),
    ("discharge_i_max_a", "A"),
    ("charge_u_max_v", "V"),
    ("discharge_u_min_v", "V"),
]
_RACK_STATES = ["STANDBY", "READY", "CONNECTED", "FAULT"]
_MODES = ["PASSIVE", "SELF_CONSUMPTION"]


def tags(extra: int = 0) -> list[dict[str, Any]]:
    """The tags of the site, with `extra` more REAL inputs."""
    found = []
    for device in ("grid_meter_1", "pv_meter_1"):
        found += [_input(f"{device}.{name}", unit, device) for name, unit in _METER]
    found += [_input(f"inverter_1.{name}", unit, "inverter_1") for name, unit in _INVERTER]
    found.append(_input("inverter_1.running", "", "inverter_1", type="BOOL"))
    found.append(
        _input(
            "inverter_1.p_set_kw",
            "kW",
            "inverter_1",
            direction="output",
            minimum=-100.0,
            maximum=100.0,
            fail_safe=0.0,
            comment="active power setpoint, + is discharge",
        )
    )
    found.append(_input("inverter_1.start_cmd", "", "inverter_1", type="BOOL", direction="output", fail_safe=False))
    for device in ("battery_1", "battery_2"):
        found += [_input(f"{device}.{name}", unit, device) for name, unit in _RACK]
        found.append(_input(f"{device}.state", "", device, type="RACK_STATE", labels=_RACK_STATES))
        found.append(_input(f"{device}.connect_cmd", "", device, type="BOOL", direction="output", fail_safe=False))
    found += [
        _held("site_load_1.p_kw", "kW", comment="load of the site: grid + PV + inverter"),
        _held("plant_1.state", "", type="SYSTEM_STATE", labels=["INIT", "RUN", "ERROR"]),
        _held("plant_1.mode", "", type="CONTROL_MODE", labels=_MODES),
        _held("plant_1.soc_pct", "%"),
        _held("plant_1.p_set_kw", "kW"),
        _held("plant_1.p_min_kw", "kW"),
        _held("plant_1.p_max_kw", "kW"),
        _held("plant_1.limited_by", "", type="LIMIT_SOURCE", labels=["NONE", "INVERTER_RATING", "BMS_DISCHARGE"]),
        _held("command_mode_1.value", "", type="CONTROL_MODE", labels=_MODES, direction="request"),
        _held("command_grid_target_1.value", "kW", direction="request", minimum=-50.0, maximum=50.0),
        _held("grid_target_1_kw", "kW", comment="wanted exchange with the grid, + = import"),
        _held("parameters_1.rated_kw", "kW", comment="rating of the inverter"),
        _held("parameters_1.ramp_kw_per_s", "kW/s"),
    ]
    found += [_input(f"spare_{n}.value", "V", f"spare_{n}") for n in range(extra)]
    return found


def _input(name: str, unit: str, device: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "REAL",
        "unit": unit,
        "comment": "",
        "direction": "input",
        "forceable": True,
        "device": device,
    } | more


def _held(name: str, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "REAL",
        "unit": unit,
        "comment": "",
        "direction": "internal",
        "forceable": False,
    } | more


def tags_frame(infos: list[dict[str, Any]], second: float = 600.0, **readings: list[Any]) -> dict[str, Any]:
    """Values of all tags; `readings` replaces whole rows by tag name."""
    view = status_frame(int(second))["view"]
    rows = []
    for place, info in enumerate(infos):
        value: Any = view.get(info["name"])
        if value is None:
            value = _made_up(info, place, second)
        age_ms = 120 if info["direction"] == "input" else 5
        rows.append(readings.get(info["name"], [value, 2, age_ms, 0]))
    return {"t_wall_ns": T0_NS + int(second * SECOND_NS), "values": rows}


def _made_up(info: dict[str, Any], place: int, second: float) -> Any:
    if "labels" in info:
        return info["labels"][-1]
    if info["type"] == "BOOL":
        return True
    return round(100 + place + 5 * math.sin(second / (3 + place % 7)), 3)


def _spread(p50_ns: int, *, count: int) -> dict[str, int]:
    ratios = {"p50_ns": 1.0, "p90_ns": 1.2, "p99_ns": 1.7, "p999_ns": 2.9, "p9999_ns": 6.0, "max_ns": 9.0}
    return {"count": count} | {name: int(p50_ns * ratio) for name, ratio in ratios.items()}


STATS: dict[str, Any] = {
    "cycle_ns": 10_000_000,
    "scan_no": 1_060_000,
    "overruns": 0,
    "skipped": 0,
    "release_delay": {
        "count": 60_000,
        "p50_ns": 26_100,
        "p90_ns": 61_400,
        "p99_ns": 210_000,
        "p999_ns": 655_000,
        "p9999_ns": 1_310_000,
        "max_ns": 1_840_000,
    },
    "execution": {
        "count": 60_000,
        "p50_ns": 48_200,
        "p90_ns": 52_300,
        "p99_ns": 61_000,
        "p999_ns": 98_000,
        "p9999_ns": 230_000,
        "max_ns": 402_000,
    },
    "period_error": {
        "count": 60_000,
        "p50_ns": 12_000,
        "p90_ns": 40_000,
        "p99_ns": 190_000,
        "p999_ns": 600_000,
        "p9999_ns": 1_300_000,
        "max_ns": 1_800_000,
    },
    "phases": {
        "latch": _spread(2_100, count=60_000),
        "commands": _spread(60, count=60_000),
        "run": _spread(38_400, count=60_000),
        "publish": _spread(5_200, count=60_000),
    },
    "tasks": [
        {"name": "fast", "interval_ns": 10_000_000, "runs": 60_000, "execution": _spread(21_000, count=60_000)},
        {
            "name": "slow",
            "interval_ns": 100_000_000,
            "runs": 6_000,
            "overruns": 2,
            "cuts": 1,
            "faults": 1,
            "execution": _spread(160_000, count=6_000),
        },
    ],
}

FAULTS: dict[str, Any] = {
    "faults": [
        {
            "scan": 1_058_990,
            "file": "programs/sites/demo.st",
            "line": 131,
            "statement": "p_kw := row[n];",
            "values": [
                {"name": "demo.p_kw", "value": 0.0, "type": "REAL"},
                {"name": "demo.n", "value": 9, "type": "INT"},
            ],
        }
    ]
}

EVENTS: list[dict[str, Any]] = [
    {"id": 1, "t_wall_ns": T0_NS, "severity": "info", "source": "supervisor", "text": "site demo started"},
    {
        "id": 2,
        "t_wall_ns": T0_NS + 1 * SECOND_NS,
        "severity": "info",
        "source": "scan",
        "text": "scanning every 10 ms, SCHED_FIFO 60",
    },
    {
        "id": 3,
        "t_wall_ns": T0_NS + 2 * SECOND_NS,
        "severity": "warning",
        "source": "io",
        "text": "pv_meter_1 does not answer (127.0.0.1:15021 unit 2): inputs BAD",
    },
    {
        "id": 4,
        "t_wall_ns": T0_NS + 4 * SECOND_NS,
        "severity": "info",
        "source": "io",
        "text": "pv_meter_1 answers again",
    },
    {
        "id": 5,
        "t_wall_ns": T0_NS + 290 * SECOND_NS,
        "severity": "error",
        "source": "io",
        "text": "battery_2: life counter stands for 2 s, inputs BAD",
    },
    {"id": 6, "t_wall_ns": T0_NS + 312 * SECOND_NS, "severity": "info", "source": "io", "text": "battery_2 is back"},
    {
        "id": 7,
        "t_wall_ns": T0_NS + 540 * SECOND_NS,
        "severity": "info",
        "source": "operator",
        "text": "command mode = SELF_CONSUMPTION by hmi-4711: done",
    },
]


def history(seconds: int = 600, **last: Any) -> list[tuple[str, dict[str, Any]]]:
    """A status frame a second; the last one with changes."""
    return [("status", status_frame(s)) for s in range(1, seconds)] + [("status", status_frame(seconds, **last))]


IO: dict[str, Any] = {
    "t_ns": 0,
    "age_ms": 300,
    "devices": [
        {
            "name": name, "link": link, "connected": name != "battery_2", "requests": 41_000 + n, "errors": n,
            "round_trip_ns": 0 if link == "racks" else 1_400_000, "good_ns": 1,
        }
        for n, (name, link) in enumerate(
            [("grid_meter_1", "meters"), ("inverter_1", "inverter"), ("battery_1", "racks"), ("battery_2", "racks")]
        )
    ],
    "buses": [
        {
            "link": "racks", "error_frames": 12, "bus_off_count": 1, "restarts": 1, "overflows": 0,
            "tx_errors": 136, "rx_errors": 3, "passive": True, "off": False,
        },
    ],
}  # fmt: skip
"""The reply to `io`."""
