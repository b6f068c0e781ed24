"""Blocks about energy and power sharing against independent references; error bounds beside each comparison."""

import math
import random
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from blockbench import Bench, Block

DAY_S = 86_400
NOON_NS = 1_767_787_200 * 1_000_000_000
"""2026-01-07T12:00:00Z."""
LAST = ("last", "last_past", "last_length")
"""What DEMAND_15MIN remembers of its last call."""


def _split(program: Block, n: int) -> Bench:
    declare = f"share : SPLIT; racks : ARRAY [1..{n}] OF SPLIT_MEMBER; p_kw : REAL;"
    return program(declare, "share(p_kw := p_kw, members := racks);")


def _members(bench: Bench, rows: Sequence[tuple[float, float, float]]) -> None:
    for number, (soc_pct, capacity_kwh, limit_kw) in enumerate(rows, 1):
        at = f"racks[{number}]."
        bench.cell(at + "usable").write(1)
        bench.cell(at + "soc_pct").write(soc_pct)
        bench.cell(at + "capacity_kwh").write(capacity_kwh)
        bench.cell(at + "p_charge_max_kw").write(limit_kw)
        bench.cell(at + "p_discharge_max_kw").write(limit_kw)


def _reference(rows: Sequence[tuple[float, float, float]], p_kw: float) -> list[float]:
    """Water-filling by bisection over the level: part = min(limit, level * weight), sum = request."""
    weights = [(soc if p_kw >= 0 else 100 - soc) * capacity for soc, capacity, _ in rows]
    limits = [limit for _, _, limit in rows]
    want = min(abs(p_kw), sum(limits))
    low, high = 0.0, max(limit / weight for limit, weight in zip(limits, weights, strict=True))
    for _ in range(200):
        level = (low + high) / 2
        total = sum(min(limit, level * weight) for limit, weight in zip(limits, weights, strict=True))
        low, high = (level, high) if total < want else (low, level)
    return [math.copysign(min(limit, high * w), p_kw) for limit, w in zip(limits, weights, strict=True)]


@pytest.mark.parametrize(
    ("p_kw", "parts"), [(60.0, (40.0, 20.0)), (90.0, (50.0, 40.0)), (-60.0, (-15.0, -45.0)), (101.0, (50.0, 50.0))]
)
def test_split_when_asked_for_the_published_examples_then_exact_to_a_millionth(
    program: Block, p_kw: float, parts: tuple[float, float]
) -> None:
    bench = _split(program, 2)
    _members(bench, [(80.0, 100.0, 50.0), (40.0, 100.0, 50.0)])
    bench.scan(p_kw=p_kw)
    for number, part in enumerate(parts, 1):
        assert bench[f"racks[{number}].p_kw"] == pytest.approx(part, abs=1e-6)


def test_split_when_members_are_random_then_equals_water_filling(program: Block) -> None:
    chance = random.Random(7)
    bench = _split(program, 10)
    for _ in range(100):
        rows = [(chance.uniform(1, 99), chance.uniform(50, 400), chance.uniform(1, 200)) for _ in range(10)]
        rows = [tuple(map(_as_real, row)) for row in rows]  # type: ignore[misc]  # three stay three
        p_kw = _as_real(chance.uniform(-1500, 1500))
        _members(bench, rows)
        bench.scan(p_kw=p_kw)
        found = [float(bench[f"racks[{number}].p_kw"]) for number in range(1, 11)]
        assert found == pytest.approx(_reference(rows, p_kw), rel=1e-6, abs=1e-5)  # REAL: 6e-8 of 200 kW
        assert sum(found) == pytest.approx(float(bench["share.p_out_kw"]), rel=1e-6, abs=1e-5)


def _as_real(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def test_demand_when_power_varies_then_follows_the_closed_form_over_two_windows(block: Block) -> None:
    demand = block("DEMAND_15MIN", period_ms=1000)
    demand.scan(limit_kw=80.0, utc=NOON_NS, p_kw=0.0)  # at the boundary: belongs to the window that ends
    energy_kwh = 0.0
    for second in range(1, 1800):
        p_kw = _as_real(80.0 + 60.0 * math.sin(second / 130.0))
        demand.scan(p_kw=p_kw, utc=NOON_NS + second * 1_000_000_000)
        past_s = second % 900
        if past_s == 0:
            mean_kw = (energy_kwh + p_kw / 3600) * 4
            demand.expect(closed=True, demand_good=True)
            assert float(demand["demand_kw"]) == pytest.approx(mean_kw, rel=1e-6)
            assert float(demand["peak_kw"]) == pytest.approx(mean_kw, rel=1e-6)
        energy_kwh = 0.0 if past_s == 0 else energy_kwh + p_kw / 3600
        left_h = (900 - past_s) / 3600
        assert float(demand["allowed_kw"]) == pytest.approx((80.0 * 0.25 - energy_kwh) / left_h, rel=1e-6, abs=1e-4)
        assert float(demand["forecast_kw"]) == pytest.approx((energy_kwh + p_kw * left_h) * 4, rel=1e-6)


def test_energy_counter_when_little_comes_to_a_large_count_then_it_is_not_lost(block: Block) -> None:
    counter = block("ENERGY_COUNTER", period_ms=10)
    counter.cell("positive_kwh").write(1.0e6)  # a GWh: LREAL holds it to 1.2e-10 kWh
    counter.scan(20_000, p_kw=0.125)  # 200 s
    assert float(counter["positive_kwh"]) - 1.0e6 == pytest.approx(0.125 * 200 / 3600, rel=2e-4)
    counter.scan(1000, p_kw=-3600.0)
    assert float(counter["negative_kwh"]) == pytest.approx(10.0, rel=1e-12)


def test_energy_blocks_when_the_controller_restarts_then_they_keep_what_they_counted(block: Block) -> None:
    kept = {
        "ENERGY_COUNTER": {"positive_kwh", "negative_kwh", "missed"},
        "TOTALIZER": {"total", "rollovers", "to_pulse"},
        "DEMAND_15MIN": {"complete", "demand_kw", "demand_good", "peak_kw", "started", "energy", *LAST},
    }
    for name, names in kept.items():
        found = [v.name for v in block(name).machine.app.tags.variables if v.retain]
        assert {n.removeprefix("main.b.") for n in found} == names


def test_demand_when_the_controller_was_off_in_a_window_then_that_time_counts_as_the_limit(block: Block) -> None:
    before = block("DEMAND_15MIN", period_ms=1000)
    for second in range(1, 301):
        before.scan(limit_kw=100.0, p_kw=40.0, utc=NOON_NS + second * 1_000_000_000)
    after = block("DEMAND_15MIN", period_ms=1000)  # a warm start gives these back
    for name in ("complete", "started", "energy", *LAST):
        after.cell(name).write(before[name])
    after.scan(limit_kw=100.0, p_kw=40.0, utc=NOON_NS + 500 * 1_000_000_000).expect(complete=False)
    assert float(after["energy_kwh"]) == pytest.approx((40.0 * 301 + 100.0 * 199) / 3600, rel=1e-6)


def test_low_pass_when_slow_beside_a_large_value_then_still_exact(block: Block) -> None:
    lag = block("LOW_PASS", period_ms=10)
    lag.scan(**{"in": 50_000.0}, time_s=60.0)
    lag.scan(6_000, **{"in": 50_010.0})  # one time constant in 6000 steps
    assert float(lag["out"]) == pytest.approx(50_000 + 10 * (1 - math.exp(-1)), abs=4e-3)  # REAL holds 50 000 to 4e-3


SOLTARO = {
    "charge by cell voltage": ([3460.0, 3560.0, 3605.0, 3615.0], [0.99, 0.02, 0.01, 0.0]),
    "discharge by cell voltage": ([3040.0, 3050.0, 3150.0], [0.0, 0.01, 1.0]),
    "charge by temperature": ([0.0, 18.0, 35.0, 40.0], [0.0, 1.0, 1.0, 0.0]),
    "discharge by temperature": ([0.0, 12.0, 45.0, 55.0], [0.0, 1.0, 1.0, 0.0]),
}
OTHERS = {
    "FENECON charge by cell voltage": ([3500.0, 3590.0, 3615.0], [0.99, 0.02, 0.0]),
    "FENECON charge by temperature": ([0.0, 15.0, 50.0, 55.0], [0.0, 1.0, 1.0, 0.0]),
    "FENECON discharge by temperature": ([0.0, 10.0, 50.0, 55.0], [0.0, 1.0, 1.0, 0.0]),
    "home discharge by cell voltage": ([3000.0, 3100.0], [0.1, 1.0]),
    "NMC temperature": ([25.0, 35.0, 45.0], [1.0, 1.0, 0.0]),
    "serial discharge by temperature": (
        [-10, 0, 5, 10, 40, 45, 50, 55],
        [0.0, 0.25, 0.5, 1.0, 1.0, 0.5, 0.25, 0.0],
    ),
    "serial charge by SoC": ([85.0, 90.0, 95.0, 98.0], [1.0, 0.5, 0.2, 0.1]),
    "serial discharge by SoC": ([5.0, 10.0, 15.0, 20.0], [0.1, 0.2, 0.5, 1.0]),
    "charge by SoC": ([96.0, 97.0, 98.0, 99.0, 100.0], [1.0, 0.625, 0.4, 0.2, 0.05]),
    "NMC charge": ([4160.0, 4164.0, 4174.0, 4180.0], [1.0, 0.2, 0.05, 0.0]),
    "NMC discharge": ([3308.0, 3314.0, 3340.0], [0.01, 0.1, 1.0]),
    "serial charge": ([3.375, 3.4, 3.425, 3.45, 3.5], [1.0, 0.25, 0.05, 0.005, 0.0]),
    "serial discharge": ([2.8, 2.9, 3.0, 3.1, 3.19], [0.0, 0.005, 0.05, 0.25, 1.0]),
    "serial charge by temperature": ([0, 2, 5, 10, 40, 45, 50, 55], [0.0, 0.25, 0.5, 1.0, 1.0, 0.5, 0.25, 0.0]),
    "MOSFET": ([70.0, 80.0, 90.0], [1.0, 0.25, 0.0]),
    "Volt-VAR": ([0.92, 0.98, 1.02, 1.08], [0.44, 0.0, 0.0, -0.44]),
}


@pytest.mark.parametrize(("x", "y"), [*SOLTARO.values(), *OTHERS.values()], ids=[*SOLTARO, *OTHERS])
def test_curve_when_given_the_published_polygons_then_exact_to_a_millionth(
    block: Block, x: list[float], y: list[float]
) -> None:
    curve = block("CURVE")
    for number, (a, b) in enumerate(zip(x, y, strict=True), 1):
        curve.cell(f"x[{number}]").write(float(a))
        curve.cell(f"y[{number}]").write(b)
    span = x[-1] - x[0]
    stored = [_as_real(float(a)) for a in x]
    for value in np.linspace(x[0] - 0.2 * span, x[-1] + 0.2 * span, 57):
        at = _as_real(float(value))
        curve.scan(**{"in": at}, n=len(x))
        assert float(curve["out"]) == pytest.approx(float(np.interp(at, stored, y)), abs=1e-6)
