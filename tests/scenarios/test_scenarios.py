"""Every scenario file of this folder, played on the site whose name its folder has; and whether that site swings.

Read the files: they are tables of events and expectations in virtual time. One that fails is played by
`voltscan sim configs/SITE.toml --scenario tests/scenarios/SITE/FILE.toml --chart`.
"""

import functools
from pathlib import Path

import playedsites
import pytest

from runtime.core.elementary import Value
from runtime.sim.coupled.coupling import CoupledRun
from runtime.sim.oscillation import swing

CYCLE_LIMIT_PCT = 3.0
FILES = sorted(playedsites.FOLDER.glob("*/*.toml"))
WEEKS = [file for file in FILES if file.stem == "week"]
SLOW_SITES = ("demo", "depot", "park")
"""To compile a site takes longer than to play its files: those of the others show what all have in common."""
SLOW_FILES = {
    (site, device) for site in ("industrial", "offgrid") for device in ("inverter", "other_racks", "pv_meter", "rack")
}
"""Devices that fail at home and at the commercial site as they do here."""


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def is_slow(file: Path) -> bool:
    return file.parent.name in SLOW_SITES or (file.parent.name, file.stem) in SLOW_FILES


def check(file: Path) -> None:
    found = playedsites.played(file.parent.name, file)
    wrong = [f"{verdict.text}: {verdict.why}" for verdict in found.verdicts if not verdict.holds]
    replay = f"voltscan sim configs/{file.parent.name}.toml --scenario {file.relative_to(playedsites.ROOT)} --chart"
    assert not wrong, "\n".join([*wrong, replay])
    assert found.verdicts, "a scenario that expects nothing shows nothing"
    assert found.fault_counts == (0, 0), [str(fault) for fault in found.faults]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, marks=pytest.mark.slow if is_slow(file) else (), id=name_of(file))
        for file in FILES
        if file not in WEEKS
    ],
)
def test_scenario_when_played_then_every_expectation_holds_and_no_program_faults(file: Path) -> None:
    check(file)


@pytest.mark.slow
@pytest.mark.parametrize("file", WEEKS, ids=name_of)
def test_week_when_simulated_then_the_books_close_and_no_limit_is_violated(file: Path) -> None:
    check(file)


@pytest.mark.parametrize(
    ("lag_s", "period_s", "meter_s"),
    [
        (0.2, 0.1, 0.0),
        (0.2, 2.0, 0.0),
        (1.0, 0.5, 0.0),
        (5.0, 0.1, 0.0),
        (5.0, 2.0, 0.0),
        (0.2, 0.2, 2.0),
        (5.0, 0.2, 1.0),
    ],
)
def test_self_consumption_when_inverter_lags_and_meter_is_slow_then_no_limit_cycle(
    lag_s: float, period_s: float, meter_s: float
) -> None:
    make = functools.partial(playedsites.coupled_run, "commercial")
    found = swing(make, lag_s=lag_s, period_s=period_s, meter_s=meter_s)
    assert found.cycle_pct < CYCLE_LIMIT_PCT, found
    assert found.offset_pct < CYCLE_LIMIT_PCT, found


@pytest.mark.parametrize(("lag_s", "period_s"), [(0.2, 2.0), (1.0, 0.5), (5.0, 0.1), (5.0, 2.0)])
@pytest.mark.parametrize(
    ("mode", "values"),
    [
        ("LOAD_FOLLOWING", {}),
        ("LOAD_FOLLOWING", {"load_following_1.use_profile": True, "load_following_1.profile[1].used": True}),
        ("PEAK_SHAVING", {"peak_shaving_1.import_max_kw": 0.0, "peak_shaving_1.recharge_kw": 0.0}),
        ("PASSIVE", {"peak_shaving_1.import_max_kw": 0.0, "peak_shaving_1.guard": True}),
        ("TIME_OF_USE", {"time_of_use_1.entries[1].used": True, "time_of_use_1.entries[1].p_kw": 1000.0}),
        ("COST_SAVING", {}),
    ],
)
def test_mode_when_inverter_lags_and_meter_is_slow_then_no_limit_cycle(
    mode: str, values: dict[str, Value], lag_s: float, period_s: float
) -> None:
    """Each is set such that it, too, takes the exchange to 0 at night."""

    def make() -> CoupledRun:
        run = playedsites.coupled_run("commercial")
        start = run.controller.find("parameters_1.start_mode")
        for name, value in {"parameters_1.start_mode": dict(start.labels)[mode], **values}.items():
            variable = run.controller.find(name)
            variable.type.pack_into(run.controller.memory, variable.offset, value)
        return run

    found = swing(make, lag_s=lag_s, period_s=period_s)
    assert found.cycle_pct < CYCLE_LIMIT_PCT, found
    assert found.offset_pct < CYCLE_LIMIT_PCT, found
