"""Controller and plant in one native run: the same as the loop in Python, the same twice, and in another process."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime.core.quality import Quality
from runtime.core.tag import Tag
from runtime.sim.coupled.coupling import Condition, CoupledRun
from runtime.sim.coupled.plan import Mode
from runtime.sim.loop.closed_loop import ClosedLoop

SECOND_NS = 1_000_000_000
NAMES = ("plant_1.p_set_kw", "plant/plant.p_grid_kw", "plant_1.state", "grid_meter_1.p_kw", "battery_1.soc_pct")
Run = Callable[..., CoupledRun]


def digest(run: CoupledRun) -> str:
    return hashlib.sha256(bytes(run.controller.memory) + bytes(run.plant.memory)).hexdigest()


def quality(run: CoupledRun, name: str) -> Quality:
    tag = run.controller.find(name)
    assert isinstance(tag, Tag)
    return Quality(run.controller.memory[run.controller.layout.quality_offset + tag.index])


@pytest.mark.parametrize("seed", [1, 7])
def test_coupled_run_when_compared_with_the_loop_in_python_then_every_sample_is_the_same(
    coupled_run: Run, demo_loop: Callable[..., ClosedLoop], seed: int
) -> None:
    run = coupled_run(seed)
    run.watch(NAMES, every_ns=100_000_000)
    samples = run.advance(3000)
    trace = demo_loop(seed).run(30.0, observe=NAMES, every_ms=100.0)
    assert np.array_equal(samples[:, 0], np.round(trace.t_s, 9))
    for column, name in enumerate(NAMES, 1):
        assert np.array_equal(samples[:, column], trace[name]), name
    assert len(samples) == 300
    assert np.abs(samples[-1, 1]) > 1.0  # it regulates something


def test_coupled_run_when_made_twice_and_cut_otherwise_then_memories_are_the_same_bit_for_bit(coupled_run: Run) -> None:
    first, second, other = coupled_run(1), coupled_run(1), coupled_run(2)
    first.advance(2000)
    for count in (1, 999, 1000):
        second.advance(count)
    other.advance(2000)
    assert digest(first) == digest(second)
    assert digest(first) != digest(other)  # the phases of the polls are others


def test_coupled_run_when_made_in_another_process_then_memories_are_the_same_bit_for_bit(coupled_run: Run) -> None:
    run = coupled_run(3)
    run.advance(1500)
    script = "import tests.sim.coupled.test_coupling as t; t.print_digest(3, 1500)"
    root = Path(__file__).parents[3]
    told = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == digest(run)


def print_digest(seed: int, scans: int) -> None:
    """For the process that the test above starts."""
    from tests.sim.conftest import make_coupled_run

    run = make_coupled_run(seed)
    run.advance(scans)
    print(digest(run))


def test_coupled_run_when_a_device_falls_silent_then_bad_after_its_attempts_and_good_again(coupled_run: Run) -> None:
    run = coupled_run()
    run.advance(1000)
    assert quality(run, "grid_meter_1.p_kw") is Quality.GOOD
    run.set_mode("grid_meter_1", Mode.SILENT)
    run.advance(500)
    assert quality(run, "grid_meter_1.p_kw") is Quality.BAD
    assert quality(run, "pv_meter_1.p_kw") is Quality.GOOD
    assert run.controller.read("plant_1.p_set_kw") == 0.0
    run.set_mode("grid_meter_1", Mode.ALIVE)
    run.advance(500)
    assert quality(run, "grid_meter_1.p_kw") is Quality.GOOD


def test_coupled_run_when_a_device_freezes_then_its_values_stand_and_their_stamps_go_on(coupled_run: Run) -> None:
    run = coupled_run()
    run.advance(1000)
    before = run.controller.read("grid_meter_1.p_kw"), run.controller.read("grid_meter_1.u_l1_v")
    run.set_mode("grid_meter_1", Mode.FROZEN)
    run.advance(150)
    assert (run.controller.read("grid_meter_1.p_kw"), run.controller.read("grid_meter_1.u_l1_v")) == before
    assert quality(run, "grid_meter_1.p_kw") is Quality.GOOD


def test_coupled_run_when_devices_answer_garbage_then_no_program_faults_and_power_stays_within_limits(
    coupled_run: Run,
) -> None:
    run = coupled_run()
    run.advance(2000)
    for device in run.devices:
        run.set_mode(device, Mode.GARBAGE)
    run.watch(["plant_1.p_set_kw", "grid_meter_1.p_kw"], every_ns=10_000_000)
    samples = run.advance(2000)
    assert run.controller.fault_count == run.plant.fault_count == 0
    assert np.abs(samples[:, 1]).max() <= 100.0
    assert np.abs(samples[:, 2]).max() > 1e5  # it was garbage


def test_coupled_run_when_a_device_sends_no_numbers_then_they_are_bad_and_its_whole_numbers_stand(
    coupled_run: Run,
) -> None:
    run = coupled_run()
    run.advance(2000)
    life = run.controller.read("battery_1.soc_pct")
    for device in run.devices:
        run.set_mode(device, Mode.NAN)
    run.advance(150)
    assert quality(run, "inverter_1.p_kw") is Quality.BAD
    assert quality(run, "battery_1.soc_pct") is Quality.GOOD
    assert run.controller.read("battery_1.soc_pct") == life
    run.set_mode("inverter_1", Mode.ALIVE)
    run.advance(100)
    assert quality(run, "inverter_1.p_kw") is Quality.GOOD


def test_coupled_run_when_a_device_sends_absurd_numbers_then_they_come_as_the_wire_can_carry_them(
    coupled_run: Run,
) -> None:
    run = coupled_run()
    run.advance(2000)
    for device in run.devices:
        run.set_mode(device, Mode.ABSURD)
    run.advance(150)
    assert run.controller.read("grid_meter_1.p_kw") == pytest.approx((2**31 - 1) * 0.0001)
    assert run.controller.read("inverter_1.i_l1_a") == pytest.approx(1e9)
    assert quality(run, "battery_1.soc_pct") is Quality.UNCERTAIN  # more than 100 %
    assert quality(run, "battery_1.state") is Quality.BAD  # no state of the enumeration
    assert abs(float(run.controller.read("plant_1.p_set_kw"))) <= 100.0


@pytest.mark.parametrize("mode", [Mode.GARBAGE, Mode.ABSURD, Mode.SILENT])
def test_coupled_run_when_a_value_rests_while_its_device_is_wrong_then_it_is_told_again(
    coupled_run: Run, mode: Mode
) -> None:
    run = coupled_run()
    run.advance(2000)
    resting = ("battery_1.state", "grid_meter_1.f_hz", "battery_1.discharge_u_min_v")
    rested = [run.controller.read(name) for name in resting]
    for device in ("battery_1", "grid_meter_1"):
        run.set_mode(device, mode)
    run.advance(200)
    assert {Quality.GOOD} != {quality(run, name) for name in resting}
    for device in ("battery_1", "grid_meter_1"):
        run.set_mode(device, Mode.ALIVE)
    run.advance(101)  # no longer than the slowest poll: the plant has not noticed
    assert {Quality.GOOD} == {quality(run, name) for name in resting}
    assert [run.controller.read(name) for name in resting][::2] == rested[::2]


def test_coupled_run_when_a_command_is_given_then_taken_through_the_mailbox_and_acknowledged(coupled_run: Run) -> None:
    run = coupled_run()
    run.advance(2000)
    side = run.controller
    value, seq = side.find("command_mode_1.value"), side.find("command_mode_1.seq")
    side.request(value, dict(value.labels)["PASSIVE"], seq_variable=seq, seq=1)
    run.advance(200)
    assert run.controller.read("ack_mode_1.seq") == 1
    assert run.controller.read("plant_1.mode") == dict(side.find("plant_1.mode").labels)["PASSIVE"]


def test_coupled_run_when_an_input_is_forced_then_the_program_sees_the_force(coupled_run: Run) -> None:
    run = coupled_run()
    run.controller.forces.set("grid_meter_1.p_kw", 20.0)
    run.advance(500)
    assert run.controller.read("grid_meter_1.p_kw") == 20.0
    run.controller.forces.clear("grid_meter_1.p_kw")
    run.advance(100)
    assert run.controller.read("grid_meter_1.p_kw") != 20.0


def test_coupled_run_when_gauges_and_conditions_watch_then_they_say_what_every_scan_said(coupled_run: Run) -> None:
    run = coupled_run()
    run.watch(["plant_1.p_set_kw"], every_ns=10_000_000)
    window = (10 * SECOND_NS, 20 * SECOND_NS)
    run.judge(
        [
            Condition("plant_1.p_set_kw", -100.0, 100.0, True, *window),
            Condition("plant_1.state", 1.0, 1.0, True, 0, window[1]),
            Condition("plant_1.state", 0.0, 0.0, False, 0, window[1]),
        ]
    )
    samples = run.advance(2001)
    gauge, values = run.gauge(0), samples[:, 1]
    assert (gauge.count, gauge.minimum, gauge.maximum) == (2001, values.min(), values.max())
    assert gauge.sum == pytest.approx(values.sum(), rel=1e-12)
    assert gauge.sum_positive == pytest.approx(values[values > 0].sum(), rel=1e-12)
    held, failed, _ = run.verdict(0)
    assert (held, failed) == (window[0], None)
    held, failed, value = run.verdict(1)
    assert held is not None
    assert (0 < held < window[1], failed, value) == (True, 0, 0.0)
    assert run.verdict(2)[1] == 0
