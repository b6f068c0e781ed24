"""Blocks that shape, sum and compare signals, against numpy or a few lines of Python; error bounds stand beside."""

import math
import random
import struct

import numpy as np
import pytest
from blockbench import Block

MS = 1_000_000


def as_real(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def test_moving_average_when_five_minutes_of_seconds_then_as_a_convolution(block: Block) -> None:
    chance = random.Random(1)
    values = [as_real(chance.uniform(-1e3, 1e3)) for _ in range(1000)]
    wanted = np.convolve(values, np.ones(300) / 300.0, mode="valid")
    mean = block("MOVING_AVERAGE", period_ms=1000)
    for k, value in enumerate(values):
        mean.scan(**{"in": value})
        if k >= 299:
            assert float(mean["out"]) == pytest.approx(float(wanted[k - 299]), rel=1e-6, abs=1e-4)  # REAL of samples


def test_moving_average_when_samples_are_means_then_the_whole_window_counts(block: Block) -> None:
    values = np.array([as_real(math.sin(k / 5.0) * 50.0 + k * 0.02) for k in range(1500)])
    mean = block("MOVING_AVERAGE", period_ms=100).scan(0, n=60, sample=1000 * MS)
    for k, value in enumerate(values, 1):
        mean.scan(**{"in": float(value)})
        assert mean["moved"] == (k % 10 == 0)
        if k % 10 == 0 and k >= 600:
            assert float(mean["out"]) == pytest.approx(float(values[k - 600 : k].mean()), abs=1e-5)


def test_moving_average_when_it_replaces_missing_samples_by_zero_then_as_the_nem_table(block: Block) -> None:
    """Source: ENTSO-E FCR technical requirements: normal state energy management, seconds since it became allowed."""
    allowed = block("MOVING_AVERAGE", period_ms=1000).scan(0, from_zero=True)
    seen = {second: float(allowed.scan(**{"in": 1.0})["out"]) for second in range(1, 301)}
    assert [seen[s] for s in (30, 60, 150, 300)] == pytest.approx([0.1, 0.2, 0.5, 1.0], abs=1e-7)
    after = {second: float(allowed.scan(**{"in": 0.0})["out"]) for second in range(1, 301)}
    assert [after[s] for s in (60, 300)] == pytest.approx([0.8, 0.0], abs=1e-7)


def test_moving_average_when_a_giant_value_was_in_it_then_nothing_of_it_stays(block: Block) -> None:
    mean = block("MOVING_AVERAGE").scan(0, n=10)
    mean.scan(15, **{"in": 1.0})
    mean.scan(**{"in": 1e29})
    mean.scan(20, **{"in": 1.0}).expect(out=1.0)


def test_rate_of_change_when_filtered_then_as_its_difference_equation(block: Block) -> None:
    rate = block("RATE_OF_CHANGE", period_ms=50).scan(0, filter_s=0.2)
    values = [as_real(50.0 + 0.3 * math.sin(k / 11.0)) for k in range(400)]
    wanted = 0.0
    for k, value in enumerate(values):
        rate.scan(**{"in": value})
        if k:
            wanted += ((value - values[k - 1]) / 0.05 - wanted) * 0.05 / (as_real(0.2) + 0.05)
        assert float(rate["per_second"]) == pytest.approx(wanted, rel=1e-6, abs=1e-9)


def test_integrator_when_input_varies_then_as_the_sum_within_its_bounds(block: Block) -> None:
    chance, sums = random.Random(2), 0.0
    integrator = block("INTEGRATOR", period_ms=10).scan(0, gain=2.0, out_min=-0.5, out_max=0.5)
    for _ in range(1000):
        value = as_real(chance.uniform(-5, 5.5))
        sums = min(max(sums + 2.0 * value * 0.01, -0.5), 0.5)
        assert float(integrator.scan(**{"in": value})["out"]) == pytest.approx(sums, abs=1e-7)


def test_integrator_when_it_runs_for_an_hour_of_small_steps_then_nothing_is_lost(block: Block) -> None:
    integrator = block("INTEGRATOR", period_ms=10).scan(0, reset_value=1e5, reset=True)
    integrator.scan().scan(20_000, reset=False, **{"in": 0.125})  # steps of 0.00125, a sixth of what REAL shows at 1e5
    assert float(integrator["out"]) == pytest.approx(1e5 + 25.0, abs=8e-3)


def test_totalizer_when_flow_varies_then_total_pulses_and_rollovers_are_those_of_the_sum(block: Block) -> None:
    chance, total, pulses = random.Random(3), 0.0, 0
    totalizer = block("TOTALIZER", period_ms=1000).scan(0, cutoff=0.5, pulse_size=0.03125, rollover=1.0)
    for _ in range(2000):
        flow = as_real(chance.uniform(-1, 8))
        total += flow / 3600 if flow >= 0.5 else 0.0
        pulses += bool(totalizer.scan(flow=flow)["pulse"])
    assert float(totalizer["total"]) + float(totalizer["rollovers"]) == pytest.approx(total, abs=1e-9)
    assert pulses == int(total / 0.03125)
    assert totalizer["rollovers"] == int(total)


@pytest.mark.parametrize("jump", [False, True])
def test_deadband_when_input_is_swept_then_as_its_closed_form(block: Block, jump: bool) -> None:
    band = block("DEADBAND").scan(0, centre=50.0, width=0.25, jump=jump)
    for value in np.arange(48.0, 52.0, 0.0625):
        d = float(value) - 50.0
        wanted = 0.0 if abs(d) <= 0.25 else d if jump else d - math.copysign(0.25, d)
        assert band.scan(**{"in": float(value)})["out"] == wanted  # sixteenths: exact


def test_ramp_limiter_when_rates_and_input_vary_then_as_its_difference_equation(block: Block) -> None:
    chance, wanted = random.Random(4), 0.0
    ramp = block("RAMP_LIMITER", period_ms=10)
    for k in range(2000):
        if k % 50 == 0:
            target, up, down = (as_real(chance.uniform(-200, 200)), *(as_real(chance.uniform(0, 900)) for _ in "ud"))
        wanted = min(max(target, wanted - down * 0.01), wanted + up * 0.01)
        ramp.scan(**{"in": target}, up_per_s=up, down_per_s=down)
        assert float(ramp["out"]) == pytest.approx(wanted, rel=1e-6, abs=1e-9)


def test_hysteresis_when_input_walks_then_as_a_relay(block: Block) -> None:
    chance, value, on = random.Random(5), 0.0, False
    switch = block("HYSTERESIS").scan(0, on_at=1.0, off_at=-1.0)
    for _ in range(1000):
        value = as_real(value * 0.98 + chance.gauss(0, 0.4))
        on = value >= 1.0 or (on and value > -1.0)
        switch.scan(**{"in": value}).expect(q=on)


def test_voter_when_one_of_three_lies_then_as_the_median(block: Block) -> None:
    chance = random.Random(6)
    voter = block("VOTER_2OO3").scan(0, tolerance=1.0)
    kept = 0.0
    for _ in range(500):
        votes = [as_real(20.0 + chance.uniform(-0.4, 0.4) + chance.choice([0, 0, 0, 30])) for _ in range(3)]
        voter.scan(in1=votes[0], in2=votes[1], in3=votes[2])
        median = float(np.median(votes))
        good = sum(abs(vote - median) <= 1.0 for vote in votes) >= 2
        kept = median if good else kept
        voter.expect(good=good)
        assert voter["out"] == kept


def test_virtual_meter_when_weights_vary_then_as_the_scalar_product(block: Block) -> None:
    chance = random.Random(7)
    meter = block("VIRTUAL_METER").scan(0, good1=True, good2=True, good3=True, good4=True)
    for _ in range(100):
        powers, weights = np.array([[as_real(chance.uniform(-500, 500)) for _ in range(4)] for _ in range(2)])
        meter.scan(
            **{f"p{i + 1}_kw": float(p) for i, p in enumerate(powers)},
            **{f"weight{i + 1}": float(w) / 500.0 for i, w in enumerate(weights)},
        )
        wanted = float(powers @ (weights / 500.0))
        assert float(meter["p_kw"]) == pytest.approx(wanted, abs=1e-6 * 2000.0)  # four REAL products of up to 500
