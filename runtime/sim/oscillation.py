"""Does a site swing? Steps of the load on a still site, for an inverter with a lag and a meter with a period.

A limit cycle is what is left of the exchange with the grid long after a step, when nothing moves but the controller.
Names are those of a plant made of SITE_SIM (programs/sim): `site` in the program `plant`, settings `sim_1`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from runtime.core.elementary import Value
from runtime.sim.coupled.coupling import CoupledRun

P_GRID = "plant/plant.site.p_grid_kw"
"""The true exchange at the connection point, kW, before any meter rounds it or is late with it."""
STILL: Mapping[str, Value] = {
    "sim_1.start_hour": 0.0,
    "sim_1.clouds": False,
    "sim_1.load_steps": False,
    "sim_1.load_noise_kw": 0.0,
    "sim_1.soc_start_pct": 60.0,
    "sim_1.cooler_kw": 0.0,
    "sim_1.heater_kw": 0.0,
}
"""Night, and nothing that moves by itself."""
START_S = 60.0
HOLD_S = 60.0
SETTLED_S = 40.0
"""From a step on until the limit cycle is looked for: eight times the longest lag."""
STEPS = (0.5, 0.0, 0.8, 0.2)
"""Of the rating, one after the other, HOLD_S each."""

RunMaker = Callable[[], CoupledRun]
"""A fresh run of the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """What came of one pair of lag and period; shares of the rating, in per cent.

    `cycle_pct`: half of what the exchange still moves by at the end of a step, the worst. `overshoot_pct`: beyond the
    target after a step. `offset_pct`: mean exchange at the end, which the target says is 0.
    """

    lag_s: float
    period_s: float
    cycle_pct: float
    overshoot_pct: float
    offset_pct: float


def swing(make: RunMaker, *, lag_s: float, period_s: float, meter_s: float = 0.0) -> Swing:
    """Run the steps. `period_s`: how often the meter is read; `meter_s`: how often it works its reading out anew."""
    run = make()
    for name, value in {**STILL, "sim_1.inverter_lag_s": lag_s, "sim_1.meter_period_s": meter_s}.items():
        variable = run.plant.find(name)
        variable.type.pack_into(run.plant.memory, variable.offset, value)
    run.poll_every("grid_meter_1", round(period_s * 1e9))
    run.watch([P_GRID], every_ns=run.cycle_ns)
    rated_kw = float(run.controller.read("parameters_1.rated_kw"))
    scans_a_s = 1e9 / run.cycle_ns
    run.advance(round(START_S * scans_a_s))
    extra = run.plant.find("sim_1.load_extra_kw")
    cycles, overshoots, offsets, before = [], [], [], 0.0
    for step in STEPS:
        run.plant.write(extra, step * rated_kw)
        grid_kw = run.advance(round(HOLD_S * scans_a_s))[:, 1]
        end = grid_kw[round(SETTLED_S * scans_a_s) :]
        cycles.append((end.max() - end.min()) / 2.0)
        offsets.append(abs(float(np.mean(end))))
        overshoots.append(-grid_kw.min() if step > before else grid_kw.max())
        before = step
    run.controller.close()
    run.plant.close()
    shares = [100.0 * float(max(kw)) / rated_kw for kw in (cycles, overshoots, offsets)]
    return Swing(
        lag_s=lag_s, period_s=period_s, cycle_pct=shares[0], overshoot_pct=max(shares[1], 0.0), offset_pct=shares[2]
    )
