"""Racks, bank, inverter control, state machine, commands: programs/plant as tables of scans."""

import math

import pytest
from blockbench import Bench, Block


def _healthy(bench: Bench) -> Bench:
    """A connected rack whose life counter has moved."""
    bench.scan(
        rack_good=True, rack__u_v=780.0, rack__soc_pct=50.0, rack__charge_i_max_a=100.0, rack__discharge_i_max_a=120.0,
        rack__charge_u_max_v=864.0, rack__discharge_u_min_v=696.0, rack__state="CONNECTED", rack__life=1,
        rack__cell_u_min_mv=3240.0, rack__cell_u_max_mv=3250.0, rack__cell_t_min_c=20.0, rack__cell_t_max_c=22.0,
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
    bank = block("BMS_BANK", period_ms=100, declare="racks : RACK_REPORTS;", call="b(racks := racks);")
    for number, (soc, capacity, u_v, charge, discharge) in enumerate(
        [(80.0, 100.0, 780.0, 100.0, 120.0), (50.0, 200.0, 800.0, 60.0, 130.0)], 1
    ):
        for name, value in {
            "usable": True, "good": True, "soc_pct": soc, "capacity_kwh": capacity, "u_v": u_v,
            "charge_i_max_a": charge, "discharge_i_max_a": discharge,
        }.items():  # fmt: skip
            bank.cell(f"main.racks[{number}].{name}").write(value)
    return bank


def test_bms_bank_when_two_racks_then_soc_by_capacity_and_smallest_current_times_two(block: Block) -> None:
    bank = _bank(block).scan(n_racks=2, share=0.5, rise_kw_per_s=1e9)
    bank.expect(bank__soc_pct=60.0, bank__soc_good=True, bank__racks_usable=2)
    bank.expect(bank__soc_lowest_pct=50.0, bank__soc_highest_pct=80.0)
    bank.expect(bank__p_charge_max_kw=2 * 60.0 * 780.0 * 0.5 / 1000, bank__p_discharge_max_kw=2 * 120.0 * 0.39)


def test_bms_bank_when_a_rack_carries_more_than_its_share_then_that_much_less_is_allowed(block: Block) -> None:
    bank = _bank(block)
    bank.cell("main.racks[1].i_a").write(40.0)  # 10 A above the mean of 30 A
    bank.cell("main.racks[2].i_a").write(20.0)
    bank.scan(n_racks=2, share=1.0, rise_kw_per_s=1e9, uneven_s=0.0)
    bank.expect(bank__p_discharge_max_kw=2 * 110.0 * 0.78, bank__p_charge_max_kw=2 * 50.0 * 0.78)


def test_bms_bank_when_one_rack_drops_out_then_the_other_counts_alone(block: Block) -> None:
    bank = _bank(block)
    bank.cell("main.racks[2].usable").write(False)
    bank.scan(n_racks=2, share=1.0, rise_kw_per_s=1e9)
    bank.expect(bank__soc_pct=80.0, bank__racks_usable=1, bank__racks_good=2, bank__p_charge_max_kw=78.0)


def test_bms_bank_when_all_racks_are_bad_then_both_limits_are_zero_at_once(block: Block) -> None:
    bank = _bank(block).scan(n_racks=2, rise_kw_per_s=1e9)
    for number in (1, 2):
        bank.cell(f"main.racks[{number}].usable").write(False)
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
    limits = block("POWER_LIMITS", period_ms=100)
    for number in range(1, 8):  # closed until supervision says otherwise
        limits.cell(f"plant_bounds[{number}].p_min_kw").write(-1e9)
        limits.cell(f"plant_bounds[{number}].p_max_kw").write(1e9)
    return limits.scan(
        state="RUN", bank__soc_pct=50.0, bank__soc_lowest_pct=50.0, bank__soc_highest_pct=50.0, bank__soc_good=True,
        bank__p_charge_max_kw=80.0, bank__p_discharge_max_kw=90.0,
        bank__charge_by="BMS_CHARGE", bank__discharge_by="BMS_DISCHARGE", ramp_kw_per_s=1e6, reserve_applies=True,
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
        (40.0, {"feature_bounds__p_max_kw": 15.0}, 15.0, "SITE_FEATURE"),
        (40.0, {"feature_bounds__p_max_kw": 15.0, "bounds[2]__p_min_kw": 30.0}, 15.0, "SITE_FEATURE"),
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
