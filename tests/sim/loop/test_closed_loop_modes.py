"""Modes and commands of the demo site in closed loop, with the lags of its meters and its inverter."""

from collections.abc import Callable

import numpy as np
import pytest

from runtime.sim.loop.closed_loop import ClosedLoop

Loop = Callable[..., ClosedLoop]
ACCEPTED, DONE, REFUSED_STATE, REFUSED_SIGN = 1, 2, 4, 17
HOLDING, CHARGING = 1, 2
PASSIVE, MANUAL = 0, 5
START, STOP = 1, 2


@pytest.fixture
def steady_loop(demo_loop: Loop) -> ClosedLoop:
    """The demo site in regular operation, under an even sky with an even load."""
    loop = demo_loop()
    for name in ("clouds", "load_steps"):
        loop.write(f"plant/sim_parameters_1.{name}", False)
    loop.write("plant/sim_parameters_1.p_peak_kw", 0.0)
    loop.run(12.0)
    return loop


def test_peak_shaving_when_load_steps_then_import_stays_at_the_limit_without_a_swing(steady_loop: ClosedLoop) -> None:
    loop = steady_loop
    loop.write("peak_shaving_1.import_max_kw", 50.0)
    loop.write("peak_shaving_1.recharge_kw", 20.0)
    loop.command("mode", "PEAK_SHAVING")
    loop.run(5.0)
    assert loop.read("plant_1.p_set_kw") == 0.0  # some 30 kW lie between recharge and limit
    loop.write("plant/sim_parameters_1.load_extra_kw", 60.0)
    trace = loop.run(20.0, observe=["plant/plant.p_grid_kw"])
    settled = trace.between(trace.t_s[-1] - 10.0, trace.t_s[-1])["plant/plant.p_grid_kw"]
    assert np.abs(settled - 50.0).max() < 1.5
    assert np.ptp(settled) < 3.0  # 3 % of the rating, the load's own noise with it


def test_commands_when_given_in_closed_loop_then_state_power_and_answers_follow(steady_loop: ClosedLoop) -> None:
    loop = steady_loop
    loop.command("charge", 25.0)
    loop.run(0.1)
    assert loop.read("ack_charge_1.result") == ACCEPTED
    loop.run(4.0)
    assert (loop.read("ack_charge_1.result"), loop.read("plant_1.mode")) == (DONE, MANUAL)
    assert loop.read("plant_1.operation") == CHARGING
    assert float(loop.read("inverter_1.p_kw")) == pytest.approx(-25.0, abs=0.5)
    loop.command("discharge", -5.0)
    loop.run(3.0)
    assert loop.read("ack_discharge_1.result") == REFUSED_SIGN
    assert (loop.read("plant_1.operation"), loop.read("plant_1.p_set_kw")) == (HOLDING, 0.0)
    loop.command("get_state", True)
    loop.run(0.2)
    assert (loop.read("ack_get_state_1.result"), loop.read("ack_get_state_1.operation")) == (DONE, HOLDING)


def test_commands_when_the_plant_is_stopped_then_power_is_refused_until_it_is_started(steady_loop: ClosedLoop) -> None:
    loop = steady_loop
    loop.command("plant", STOP)
    loop.run(20.0)
    assert loop.read("ack_plant_1.result") == DONE
    loop.command("discharge", 20.0)
    loop.run(0.3)
    assert loop.read("ack_discharge_1.result") == REFUSED_STATE
    loop.command("plant", START)
    loop.run(15.0)
    assert loop.read("ack_plant_1.result") == DONE
    loop.command("discharge", 20.0)
    loop.run(4.0)
    assert loop.read("ack_discharge_1.result") == DONE
    assert float(loop.read("inverter_1.p_kw")) == pytest.approx(20.0, abs=0.5)
