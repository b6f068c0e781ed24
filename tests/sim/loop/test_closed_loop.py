"""The demo site in closed loop: bring-up, commands, failing devices, determinism."""

from collections.abc import Callable

import numpy as np
import pytest

from runtime.core.fault import ConfigFault, ProgramFault
from runtime.sim.loop.closed_loop import ClosedLoop
from runtime.sim.loop.outage import Outage, OutageKind

INIT, RUN, ERROR = 0, 1, 2
RAMP, PLANT_STATE, BAD_INPUT = 5, 6, 7
INVERTER_SILENT = 1 << 19
DONE, REFUSED_RANGE, REFUSED_STATE = 2, 3, 4

Loop = Callable[..., ClosedLoop]


def test_closed_loop_when_started_then_reaches_run_and_balances(demo_loop: Loop) -> None:
    loop = demo_loop()
    trace = loop.run(30.0, observe=["plant_1.state", "plant_1.p_set_kw", "plant/plant.p_grid_kw"])
    in_run = trace["plant_1.state"] == RUN
    assert 3.0 < trace.t_s[np.argmax(in_run)] < 8.0
    assert np.all(trace["plant_1.p_set_kw"][~in_run] == 0.0)
    assert np.abs(trace.between(25.0, 30.0)["plant/plant.p_grid_kw"]).max() < 2.0
    assert loop.controller_scan.fault_count == loop.plant_scan.fault_count == 0


def test_closed_loop_when_interpreted_then_memory_is_that_of_native_code_bit_for_bit(demo_loop: Loop) -> None:
    native, interpreted = demo_loop(backend="llvm"), demo_loop(backend="interp")
    for loop in (native, interpreted):
        loop.run(8.0)
    assert bytes(native._controller.machine.memory) == bytes(interpreted._controller.machine.memory)
    assert bytes(native._plant.machine.memory) == bytes(interpreted._plant.machine.memory)


def test_closed_loop_when_seed_is_the_same_then_run_is_the_same(demo_loop: Loop) -> None:
    first, again, other = demo_loop(seed=3), demo_loop(seed=3), demo_loop(seed=4)
    for loop in (first, again, other):
        loop.run(20.0)
    assert bytes(first._controller.machine.memory) == bytes(again._controller.machine.memory)
    assert bytes(first._controller.machine.memory) != bytes(other._controller.machine.memory)


def test_closed_loop_when_passive_is_commanded_then_power_runs_to_zero_and_back(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.run(30.0)
    assert abs(float(loop.read("plant_1.p_set_kw"))) > 5.0
    loop.command("mode", "PASSIVE")
    loop.run(3.0)
    assert loop.read("plant_1.p_set_kw") == 0.0
    assert loop.read("ack_mode_1.result") == DONE
    assert loop.read("plant_1.state") == RUN
    loop.command("mode", "SELF_CONSUMPTION")
    loop.run(5.0)
    assert abs(float(loop.read("plant/plant.p_grid_kw"))) < 2.0


def test_closed_loop_when_unknown_mode_is_commanded_then_refused_and_control_goes_on(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.run(30.0)
    loop.command("mode", 42)
    loop.run(1.0)
    assert loop.read("ack_mode_1.result") == REFUSED_RANGE
    assert abs(float(loop.read("plant/plant.p_grid_kw"))) < 2.0


def test_closed_loop_when_grid_target_is_commanded_then_exchange_goes_there(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.write("plant/sim_parameters_1.clouds", False)
    loop.write("plant/sim_parameters_1.load_steps", False)
    loop.run(20.0)
    loop.command("grid_target", 15.0)
    loop.run(10.0)
    assert loop.read("ack_grid_target_1.result") == DONE
    assert float(loop.read("plant/plant.p_grid_kw")) == pytest.approx(15.0, abs=1.5)
    loop.command("grid_target", 1e6)
    loop.run(1.0)
    assert loop.read("ack_grid_target_1.result") == REFUSED_RANGE
    assert loop.read("grid_target_1_kw") == 15.0


def test_closed_loop_when_grid_meter_dies_then_setpoint_runs_to_zero_and_recovers_by_itself(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.faults([Outage("grid_meter_1", 30.0, 45.0)])
    observe = ["plant_1.p_set_kw", "plant_1.limited_by", "plant_1.state", "plant/plant.p_grid_kw"]
    trace = loop.run(60.0, observe=observe, every_ms=10)
    dead = trace.between(33.0, 45.0)
    assert np.all(dead["plant_1.p_set_kw"] == 0.0)
    assert np.all(dead["plant_1.limited_by"] == BAD_INPUT)
    assert np.all(trace.between(30.0, 60.0)["plant_1.state"] == RUN)
    fall = np.abs(np.diff(trace.between(30.0, 33.0)["plant_1.p_set_kw"]))
    assert fall.max() <= 1.0 + 1e-4  # 100 kW/s at 10 ms: along the ramp, no jump
    assert np.abs(trace.between(50.0, 60.0)["plant/plant.p_grid_kw"]).mean() < 2.0


def test_closed_loop_when_grid_meter_freezes_then_setpoint_does_not_run_away_and_recovers(demo_loop: Loop) -> None:
    """A meter that hangs answers in time: neither quality nor age tell. Believed, it makes the setpoint run off."""
    loop = demo_loop()
    loop.write("plant/sim_parameters_1.load_steps", False)
    loop.faults([Outage("grid_meter_1", 30.0, 90.0, OutageKind.FROZEN)])
    trace = loop.run(110.0, observe=["plant_1.p_set_kw", "plant_1.limited_by", "plant/plant.p_grid_kw"])
    frozen = trace.between(30.0, 90.0)
    assert np.abs(frozen["plant_1.p_set_kw"] - frozen["plant_1.p_set_kw"][0]).max() < 60.0  # went to 0, never beyond
    assert frozen["plant_1.limited_by"][-1] == BAD_INPUT
    assert np.abs(frozen["plant_1.p_set_kw"][-1]) == 0.0
    found = frozen.t_s[np.argmax(frozen["plant_1.limited_by"] == BAD_INPUT)]
    before = frozen.between(30.0, found)["plant_1.p_set_kw"]
    assert np.abs(before - before[0]).max() < 12.0
    assert np.abs(trace.between(100.0, 110.0)["plant/plant.p_grid_kw"]).mean() < 2.0


def test_closed_loop_when_inverter_link_dies_then_back_to_init_and_recovers_by_itself(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.faults([Outage("inverter_1", 30.0, 40.0)])
    observe = [
        "plant_1.state",
        "plant_1.p_set_kw",
        "plant_1.error_bits",
        "plant/inverter_1.p_kw",
        "plant/plant.p_grid_kw",
    ]
    trace = loop.run(60.0, observe=observe)
    assert np.all(trace.between(35.0, 40.0)["plant_1.state"] == INIT)
    assert np.all(trace.between(35.0, 40.0)["plant_1.p_set_kw"] == 0.0)
    assert np.abs(trace.between(37.0, 40.0)["plant/inverter_1.p_kw"]).max() == 0.0  # its own heartbeat watchdog
    assert trace["plant_1.state"][-1] == RUN
    assert set(trace["plant_1.error_bits"]) == {0.0, float(INVERTER_SILENT)}  # told while it lasts, gone in RUN
    assert trace["plant_1.error_bits"][-1] == 0
    assert np.abs(trace.between(55.0, 60.0)["plant/plant.p_grid_kw"]).mean() < 2.0


def test_closed_loop_when_everything_dies_for_a_minute_then_recovers_without_a_hand(demo_loop: Loop) -> None:
    loop = demo_loop()
    devices = ("grid_meter_1", "pv_meter_1", "inverter_1", "battery_1", "battery_2")
    loop.faults([Outage(device, 30.0, 45.0) for device in devices])
    trace = loop.run(80.0, observe=["plant_1.state", "plant_1.p_set_kw", "plant_1.p_max_kw", "plant/battery_1.state"])
    dead = trace.between(34.0, 45.0)
    assert np.all(dead["plant_1.state"] == INIT)
    assert np.all(dead["plant_1.p_set_kw"] == 0.0)
    assert np.all(dead["plant_1.p_max_kw"] == 0.0)
    assert trace.between(42.0, 45.0)["plant/battery_1.state"].max() < 2  # opened without a keep-alive
    assert trace["plant_1.state"][-1] == RUN


def test_closed_loop_when_one_rack_trips_then_the_other_carries_on_alone(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.run(30.0)
    loop.write("plant/sim_parameters_1.trip_rack_2", True)
    loop.run(5.0)
    assert loop.read("plant_1.state") == RUN
    assert loop.read("bank_1.racks_usable") == 1
    assert 80.0 < float(loop.read("plant_1.p_max_kw")) < 100.0
    assert loop.read("plant/battery_2.i_a") == 0.0


def test_closed_loop_when_inverter_trips_then_error_until_reset(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.run(30.0)
    loop.write("plant/sim_parameters_1.trip_inverter", True)
    loop.run(2.0)
    assert loop.read("plant_1.state") == ERROR
    assert loop.read("plant_1.p_set_kw") == 0.0
    loop.command("reset", True)
    loop.run(5.0)
    assert loop.read("ack_reset_1.result") == REFUSED_STATE  # the cause still stands
    loop.write("plant/sim_parameters_1.trip_inverter", False)
    loop.run(5.0)
    assert loop.read("plant_1.state") == ERROR  # latched
    loop.command("reset", True)
    loop.run(15.0)
    assert loop.read("ack_reset_1.result") == DONE
    assert loop.read("plant_1.state") == RUN


def test_closed_loop_when_values_cross_the_wire_then_rounded_as_the_profile_does(demo_loop: Loop) -> None:
    loop = demo_loop()
    loop.run(10.0)
    kw = float(loop.read("grid_meter_1.p_kw"))
    assert kw * 1e4 == pytest.approx(round(kw * 1e4), abs=2e-2)  # INT32 in 0.1 W, held as REAL
    assert loop.read("grid_meter_1.f_hz") in [np.float32(50.0 + n / 10) for n in range(-5, 6)]


def test_closed_loop_when_a_name_is_wrong_then_says_what_is_near(demo_loop: Loop) -> None:
    loop = demo_loop()
    with pytest.raises(ProgramFault, match=r"plant_1\.p_sett_kw") as wrong:
        loop.run(0.1, observe=["plant_1.p_sett_kw"])
    assert "plant_1.p_set_kw" in wrong.value.mend
    with pytest.raises(ConfigFault) as unknown:
        loop.faults([Outage("meter_9", 0.0, 1.0)])
    assert "grid_meter_1" in unknown.value.mend
