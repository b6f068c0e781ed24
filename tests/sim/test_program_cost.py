"""What a site's programs cost is measured without changing what they do."""

from collections.abc import Callable

from runtime.sim.coupled.coupling import CoupledRun
from runtime.sim.programcost import WARM_UP_SCANS, program_cost


def test_cost_when_measured_then_every_scan_is_counted_in_every_phase(coupled_run: Callable[..., CoupledRun]) -> None:
    run = coupled_run()
    cost = program_cost(run, 0.02)
    assert cost.scans >= 2000
    assert run.scan_no == WARM_UP_SCANS + cost.scans
    assert {phase["count"] for phase in cost.phases.values()} == {cost.scans}
    assert 0.0 < cost.phases["run"]["p50_ns"] <= cost.phases["run"]["max_ns"]
    assert f"{cost.scans} scans in regular operation" in cost.table()
    assert run.controller.read("plant_1.state") == dict(run.controller.find("plant_1.state").labels)["RUN"]


def test_cost_when_measured_then_the_run_is_the_one_that_is_not_measured(
    coupled_run: Callable[..., CoupledRun],
) -> None:
    measured, plain = coupled_run(), coupled_run()
    cost = program_cost(measured, 0.01)
    plain.advance(WARM_UP_SCANS + cost.scans)
    assert bytes(measured.controller.memory) == bytes(plain.controller.memory)
    assert bytes(measured.plant.memory) == bytes(plain.plant.memory)
