"""What a site knows outlives a restart of its controller: saved and read back as the scan does, on virtual time."""

from pathlib import Path
from types import SimpleNamespace

import playedsites

from runtime.core.elementary import Value
from runtime.scan.imaged import ImagedScan
from runtime.scan.retain.retainfile import Folder, RetainStore
from runtime.scan.retain.retaining import Retainer, warm_start
from runtime.sim.coupled.coupling import CoupledRun, CoupledSide

PLANT = "supervision.site.plant"
KNOWN = (
    "plant_1.mode",
    f"{PLANT}.battery.soc.delta_pct",
    f"{PLANT}.battery.soh.through_kwh",
    "energy_1.discharged_kwh",
    f"{PLANT}.errors.last_id",
    f"{PLANT}.errors.records[1].active",
    f"{PLANT}.errors.records[1].id",
    f"{PLANT}.errors.records[1].count",
)


def value(side: ImagedScan, name: str) -> Value:
    variable = side.find(name)
    return variable.type.unpack(side.memory, variable.offset)


def write(side: ImagedScan, name: str, told: Value) -> None:
    variable = side.find(name)
    variable.type.pack_into(side.memory, variable.offset, told)


def started(initial: bytes) -> CoupledRun:
    """Controller and plant, the controller with this memory."""
    sides = []
    for number, (build, code) in enumerate(playedsites.builds("commercial")):
        assert build.io_plan is not None
        memory = build.application.initial if number else initial
        sides.append(CoupledSide(ImagedScan(build.manifest(), code, memory), build.io_plan))
    cycle_ns = playedsites.builds("commercial")[0][0].site.cycle_ns
    return CoupledRun(sides[0], sides[1], playedsites.kernels(), cycle_ns=cycle_ns, seed=1)


def test_site_when_its_controller_starts_warm_then_mode_charge_health_and_a_critical_error_are_as_they_were(
    tmp_path: Path,
) -> None:
    (controller, _), _ = playedsites.builds("commercial")
    manifest, initial = controller.manifest(), controller.application.initial
    store = RetainStore(Folder(tmp_path))
    labels = {name: dict(controller.application.tags.find(name).labels) for name in ("plant_1.mode", "plant_1.state")}

    run = started(initial)
    run.advance(300)
    write(run.controller, f"{PLANT}.battery.soc.delta_pct", 2.5)  # as found at the full end
    write(run.controller, "command_mode_1.value", labels["plant_1.mode"]["PEAK_SHAVING"])
    write(run.controller, "command_mode_1.seq", 1)
    run.advance(300)
    write(run.plant, "sim_1.trip_inverter", True)
    run.advance(50)
    write(run.plant, "sim_1.trip_inverter", False)
    run.advance(10)
    before = {name: value(run.controller, name) for name in KNOWN}
    assert Retainer(manifest, initial, store).save_if_changed(SimpleNamespace(memory=bytes(run.controller.memory)))
    run.controller.close()
    run.plant.close()
    assert before["plant_1.mode"] == labels["plant_1.mode"]["PEAK_SHAVING"]
    assert before[KNOWN[1]] > 2.0
    assert before[KNOWN[2]] > 0.0
    assert before[KNOWN[3]] > 0.0
    assert before[KNOWN[5]]

    run = started(warm_start(manifest, initial, store).initial)
    try:
        run.advance(1)
        assert {name: value(run.controller, name) for name in KNOWN} == before
        run.advance(300)
        assert value(run.controller, "plant_1.state") == labels["plant_1.state"]["ERROR"]  # until somebody resets it
        write(run.controller, "command_reset_1.value", True)
        write(run.controller, "command_reset_1.seq", 1)
        run.advance(300)
        assert value(run.controller, "plant_1.state") == labels["plant_1.state"]["RUN"]
        assert value(run.controller, "plant_1.mode") == labels["plant_1.mode"]["PEAK_SHAVING"]
    finally:
        run.controller.close()
        run.plant.close()
