"""How well a site is regulated: the figures that a closed loop is judged by, from its trace.

The scenarios are data: parameters of the simulated plant and load steps. Names are those of the demo sites.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from runtime.core.elementary import Value
from runtime.sim.loop.closed_loop import TIME_SLACK_S, ClosedLoop
from runtime.sim.loop.trace import Column, Trace

P_GRID = "plant/plant.p_grid_kw"
"""The true exchange at the connection point, kW, before any meter rounds it or is late with it."""
SET = "plant_1.p_set_kw"
RACKS = ("battery_1", "battery_2")
SOC = tuple(f"plant/plant.rack_{n}.soc_true_pct" for n in (1, 2))
OBSERVED = (
    P_GRID,
    SET,
    *SOC,
    *(f"plant/{rack}.{field}" for rack in RACKS for field in ("i_a", "charge_i_max_a", "discharge_i_max_a")),
)

START_S = 30.0
"""Bring-up and the rise of the BMS limits; figures count from here."""

LoopMaker = Callable[[int], ClosedLoop]
"""A fresh loop of the site for a seed of the poll phases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A run: parameters of both sides (`plant/` in front: the plant's), and changes at times (s after START_S)."""

    name: str
    seconds: float
    parameters: Mapping[str, Value] = field(default_factory=dict)
    load_steps: tuple[tuple[float, float], ...] = ()
    """(time, switched load in kW from then on)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a scenario gave. Samples are those of every scan."""

    scenario: str
    samples: int
    mean_abs_grid_kw: float
    settle_s: tuple[float, ...]
    """For each load step: from the step to the last sample outside the band, before the next step."""
    soc_lowest_pct: float
    soc_highest_pct: float
    soc_violations: int
    current_violations: int
    current_margin_a: float
    """Smallest distance of a flowing rack current from what its BMS allowed; below 0 is a violation."""
    faults: int


def weather_day(seconds: float = 600.0) -> Scenario:
    """Noon with clouds, a load that steps by up to half the rating at random, noise."""
    return Scenario(name="clouds and random load", seconds=seconds)


def load_steps(step_kw: float, *, every_s: float = 20.07, count: int = 6) -> Scenario:
    """A switched load of half the rating on and off, under clouds, no other steps."""
    steps = tuple((every_s * (n + 1), step_kw if n % 2 == 0 else 0.0) for n in range(count))
    parameters = {"plant/sim_parameters_1.load_steps": False, "plant/sim_parameters_1.load_start_kw": 25.0}
    return Scenario(name="load steps", seconds=every_s * (count + 1), parameters=parameters, load_steps=steps)


def into_the_lower_end(seconds: float = 600.0) -> Scenario:
    """Night, a nearly empty battery, no reserve: the load pulls it to soc_min through the BMS's derating."""
    return Scenario(
        name="discharge to the lower end",
        seconds=seconds,
        parameters={
            "parameters_1.reserve_soc_pct": 0.0,
            "parameters_1.soc_low_pct": 5.0,
            "parameters_1.recover_by_itself": False,
            "plant/sim_parameters_1.start_hour": 0.0,
            "plant/sim_parameters_1.load_start_kw": 70.0,
            "plant/sim_parameters_1.load_steps": False,
            "plant/sim_parameters_1.soc_start_1_pct": 8.0,
            "plant/sim_parameters_1.soc_start_2_pct": 7.0,
        },
    )


def into_the_upper_end(seconds: float = 600.0) -> Scenario:
    """Noon, a nearly full battery, soc_max 98 %: the sun pushes it through the BMS's derating."""
    return Scenario(
        name="charge to the upper end",
        seconds=seconds,
        parameters={
            "parameters_1.soc_max_pct": 98.0,
            "parameters_1.soc_high_pct": 98.0,
            "plant/sim_parameters_1.clouds": False,
            "plant/sim_parameters_1.load_start_kw": 5.0,
            "plant/sim_parameters_1.load_steps": False,
            "plant/sim_parameters_1.soc_start_1_pct": 95.0,
            "plant/sim_parameters_1.soc_start_2_pct": 94.0,
        },
    )


def measure(make_loop: LoopMaker, scenario: Scenario, *, seed: int, band_kw: float) -> tuple[Figures, Trace]:
    """Run a scenario and judge it. `band_kw`: a step has settled when the grid exchange stays within it."""
    loop = make_loop(seed)
    for name, value in scenario.parameters.items():
        loop.write(name, value)
    loop.write("plant/sim_parameters_1.seed", seed)
    at = [(START_S + t_s, _switch_load(p_kw)) for t_s, p_kw in scenario.load_steps]
    trace = loop.run(START_S + scenario.seconds, observe=OBSERVED, every_ms=0.0, at=at)
    limits = float(loop.read("parameters_1.soc_min_pct")), float(loop.read("parameters_1.soc_max_pct"))
    faults = loop.controller_scan.fault_count + loop.plant_scan.fault_count
    return judge(trace, scenario, soc_limits_pct=limits, band_kw=band_kw, faults=faults), trace


def judge(
    trace: Trace, scenario: Scenario, *, soc_limits_pct: tuple[float, float], band_kw: float, faults: int
) -> Figures:
    """The figures of a trace of a scenario."""
    counted = trace.between(START_S, np.inf)
    margin = np.min([_current_margin(trace, rack) for rack in RACKS], axis=0)
    flows = np.any([trace[f"plant/{rack}.i_a"] != 0.0 for rack in RACKS], axis=0)
    soc = np.array([trace[name] for name in SOC])
    low, high = soc_limits_pct
    steps_s = [START_S + t_s for t_s, _ in scenario.load_steps]
    return Figures(
        scenario=scenario.name,
        samples=len(trace.t_s),
        mean_abs_grid_kw=float(np.mean(np.abs(counted[P_GRID]))),
        settle_s=tuple(_settle_s(trace, t, end, band_kw) for t, end in pairwise([*steps_s, np.inf])),
        soc_lowest_pct=float(soc.min()),
        soc_highest_pct=float(soc.max()),
        soc_violations=int(np.sum((soc < low) | (soc > high))),
        current_violations=int(np.sum(margin < 0.0)),
        current_margin_a=float(margin[flows].min()) if flows.any() else np.inf,
        faults=faults,
    )


def _switch_load(p_kw: float) -> Callable[[ClosedLoop], None]:
    return lambda loop: loop.write("plant/sim_parameters_1.load_extra_kw", p_kw)


def _settle_s(trace: Trace, start_s: float, end_s: float, band_kw: float) -> float:
    after = trace.between(start_s - TIME_SLACK_S, end_s - TIME_SLACK_S)
    outside = np.flatnonzero(np.abs(after[P_GRID]) > band_kw)
    return float(after.t_s[outside[-1]] - start_s) if len(outside) else 0.0


def _current_margin(trace: Trace, rack: str) -> Column:
    """Distance from the BMS's limit in the direction of the current; standing still counts as charging."""
    current = trace[f"plant/{rack}.i_a"]
    discharge = trace[f"plant/{rack}.discharge_i_max_a"] - current
    charge = trace[f"plant/{rack}.charge_i_max_a"] + current
    margin: Column = np.where(current > 0.0, discharge, charge)
    return margin
