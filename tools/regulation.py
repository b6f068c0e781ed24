"""How well the demo site holds its grid exchange: controller and plant in closed loop on virtual time, in seconds.

    .venv/bin/python tools/regulation.py [--seed 1 --seed 2] [--json]

Prints, for each seed: the mean of |grid power| over ten minutes of clouds and random load, the time a load step of half
the rating takes to be back within 5 %, and whether SoC and BMS limits were kept while the battery was driven to either
end. Exit code 1 when a figure misses its demand.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from runtime.core.diagnostic import render
from runtime.node.build import build_site
from runtime.sim import regulation
from runtime.sim.loop.closed_loop import ClosedLoop
from runtime.sim.loop.regulation import Figures, LoopMaker, Scenario
from runtime.sim.loop.side import Model, model_of

CONFIGS = Path(__file__).parents[1] / "configs"
MEAN_LIMIT_PCT = 2.0
BAND_PCT = 5.0
SETTLE_LIMIT_S = 5.0


def model(site_file: Path) -> Model:
    """The site of a file, compiled."""
    result = build_site(site_file)
    if result.build is None or result.build.io_plan is None:
        sys.exit("\n".join(render(d) for d in result.diagnostics) or f"{site_file} has no I/O map")
    return model_of(result.build.application, result.build.bindings, result.build.io_plan)


def loop_maker() -> LoopMaker:
    """Fresh loops of the demo site, compiled once."""
    controller, plant = model(CONFIGS / "demo.toml"), model(CONFIGS / "demo_plant.toml")
    return lambda seed: ClosedLoop(controller.side(), plant.side(), seed=seed)


def misses(figures: Figures, scenario: Scenario, rated_kw: float) -> list[str]:
    """What does not hold, in words."""
    found = []
    if scenario.name == regulation.weather_day().name and 100 * figures.mean_abs_grid_kw / rated_kw >= MEAN_LIMIT_PCT:
        found.append(f"mean |grid power| is not below {MEAN_LIMIT_PCT} % of the rating")
    if any(t >= SETTLE_LIMIT_S for t in figures.settle_s):
        found.append(f"a load step took {SETTLE_LIMIT_S} s or longer")
    if figures.soc_violations or figures.current_violations:
        found.append("a SoC or BMS limit was violated")
    if figures.faults:
        found.append("a program faulted")
    return found


def report(figures: Figures, rated_kw: float, took_s: float) -> str:
    """One scenario for people."""
    lines = [f"  {figures.scenario} ({figures.samples} scans, computed in {took_s:.1f} s)"]
    share = 100.0 * figures.mean_abs_grid_kw / rated_kw
    lines.append(f"    mean |grid power|  {figures.mean_abs_grid_kw:.2f} kW = {share:.2f} % of the rating")
    if figures.settle_s:
        times = ", ".join(f"{t:.2f}" for t in figures.settle_s)
        lines.append(f"    back within {BAND_PCT:g} %   {times} s")
    lines.append(
        f"    SoC                {figures.soc_lowest_pct:.3f} .. {figures.soc_highest_pct:.3f} %, "
        f"outside its limits in {figures.soc_violations} samples"
    )
    lines.append(
        f"    rack currents      beyond the BMS's limits in {figures.current_violations} samples, "
        f"nearest {figures.current_margin_a:.1f} A"
    )
    return "\n".join(lines)


def conditions(loop: ClosedLoop) -> dict[str, float | str]:
    """What the figures depend on."""
    ramp = loop.read("parameters_1.ramp_kw_per_s"), loop.read("plant/sim_parameters_1.inverter_ramp_kw_per_s")
    return {
        "rated_kw": float(loop.read("parameters_1.rated_kw")),
        "setpoint_ramp_kw_per_s": float(ramp[0]),
        "inverter_ramp_kw_per_s": float(ramp[1]),
        "cycle_ms": loop.cycle_ns / 1e6,
        "polls": loop.describe_polls(),
    }


def main() -> None:
    """Run all scenarios for all seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, action="append", help="of weather, load and poll phases (default 1, 2, 3)")
    parser.add_argument("--seconds", type=float, default=600.0, help="length of the long scenarios")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    make_loop = loop_maker()
    given = conditions(make_loop(1))
    rated_kw = float(given["rated_kw"])
    scenarios = (
        regulation.weather_day(told.seconds),
        regulation.load_steps(rated_kw / 2),
        regulation.into_the_lower_end(told.seconds),
        regulation.into_the_upper_end(told.seconds),
    )
    if not told.json:
        print("demo site, native code, virtual time")
        print("\n".join(f"  {name:24}{value}" for name, value in given.items()))
        print(f"  {'load_step_kw':24}{rated_kw / 2} on and off, {len(scenarios[1].load_steps)} times")
    missed = 0
    for seed in told.seed or [1, 2, 3]:
        if not told.json:
            print(f"seed {seed}")
        for scenario in scenarios:
            start = time.perf_counter()
            figures, _ = regulation.measure(make_loop, scenario, seed=seed, band_kw=rated_kw * BAND_PCT / 100)
            wrong = misses(figures, scenario, rated_kw)
            missed += len(wrong)
            if told.json:
                print(json.dumps(given | {"seed": seed} | asdict(figures) | {"misses": wrong}))
            else:
                print(report(figures, rated_kw, time.perf_counter() - start))
                print("".join(f"    MISSED: {text}\n" for text in wrong), end="")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
