"""Which input made a tag change: by running recorded scans again with one input held back at a time."""

from collections.abc import Callable, Iterator

import pytest

from runtime.core.fault import ConfigFault
from runtime.image.recordring import RingReader
from runtime.scan.record.cause import Answer, why
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits
from runtime.scan.record.replay import Replay, Stretch
from runtime.sim.coupled.coupling import CoupledRun
from runtime.sim.coupled.plan import Mode
from tests.sim.conftest import demo_builds, demo_models, kernels

LIMITS = RecorderLimits(keep_ns=600_000_000_000, size_max=64 << 20)


@pytest.fixture
def replay() -> Iterator[Replay]:
    build, model = demo_builds()[0], demo_models("llvm")[0]
    made = Replay(build.manifest(), model.object_code, build.application.initial, kernels().scan)
    yield made
    made.close()


def recorded(run: CoupledRun, act: Callable[[], None]) -> Stretch:
    """Two seconds, something happens, two more."""
    run.advance(2000)
    reader = RingReader(run.controller.image)
    recorder = FlightRecorder(reader.take, reader.ask_checkpoint, LIMITS)
    run.advance(200)
    act()
    run.advance(200)
    recorder.poll()
    return recorder.frozen()[0].stretch()


def asked(replay: Replay, stretch: Stretch, name: str, changed_from: object, window: int) -> Answer:
    """Why the variable is what it is in the first scan in which it is not `changed_from`."""
    manifest = demo_builds()[0].manifest()
    variable = manifest.tags.find(name)
    assert variable is not None
    replay.restore(stretch.checkpoint)
    for record in stretch.records:
        replay.step(record)
        if record.scan_no > 2200 and variable.type.unpack(replay.scan.memory, variable.offset) != changed_from:
            return why(replay, manifest, stretch, variable, scan_no=record.scan_no, window=window)
    raise AssertionError(f"{name} stays {changed_from}")


def test_why_when_a_command_changed_the_mode_then_the_command_and_nothing_else(
    recorded_run: Callable[[], CoupledRun], replay: Replay
) -> None:
    run = recorded_run()
    side = run.controller
    value, seq = side.find("command_mode_1.value"), side.find("command_mode_1.seq")
    labels = dict(value.labels)
    before = labels["SELF_CONSUMPTION"]
    stretch = recorded(run, lambda: side.request(value, labels["PASSIVE"], seq_variable=seq, seq=1))
    answer = asked(replay, stretch, "plant_1.mode", before, window=20)
    assert (answer.before, answer.after, answer.without_all) == (before, labels["PASSIVE"], before)
    assert [(c.suspect.name, c.without) for c in answer.causes] == [(f"write at {value.offset}", before)]
    assert answer.suspects > 10  # inputs changed all the time


def test_why_when_a_forced_input_changed_then_the_force(recorded_run: Callable[[], CoupledRun], replay: Replay) -> None:
    run = recorded_run()
    stretch = recorded(run, lambda: run.controller.forces.set("grid_meter_1.f_hz", 47.0))
    answer = asked(replay, stretch, "grid_meter_1.f_hz", 50.0, window=1)
    assert answer.after == 47.0
    assert [c.suspect.name for c in answer.causes] == ["forces"]


def test_why_when_a_variable_is_held_and_another_forced_then_each_is_told_apart(
    recorded_run: Callable[[], CoupledRun], replay: Replay
) -> None:
    run = recorded_run()

    def act() -> None:
        run.controller.forces.set("parameters_1.ramp_kw_per_s", 3.0)
        run.controller.forces.set("grid_meter_1.f_hz", 47.0)

    stretch = recorded(run, act)
    held = asked(replay, stretch, "parameters_1.ramp_kw_per_s", 100.0, window=1)
    assert [c.suspect.name for c in held.causes] == ["held variables"]
    forced = asked(replay, stretch, "grid_meter_1.f_hz", 50.0, window=1)
    assert [c.suspect.name for c in forced.causes] == ["forces"]


def test_why_when_a_rack_trips_then_its_own_state_is_the_cause_of_the_fewer_racks(
    recorded_run: Callable[[], CoupledRun], replay: Replay
) -> None:
    run = recorded_run()
    trip = run.plant.find("sim_parameters_1.trip_rack_2")
    stretch = recorded(run, lambda: run.plant.write(trip, True))
    answer = asked(replay, stretch, "bank_1.racks_usable", 2, window=20)
    assert (answer.before, answer.after, answer.without_all) == (2, 1, 2)
    names = {c.suspect.name for c in answer.causes}
    assert names
    assert all(name.startswith("battery_2.") for name in names)
    assert all(c.without == 2 for c in answer.causes)


def test_why_when_the_switch_is_moved_then_programs_do_not_notice(
    recorded_run: Callable[[], CoupledRun], replay: Replay
) -> None:
    run = recorded_run()
    stretch = recorded(run, lambda: run.set_mode("grid_meter_1", Mode.SILENT))
    manifest = demo_builds()[0].manifest()
    variable = manifest.tags.find("parameters_1.rated_kw")
    assert variable is not None
    answer = why(replay, manifest, stretch, variable, scan_no=2300, window=50)
    assert answer.causes == ()
    assert answer.before == answer.after == answer.without_all
    with pytest.raises(ConfigFault):
        why(replay, manifest, stretch, variable, scan_no=1, window=50)
