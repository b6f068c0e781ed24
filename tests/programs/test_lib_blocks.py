"""The smaller blocks of programs/lib, each as a table of scans."""

import math

import pytest
from blockbench import Block


def test_ramp_limiter_when_input_jumps_then_output_moves_by_rate(block: Block) -> None:
    ramp = block("RAMP_LIMITER", period_ms=100)
    ramp.scan(**{"in": 10.0}, up_per_s=20.0, down_per_s=50.0).expect(out=2.0, limited=True)
    ramp.scan(4).expect(out=10.0, limited=False)
    ramp.scan(**{"in": 0.0}).expect(out=5.0, limited=True)
    ramp.scan(down_per_s=10.0).expect(out=4.0)  # the rate may change while it runs
    ramp.scan(down_per_s=-1.0).expect(out=4.0)  # below 0 counts as 0


def test_ramp_limiter_when_enabled_again_then_starts_from_the_tracked_value(block: Block) -> None:
    ramp = block("RAMP_LIMITER", period_ms=100)
    ramp.scan(**{"in": 100.0}, up_per_s=10.0, enable=False, track_value=42.0).expect(out=42.0, limited=False)
    ramp.scan(enable=True).expect(out=43.0)


def test_ramp_limiter_when_input_is_no_number_then_output_stays(block: Block) -> None:
    ramp = block("RAMP_LIMITER")
    ramp.scan(**{"in": 3.0}).expect(out=3.0)
    ramp.scan(**{"in": math.nan}).expect(out=3.0, limited=True)


@pytest.mark.parametrize(
    ("on_at", "off_at", "steps"),
    [
        (30.0, 25.0, [(20, False), (29.9, False), (30, True), (26, True), (25, False), (29, False)]),
        (5.0, 8.0, [(10, False), (5.1, False), (5, True), (7.9, True), (8, False), (6, False)]),
        (5.0, 5.0, [(4, False), (5, True), (4.9, False)]),
    ],
)
def test_hysteresis_when_input_crosses_thresholds_then_switches_at_them(
    block: Block, on_at: float, off_at: float, steps: list[tuple[float, bool]]
) -> None:
    switch = block("HYSTERESIS")
    for value, q in steps:
        switch.scan(**{"in": float(value)}, on_at=on_at, off_at=off_at).expect(q=q)


def test_hysteresis_when_input_is_no_number_then_takes_the_safe_side(block: Block) -> None:
    block("HYSTERESIS").scan(**{"in": math.nan}, on_at=1.0, off_at=0.0, q_bad=True).expect(q=True)


def test_soc_guard_when_soc_crosses_min_then_blocks_with_hysteresis(block: Block) -> None:
    guard = block("SOC_GUARD")
    guard.scan(soc_good=True, soc_pct=20.0).expect(discharge_blocked=False)
    guard.scan(soc_pct=15.1).expect(discharge_blocked=False)
    guard.scan(soc_pct=15.0).expect(discharge_blocked=True)  # at the bound: readings are rounded
    guard.scan(soc_pct=14.9).expect(discharge_blocked=True)
    guard.scan(soc_pct=15.5).expect(discharge_blocked=True)  # inside the band
    guard.scan(soc_pct=16.0).expect(discharge_blocked=False)


def test_soc_guard_when_soc_crosses_max_then_blocks_charging_with_hysteresis(block: Block) -> None:
    guard = block("SOC_GUARD")
    guard.scan(soc_good=True, soc_pct=94.0).expect(charge_blocked=False, discharge_blocked=False)
    guard.scan(soc_pct=95.0).expect(charge_blocked=True, discharge_blocked=False)
    guard.scan(soc_pct=94.5).expect(charge_blocked=True)
    guard.scan(soc_pct=94.0).expect(charge_blocked=False)


@pytest.mark.parametrize(("soc_good", "soc_pct"), [(False, 50.0), (True, math.nan)])
def test_soc_guard_when_soc_is_bad_then_blocks_both_ways(block: Block, soc_good: bool, soc_pct: float) -> None:
    guard = block("SOC_GUARD")
    guard.expect(discharge_blocked=True, charge_blocked=True)  # before the first scan
    guard.scan(soc_good=True, soc_pct=50.0).expect(discharge_blocked=False, charge_blocked=False)
    guard.scan(soc_good=soc_good, soc_pct=soc_pct).expect(discharge_blocked=True, charge_blocked=True)


def test_moving_average_when_window_fills_then_old_samples_leave(block: Block) -> None:
    mean = block("MOVING_AVERAGE")
    mean.scan(**{"in": 4.0}, n=3).expect(out=4.0, filled=False)
    mean.scan(**{"in": 8.0}).expect(out=6.0, filled=False)
    mean.scan(take=False, **{"in": 99.0}).expect(out=6.0)
    mean.scan(take=True, **{"in": 0.0}).expect(out=4.0, filled=True)
    mean.scan(**{"in": 1.0}).expect(out=3.0)
    mean.scan(**{"in": math.nan}).expect(out=3.0)
    mean.scan(n=2, **{"in": 7.0}).expect(out=7.0, filled=False)


def test_moving_average_when_it_runs_for_five_minutes_of_seconds_then_equals_the_plain_mean(block: Block) -> None:
    mean = block("MOVING_AVERAGE", period_ms=1000)
    values = [math.sin(n / 7.0) * 100.0 for n in range(700)]
    for value in values:
        mean.scan(**{"in": value})
    assert float(mean["out"]) == pytest.approx(sum(values[-300:]) / 300.0, abs=1e-4)


def test_heartbeat_when_period_passes_then_counts_and_never_shows_zero(block: Block) -> None:
    beat = block("HEARTBEAT_GENERATOR", period_ms=100)
    beat.scan(9, period=1_000_000_000, count_max=3).expect(count=1)
    beat.scan().expect(count=2)
    beat.scan(10).expect(count=3)
    beat.scan(10).expect(count=1)
    beat.scan(50, enable=False).expect(count=1)


def test_heartbeat_monitor_when_count_stands_still_then_dies_after_the_timeout(block: Block) -> None:
    watch = block("HEARTBEAT_MONITOR", period_ms=100)
    watch.scan(count=7).expect(alive=False)  # nothing has moved yet
    watch.scan(count=8).expect(alive=True)
    watch.scan(19).expect(alive=True)
    watch.scan().expect(alive=False)
    watch.scan(count=9).expect(alive=True)


def test_virtual_meter_when_a_meter_in_use_is_bad_then_keeps_the_last_good_value(block: Block) -> None:
    meter = block("VIRTUAL_METER")
    meter.scan(p1_kw=10.0, good1=True, p2_kw=4.0, good2=True, weight2=1.0).expect(p_kw=14.0, good=True)
    meter.scan(p1_kw=99.0, good2=False).expect(p_kw=14.0, good=False)
    meter.scan(good2=True, weight2=-1.0).expect(p_kw=95.0, good=True)
    meter.scan(p3_kw=math.nan).expect(p_kw=95.0, good=True)  # weight 0: not in use
    meter.scan(p1_kw=math.nan).expect(p_kw=95.0, good=False)


def test_state_timer_when_state_changes_then_restarts(block: Block) -> None:
    timer = block("STATE_TIMER", period_ms=100)
    timer.scan(state=1, timeout=300_000_000).expect(entered=True, expired=False, elapsed=0)
    timer.scan(2).expect(entered=False, expired=False)
    timer.scan().expect(expired=True, elapsed=300_000_000)
    timer.scan(state=2).expect(entered=True, expired=False, elapsed=0)
    timer.scan(100, timeout=0).expect(expired=False)


def test_fresh_sample_when_age_falls_back_then_is_fresh(block: Block) -> None:
    sample = block("FRESH_SAMPLE", period_ms=100)
    sample.scan(good=True, age=20_000_000).expect(fresh=True, since_s=0.0)
    sample.scan(age=120_000_000).expect(fresh=False)  # only grew older
    sample.scan(age=20_000_000).expect(fresh=True, since_s=0.2)
    sample.scan(good=False, age=20_000_000).expect(fresh=False)
    sample.scan(good=True, age=20_000_000).expect(fresh=True, since_s=0.0)


def test_curve_when_input_lies_between_points_then_is_linear(block: Block) -> None:
    curve = block("CURVE", declare="", call="b.x[1] := 0.0; b.x[2] := 10.0; b.x[3] := 20.0; b.y[2] := 5.0; b();")
    for value, out in [(-5.0, 0.0), (0.0, 0.0), (4.0, 2.0), (10.0, 5.0), (15.0, 2.5), (99.0, 0.0)]:
        curve.scan(**{"in": value}, n=3).expect(out=out)
    curve.scan(**{"in": math.nan}, y_bad=-1.0).expect(out=-1.0)
    curve.scan(**{"in": 5.0}, n=0).expect(out=-1.0)
    curve.scan(n=4).expect(out=-1.0, points_bad=True)  # x[4] is 0: the points fall
    curve.scan(n=3).expect(out=2.5, points_bad=False)


def test_low_pass_when_input_steps_then_63_percent_after_the_time_constant(block: Block) -> None:
    lag = block("LOW_PASS", period_ms=100)
    lag.scan(**{"in": 0.0}, time_s=1.0).expect(out=0.0)
    lag.scan(10, **{"in": 100.0})
    assert float(lag["out"]) == pytest.approx(100.0 * (1.0 - math.exp(-1.0)), abs=0.01)
    lag.scan(reset=True).expect(out=100.0)
