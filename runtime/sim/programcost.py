"""What the programs of a site cost: each phase of a scan measured while controller and plant run on virtual time.

Between two scans the plant's whole physics runs, so the controller's caches are those of a machine that does other
things too. Absolute figures are the machine's.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any

from runtime.core.duration import duration_text
from runtime.image.control import PHASES
from runtime.image.statistics import Distribution
from runtime.sim.coupled.coupling import CoupledRun

RUN_BOUND_NS = 100_000
"""What all programs of a site may take in a scan."""
WARM_UP_SCANS = 5000
"""The plant comes up meanwhile, and regular operation is what is measured."""
_PART_SCANS = 2000


@dataclass(frozen=True, slots=True)
class ProgramCost:
    """Durations of the scans of a site, in ns; `phases` as `Distribution.summary` tells them."""

    site: str
    tags: int
    scans: int
    app_size: int
    cycle_ns: int
    phases: dict[str, dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def table(self) -> str:
        """For people."""
        run = self.phases["run"]
        beside = sum(self.phases[name]["mean_ns"] for name in PHASES if name != "run")
        share = 100.0 * (run["mean_ns"] + beside) / self.cycle_ns
        told = {name: duration_text(round(run[name])) for name in ("mean_ns", "p50_ns", "p99_ns", "max_ns")}
        size = f"{self.tags} tags, {self.app_size / 1024:.0f} KiB of state"
        bound = f"bound for 99 of 100 scans: {duration_text(RUN_BOUND_NS)}"
        shown = f"mean {told['mean_ns']}, p50 {told['p50_ns']}, p99 {told['p99_ns']}, longest {told['max_ns']}"
        lines = [
            f"The programs of {self.site}: {size}, {self.scans} scans in regular operation",
            f"  all programs, a scan    {shown} ({bound})",
            f"  all else of a scan      mean {duration_text(round(beside))}",
            f"  both                    {share:.2f} % of the base cycle of {duration_text(self.cycle_ns)}",
        ]
        return "\n".join(lines)


def program_cost(run: CoupledRun, seconds: float) -> ProgramCost:
    """Bring the site up, then measure its scans for so long in real time."""
    run.advance(WARM_UP_SCANS)
    side = run.controller
    side.plan.plan.measured = 1
    end_s, first = time.monotonic() + seconds, run.scan_no
    while time.monotonic() < end_s:
        run.advance(_PART_SCANS)
    side.plan.plan.measured = 0
    control = side.control.control
    return ProgramCost(
        site=side.manifest.site,
        tags=len(side.manifest.tags),
        scans=run.scan_no - first,
        app_size=side.manifest.app_size,
        cycle_ns=run.cycle_ns,
        phases={name: Distribution.capture(getattr(control, name)).summary() for name in PHASES},
    )
