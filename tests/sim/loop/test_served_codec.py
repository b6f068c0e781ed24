"""What the wire does to values, profile by profile: the closed loop in virtual time sees exactly this."""

import struct

import pytest

from runtime.core.elementary import Value
from runtime.sim.loop.codec import profile_round_trip
from tests.sim.played.served_site import checked


def f32(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


@pytest.mark.parametrize(
    ("device", "point", "sent", "seen"),
    [
        ("grid_meter_1", "p_kw", 12.345678, 12.3457),
        ("grid_meter_1", "p_kw", -12.345678, -12.3457),
        ("grid_meter_1", "f_hz", 49.96, 50.0),
        ("grid_meter_1", "f_hz", 49.94, 49.9),
        ("grid_meter_1", "u_l1_v", 230.04, 230.0),
        ("inverter_1", "p_kw", 12.345678, f32(12.345678)),
        ("inverter_1", "uc_error", 0x80000001, 0x80000001),
        ("inverter_1", "running", True, True),
        ("inverter_1", "p_set_kw", 250.0, 100.0),
        ("inverter_1", "p_set_kw", -0.1, f32(-0.1)),
        ("battery_1", "soc_pct", 55.5551, 55.56),
        ("battery_1", "i_a", -12.34, -12.3),
        ("battery_1", "cell_u_min_mv", 3301.26, 3301.3),
        ("battery_1", "life", 15, 15),
        ("battery_1", "life", 16, 15),
        ("battery_1", "connect_cmd", True, True),
    ],
)
def test_value_when_it_crosses_the_wire_then_rounded_as_the_profile_says(
    device: str, point: str, sent: Value, seen: Value
) -> None:
    plan = checked("demo")[1].device(device)
    assert plan is not None
    assert profile_round_trip(plan, point, sent) == pytest.approx(seen, abs=1e-9)


def test_point_when_not_bound_then_a_clear_word() -> None:
    plan = checked("demo")[1].device("battery_1")
    assert plan is not None
    with pytest.raises(AssertionError, match="the plan of battery_1 binds no point p_kw"):
        profile_round_trip(plan, "p_kw", 1.0)
