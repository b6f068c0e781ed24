"""DROOP against the published tables (Nordic FCR-D and FCR-N) and its rules for `active`."""

import math

import pytest
from blockbench import Block

FREQUENCIES = (49.40, 49.50, 49.60, 49.70, 49.80, 49.90, 50.00, 50.10, 50.20, 50.30, 50.40, 50.50, 50.60)
FCR_D = (1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0, -0.25, -0.5, -0.75, -1.0, -1.0)
FCR_N = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0)


@pytest.mark.parametrize(
    ("corners", "shares"),
    [((49.9, 49.5, 50.1, 50.5), FCR_D), ((50.0, 49.9, 50.0, 50.1), FCR_N)],
    ids=["fcr_d", "fcr_n"],
)
def test_droop_when_frequency_deviates_then_power_follows_the_table(
    block: Block, corners: tuple[float, float, float, float], shares: tuple[float, ...]
) -> None:
    droop = block("DROOP")
    f1, f2, f3, f4 = corners
    for f_hz, share in zip(FREQUENCIES, shares, strict=True):
        droop.scan(
            f_good=True, f_hz=f_hz, f1_hz=f1, f2_hz=f2, f3_hz=f3, f4_hz=f4, c_up_kw=1000.0, c_down_kw=1000.0
        ).expect(config_bad=False)
        # REAL holds 50 Hz to 4 uHz, which is 0.04 kW of 1000 kW on the FCR-N slope
        assert float(droop["p_kw"]) == pytest.approx(1000.0 * share, abs=0.1), f_hz


def test_droop_when_only_upward_is_offered_then_high_frequency_gives_nothing(block: Block) -> None:
    block("DROOP").scan(f_good=True, f_hz=50.5, c_up_kw=100.0).expect(p_kw=0.0, active=True)


def test_droop_when_frequency_returns_then_inactive_after_the_delay(block: Block) -> None:
    droop = block("DROOP", period_ms=100)
    droop.scan(f_good=True, f_hz=50.0, c_up_kw=100.0, deactivate_after=1_000_000_000).expect(active=False)
    droop.scan(f_hz=49.89).expect(active=True)
    droop.scan(10, f_hz=49.95).expect(active=True)
    droop.scan().expect(active=False)


@pytest.mark.parametrize(
    "change",
    [{"enable": False}, {"f_good": False}, {"f_hz": math.nan}, {"f2_hz": 49.95}, {"f4_hz": 50.0}],
    ids=lambda change: next(iter(change)),
)
def test_droop_when_unusable_then_no_power_and_inactive_at_once(block: Block, change: dict[str, float]) -> None:
    droop = block("DROOP")
    droop.scan(f_good=True, f_hz=49.6, c_up_kw=100.0, deactivate_after=60_000_000_000).expect(active=True)
    droop.scan(**change).expect(p_kw=0.0, active=False)
