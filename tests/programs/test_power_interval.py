"""The power interval: stages may only narrow, earlier stages win, the trace says who it was (requirements Q-06)."""

import math
from collections.abc import Sequence

import pytest
from blockbench import Bench, Block

_DECLARE = """
    power : POWER_INTERVAL;
    lo : ARRAY [1..4] OF REAL;
    hi : ARRAY [1..4] OF REAL;
    who : ARRAY [1..4] OF LIMIT_SOURCE;
    wish : REAL;
    out : REAL;
    n : INT;
    i : INT;
    rated : REAL := 100.0;
"""
_CALL = """
OPEN_POWER(power := power, p_rated_kw := rated);
FOR i := 1 TO n DO
    NARROW(power := power, p_min_kw := lo[i], p_max_kw := hi[i], source := who[i]);
END_FOR
out := CHOOSE_POWER(power := power, p_wish_kw := wish);
"""


def _run(bench: Bench, wish: float, stages: Sequence[tuple[float, float, str]]) -> Bench:
    for number, (low, high, who) in enumerate(stages, 1):
        bench.cell(f"lo[{number}]").write(low)
        bench.cell(f"hi[{number}]").write(high)
        bench.cell(f"who[{number}]").write(who)
    return bench.scan(wish=wish, n=len(stages))


NAN = math.nan
TABLE = [
    # wish, stages (min, max, who), power chosen, limited by, steps in the trace
    (30.0, [], 30.0, "NONE", 0),
    (130.0, [], 100.0, "INVERTER_RATING", 0),
    (-130.0, [], -100.0, "INVERTER_RATING", 0),
    (30.0, [(-50.0, 20.0, "BMS_DISCHARGE")], 20.0, "BMS_DISCHARGE", 1),
    (-80.0, [(-50.0, 20.0, "BMS_CHARGE")], -50.0, "BMS_CHARGE", 1),
    (10.0, [(-500.0, 500.0, "BMS_CHARGE")], 10.0, "NONE", 0),  # wider than what is left: no step
    (
        30.0,
        [(0.0, 0.0, "PLANT_STATE"), (10.0, 40.0, "RAMP")],
        0.0,
        "PLANT_STATE",
        1,
    ),  # a later stage gives nothing back
    (50.0, [(-100.0, 30.0, "BMS_DISCHARGE"), (49.0, 51.0, "RAMP")], 30.0, "BMS_DISCHARGE", 2),
    (50.0, [(NAN, NAN, "BMS_CHARGE")], 0.0, "BMS_CHARGE", 1),  # no number: neither charge nor discharge
    (0.0, [(20.0, 10.0, "RAMP")], 10.0, "RAMP", 1),  # bounds that cross meet at the upper one
    (0.0, [(0.0, 0.0, "BAD_INPUT")], 0.0, "BAD_INPUT", 1),  # one point left: who closed it
    (NAN, [], 0.0, "NONE", 0),
]


@pytest.mark.parametrize(("wish", "stages", "out", "limited_by", "steps"), TABLE)
def test_power_interval_when_stages_narrow_then_nearest_power_and_who_limited_it(
    program: Block, wish: float, stages: list[tuple[float, float, str]], out: float, limited_by: str, steps: int
) -> None:
    bench = _run(program(_DECLARE, _CALL), wish, stages)
    bench.expect(out=out, power__limited_by=limited_by, power__n_steps=steps)


def test_power_interval_when_narrowed_twice_then_trace_tells_both_in_order(program: Block) -> None:
    bench = _run(program(_DECLARE, _CALL), 90.0, [(-60.0, 80.0, "BMS_DISCHARGE"), (-60.0, 0.0, "SOC_GUARD")])
    first, second = bench.cell("power.steps[1].source"), bench.cell("power.steps[2].source")
    assert (first.read(), second.read()) == (3, 4)
    assert bench["power.steps[1].p_max_kw"] == 80.0
    assert bench["power.steps[2].p_max_kw"] == 0.0


@pytest.mark.parametrize("rated", [NAN, -5.0, 0.0])
def test_power_interval_when_rating_is_nonsense_then_no_power(program: Block, rated: float) -> None:
    bench = program(_DECLARE, _CALL)
    bench.scan(rated=rated)
    _run(bench, 50.0, []).expect(out=0.0, power__limited_by="INVERTER_RATING")
