"""Racks, bank, inverter control, state machine, commands: programs/plant as tables of scans."""

import math

import pytest
from blockbench import Bench, Block

S = 1_000_000_000


def _healthy(bench: Bench) -> Bench:
    """A connected rack whose life counter has moved."""
    bench.scan(
        rack_good=True, rack__u_v=780.0, rack__soc_pct=50.0, rack__charge_i_max_a=100.0, rack__discharge_i_max_a=120.0,
        rack__charge_u_max_v=864.0, rack__discharge_u_min_v=696.0, rack__state="CONNECTED", rack__life=1,
    )  # fmt: skip
    return bench.scan(rack__life=2)


def test_bms_rack_when_connected_and_alive_then_usable_with_its_limits(block: Block) -> None:
    rack = _healthy(block("BMS_RACK", period_ms=100))
    rack.expect(report__usable=True, report__charge_i_max_a=100.0, report__discharge_i_max_a=120.0)


@pytest.mark.parametrize(
    ("change", "good", "faulted"),
    [
        ({"rack_good": False}, False, False),
        ({"rack__state": "READY"}, True, False),
        ({"rack__state": "FAULT"}, True, True),
        ({"rack__u_v": math.nan}, False, False),
        ({"rack__soc_pct": 120.0}, False, False),
    ],
)
def test_bms_rack_when_not_to_be_counted_on_then_drops_out(
    block: Block, change: dict[str, float | str], good: bool, faulted: bool
) -> None:
    rack = _healthy(block("BMS_RACK", period_ms=100))
    rack.scan(**change).expect(report__usable=False, report__good=good, report__faulted=faulted)
    rack.expect(report__charge_i_max_a=0.0, report__discharge_i_max_a=0.0)


def test_bms_rack_when_life_counter_stands_then_drops_out_after_two_seconds(block: Block) -> None:
    rack = _healthy(block("BMS_RACK", period_ms=100))
    rack.scan(19).expect(report__usable=True)
    rack.scan(1).expect(report__usable=False, report__good=False)
    rack.scan(rack__life=3).expect(report__usable=True)


def test_bms_rack_when_near_a_voltage_limit_then_current_shrinks_linearly(block: Block) -> None:
    rack = _healthy(block("BMS_RACK", period_ms=100))
    rack.scan(rack__u_v=861.5).expect(report__charge_i_max_a=50.0, report__discharge_i_max_a=120.0)
    rack.scan(rack__u_v=870.0).expect(report__charge_i_max_a=0.0)
    rack.scan(rack__u_v=697.0).expect(report__discharge_i_max_a=24.0, report__charge_i_max_a=100.0)


@pytest.mark.parametrize("limit", [-5.0, math.nan, math.inf])
def test_bms_rack_when_a_limit_is_nonsense_then_counts_as_zero(block: Block, limit: float) -> None:
    rack = _healthy(block("BMS_RACK", period_ms=100))
    rack.scan(rack__charge_i_max_a=limit).expect(report__charge_i_max_a=0.0, report__discharge_i_max_a=120.0)


def _bank(block: Block) -> Bench:
    bank = block("BMS_BANK", period_ms=100)
    for number, (soc, capacity, u_v, charge, discharge) in enumerate(
        [(80.0, 100.0, 780.0, 100.0, 120.0), (50.0, 200.0, 800.0, 60.0, 130.0)], 1
    ):
        for name, value in {
            "usable": True, "good": True, "soc_pct": soc, "capacity_kwh": capacity, "u_v": u_v,
            "charge_i_max_a": charge, "discharge_i_max_a": discharge,
        }.items():  # fmt: skip
            bank.cell(f"racks[{number}].{name}").write(value)
    return bank


def test_bms_bank_when_two_racks_then_soc_by_capacity_and_smallest_current_times_two(block: Block) -> None:
    bank = _bank(block).scan(n_racks=2, share=0.5, rise_kw_per_s=1e9)
    bank.expect(bank__soc_pct=60.0, bank__soc_good=True, bank__racks_usable=2)
    bank.expect(bank__soc_lowest_pct=50.0, bank__soc_highest_pct=80.0)
    bank.expect(bank__p_charge_max_kw=2 * 60.0 * 780.0 * 0.5 / 1000, bank__p_discharge_max_kw=2 * 120.0 * 0.39)


def test_bms_bank_when_a_rack_carries_more_than_its_share_then_that_much_less_is_allowed(block: Block) -> None:
    bank = _bank(block)
    bank.cell("racks[1].i_a").write(40.0)  # 10 A above the mean of 30 A
    bank.cell("racks[2].i_a").write(20.0)
    bank.scan(n_racks=2, share=1.0, rise_kw_per_s=1e9, uneven_s=0.0)
    bank.expect(bank__p_discharge_max_kw=2 * 110.0 * 0.78, bank__p_charge_max_kw=2 * 50.0 * 0.78)


def test_bms_bank_when_one_rack_drops_out_then_the_other_counts_alone(block: Block) -> None:
    bank = _bank(block)
    bank.cell("racks[2].usable").write(False)
    bank.scan(n_racks=2, share=1.0, rise_kw_per_s=1e9)
    bank.expect(bank__soc_pct=80.0, bank__racks_usable=1, bank__racks_good=2, bank__p_charge_max_kw=78.0)


def test_bms_bank_when_all_racks_are_bad_then_both_limits_are_zero_at_once(block: Block) -> None:
    bank = _bank(block).scan(n_racks=2, rise_kw_per_s=1e9)
    for number in (1, 2):
        bank.cell(f"racks[{number}].usable").write(False)
    bank.scan().expect(
        bank__p_charge_max_kw=0.0, bank__p_discharge_max_kw=0.0, bank__soc_good=False, bank__soc_pct=60.0
    )


def test_bms_bank_when_a_limit_comes_back_then_it_rises_slowly(block: Block) -> None:
    bank = _bank(block).scan(n_racks=2, share=1.0, rise_kw_per_s=20.0)
    bank.expect(bank__p_charge_max_kw=2.0)  # 20 kW/s * 0.1 s
    bank.scan(4).expect(bank__p_charge_max_kw=10.0)


def test_inverter_control_when_wanted_then_start_stands_until_it_runs(block: Block) -> None:
    inverter = block("INVERTER_CONTROL", period_ms=100)
    inverter.scan(good=True).expect(start_cmd=False, stop_cmd=False)
    inverter.scan(wanted=True).expect(start_cmd=True, stop_cmd=False)
    inverter.scan(running=True).expect(start_cmd=False)
    inverter.scan(wanted=False).expect(stop_cmd=True)
    inverter.scan(running=False).expect(stop_cmd=False)


def test_inverter_control_when_start_is_missed_then_given_again_with_an_edge(block: Block) -> None:
    inverter = block("INVERTER_CONTROL", period_ms=100)
    seen = []
    for _ in range(100):
        inverter.scan(good=True, wanted=True)
        seen.append(bool(inverter["start_cmd"]))
    assert seen == ([True] * 40 + [False] * 10) * 2


def test_inverter_control_when_report_is_bad_and_not_wanted_then_keeps_stopping(block: Block) -> None:
    block("INVERTER_CONTROL").scan(good=False, running=False, wanted=False).expect(stop_cmd=True)


def test_inverter_control_when_reset_then_pulse_of_a_second(block: Block) -> None:
    inverter = block("INVERTER_CONTROL", period_ms=100)
    inverter.scan(reset=True).expect(reset_cmd=True)
    inverter.scan(9, reset=False).expect(reset_cmd=True)
    inverter.scan(2).expect(reset_cmd=False)


def _in_run(block: Block) -> Bench:
    machine = block("PLANT_STATE_MACHINE", period_ms=100)
    machine.scan().expect(state="INIT", phase="WAIT_INPUTS", run_inverter=False, connect_racks=False)
    machine.scan(inverter_good=True, meter_good=True, racks_good=2).expect(phase="CONNECT_RACKS", connect_racks=True)
    machine.scan(racks_usable=2).expect(phase="START_INVERTER", run_inverter=True)
    return machine.scan(inverter_running=True).expect(state="RUN", phase="READY", error_bits=0)


def test_state_machine_when_all_goes_well_then_init_to_run(block: Block) -> None:
    _in_run(block).expect(connect_racks=True, run_inverter=True)


def test_state_machine_when_nothing_answers_then_waits_without_error(block: Block) -> None:
    block("PLANT_STATE_MACHINE", period_ms=100).scan(3000).expect(state="INIT", phase="WAIT_INPUTS", error_bits=0)


def test_state_machine_when_racks_do_not_connect_then_error_after_the_timeout(block: Block) -> None:
    machine = block("PLANT_STATE_MACHINE", period_ms=100)
    machine.scan(inverter_good=True, meter_good=True, racks_good=2, connect_timeout=5 * S)
    machine.scan(50).expect(state="INIT", phase="CONNECT_RACKS")
    machine.scan(1).expect(state="ERROR", phase="HALTED", error_bits=4, connect_racks=False)


def test_state_machine_when_one_rack_of_two_connects_then_starts_with_it_after_the_timeout(block: Block) -> None:
    machine = block("PLANT_STATE_MACHINE", period_ms=100)
    machine.scan(inverter_good=True, meter_good=True, racks_good=2, racks_usable=1, connect_timeout=5 * S)
    machine.scan(50).expect(phase="CONNECT_RACKS")
    machine.scan(1).expect(state="INIT", phase="START_INVERTER")


def test_state_machine_when_inverter_does_not_start_then_error_after_the_timeout(block: Block) -> None:
    machine = block("PLANT_STATE_MACHINE", period_ms=100)
    machine.scan(2, inverter_good=True, meter_good=True, racks_good=1, racks_usable=1, start_timeout=3 * S)
    machine.scan(30).expect(state="INIT", phase="START_INVERTER")
    machine.scan(1).expect(state="ERROR", error_bits=8, run_inverter=False)


@pytest.mark.parametrize("change", [{"inverter_good": False}, {"inverter_running": False}, {"racks_usable": 0}])
def test_state_machine_when_a_device_is_lost_in_run_then_back_to_init_after_a_while(
    block: Block, change: dict[str, int]
) -> None:
    machine = _in_run(block)
    machine.scan(20, **change).expect(state="RUN")
    machine.scan(1).expect(state="INIT", error_bits=0)


def test_state_machine_when_loss_is_short_then_stays_in_run(block: Block) -> None:
    machine = _in_run(block)
    for _ in range(5):
        machine.scan(15, inverter_good=False).expect(state="RUN")
        machine.scan(inverter_good=True).expect(state="RUN")


def test_state_machine_when_inverter_fails_then_error_is_latched_until_reset(block: Block) -> None:
    machine = _in_run(block)
    machine.scan(inverter_error=True).expect(state="ERROR", error_bits=1, run_inverter=False)
    machine.scan(100, inverter_error=False, inverter_running=False).expect(state="ERROR", error_bits=1)
    machine.scan(reset=True).expect(state="INIT", reset_done=True, error_bits=1)
    machine.scan(3, reset=False, inverter_running=True).expect(state="RUN", error_bits=0, reset_done=False)


def test_state_machine_when_cause_still_stands_then_reset_is_refused_after_a_while(block: Block) -> None:
    machine = _in_run(block)
    machine.scan(inverter_error=True)
    machine.scan(reset=True).expect(state="ERROR", reset_refused=False)
    machine.scan(29, reset=False).expect(state="ERROR", reset_refused=False)
    machine.scan(1).expect(state="ERROR", reset_refused=True)
    machine.scan(1).expect(reset_refused=False)
    machine.scan(inverter_error=False).expect(state="ERROR")  # the refused reset is gone


def test_state_machine_when_reset_outside_of_error_then_refused(block: Block) -> None:
    _in_run(block).scan(reset=True).expect(state="RUN", reset_refused=True)


def test_state_machine_when_all_answering_racks_are_faulted_then_error(block: Block) -> None:
    machine = _in_run(block)
    machine.scan(racks_faulted=1, racks_usable=1).expect(state="RUN")
    machine.scan(racks_faulted=2, racks_usable=0).expect(state="ERROR", error_bits=2)


def test_state_machine_when_error_then_contactors_open_after_the_inverter_stopped(block: Block) -> None:
    machine = _in_run(block)
    machine.scan(2, inverter_error=True).expect(state="ERROR", connect_racks=True, run_inverter=False)
    machine.scan(inverter_running=False).expect(connect_racks=False)


def test_state_machine_when_inverter_never_stops_then_contactors_open_after_five_seconds(block: Block) -> None:
    machine = _in_run(block)
    machine.scan(50, inverter_error=True).expect(connect_racks=True)
    machine.scan(2).expect(connect_racks=False)


@pytest.mark.parametrize(("variable", "value"), [("state", 77), ("phase", 99)])
def test_state_machine_when_state_is_impossible_then_error_never_a_standstill(
    block: Block, variable: str, value: int
) -> None:
    machine = block("PLANT_STATE_MACHINE", period_ms=100)
    machine.scan(**{variable: value}).expect(state="ERROR", error_bits=16)
    machine.scan(reset=True).expect(state="INIT")


@pytest.mark.parametrize(
    ("value", "result", "held"),
    [
        (25.0, "DONE", 25.0), (-100.0, "DONE", -100.0), (100.5, "REFUSED_RANGE", 5.0), (math.nan, "REFUSED_RANGE", 5.0),
        (math.inf, "REFUSED_RANGE", 5.0),
    ],
)  # fmt: skip
def test_real_selector_when_commanded_then_taken_within_bounds_only(
    block: Block, value: float, result: str, held: float
) -> None:
    target = block("REAL_SELECTOR").scan(value_min=-100.0, value_max=100.0, start_value=5.0)
    target.scan(command__value=value, command__seq=1).expect(value=held, ack__seq=1, ack__result=result)


def test_button_when_pressed_then_one_call_then_acknowledged(block: Block) -> None:
    button = block("BUTTON")
    button.scan(command__value=True, command__seq=1).expect(pressed=True, ack__seq=1, ack__result="ACCEPTED")
    button.scan().expect(pressed=False, ack__result="ACCEPTED")
    button.scan(done=True).expect(pressed=False, ack__result="DONE")
    button.scan(done=False, command__seq=2).expect(pressed=True)
    button.scan(refused=True).expect(pressed=False, ack__seq=2, ack__result="REFUSED_STATE")
    button.scan(refused=False, command__value=False, command__seq=3).expect(pressed=False, ack__result="REFUSED_RANGE")


def _limits(block: Block) -> Bench:
    return block("POWER_LIMITS", period_ms=100).scan(
        state="RUN", bank__soc_pct=50.0, bank__soc_lowest_pct=50.0, bank__soc_highest_pct=50.0, bank__soc_good=True,
        bank__p_charge_max_kw=80.0, bank__p_discharge_max_kw=90.0, ramp_kw_per_s=1e6, reserve_applies=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "change", "p_set", "limited_by"),
    [
        (40.0, {}, 40.0, "NONE"),
        (-200.0, {"rated_kw": 70.0}, -70.0, "INVERTER_RATING"),
        (200.0, {}, 90.0, "BMS_DISCHARGE"),
        (-200.0, {}, -80.0, "BMS_CHARGE"),
        (40.0, {"bank__p_discharge_max_kw": math.nan}, 0.0, "BMS_DISCHARGE"),
        (40.0, {"bank__soc_lowest_pct": 5.0}, 0.0, "SOC_GUARD"),
        (-40.0, {"bank__soc_highest_pct": 95.0}, 0.0, "SOC_GUARD"),
        (-40.0, {"bank__soc_lowest_pct": 5.0}, -40.0, "NONE"),
        (40.0, {"bank__soc_highest_pct": 95.0}, 40.0, "NONE"),
        (40.0, {"bank__soc_good": False}, 0.0, "SOC_GUARD"),
        (40.0, {"bank__soc_pct": 10.0}, 0.0, "SOC_RESERVE"),
        (-40.0, {"bank__soc_pct": 10.0}, -40.0, "NONE"),
        (40.0, {"bank__soc_pct": 10.0, "reserve_applies": False}, 40.0, "NONE"),
        (40.0, {"state": "INIT"}, 0.0, "PLANT_STATE"),
        (40.0, {"state": "ERROR"}, 0.0, "PLANT_STATE"),
        (40.0, {"state": 77}, 0.0, "PLANT_STATE"),
        (math.nan, {}, 0.0, "NONE"),
    ],
)
def test_power_limits_when_wish_meets_a_limit_then_clipped_and_named(
    block: Block, wish: float, change: dict[str, float | str], p_set: float, limited_by: str
) -> None:
    limits = _limits(block).scan(p_wish_kw=wish, **change)
    limits.expect(p_set_kw=p_set, power__limited_by=limited_by)


def test_power_limits_when_wish_jumps_then_ramp_limits_but_a_battery_limit_acts_at_once(block: Block) -> None:
    limits = _limits(block).scan(p_wish_kw=50.0, ramp_kw_per_s=100.0).expect(p_set_kw=10.0, power__limited_by="RAMP")
    limits.scan(4).expect(p_set_kw=50.0, power__limited_by="NONE")
    limits.scan(bank__p_discharge_max_kw=5.0).expect(p_set_kw=5.0, power__limited_by="BMS_DISCHARGE")
    limits.scan(state="INIT").expect(p_set_kw=0.0)


def test_power_limits_when_inputs_are_bad_then_setpoint_runs_to_zero_along_the_ramp(block: Block) -> None:
    limits = _limits(block).scan(p_wish_kw=30.0).expect(p_set_kw=30.0)
    limits.scan(inputs_bad=True, p_wish_kw=0.0, ramp_kw_per_s=100.0).expect(
        p_set_kw=20.0, power__limited_by="BAD_INPUT"
    )
    limits.scan(2).expect(p_set_kw=0.0, power__limited_by="BAD_INPUT")
    limits.scan(5).expect(p_set_kw=0.0, power__limited_by="BAD_INPUT")
    limits.scan(inputs_bad=False, p_wish_kw=-30.0, ramp_kw_per_s=1e6).expect(p_set_kw=-30.0, power__limited_by="NONE")
    limits.scan(inputs_bad=True, ramp_kw_per_s=100.0).expect(p_set_kw=-20.0, power__limited_by="BAD_INPUT")
