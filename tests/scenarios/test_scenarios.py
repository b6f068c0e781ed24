"""Every scenario file of this folder, played on the site whose name its folder has; and whether that site swings.

Read the files: they are tables of events and expectations in virtual time. One that fails is played by
`voltscan sim configs/SITE.toml --scenario tests/scenarios/SITE/FILE.toml --chart`.
"""

import functools
from pathlib import Path

import playedsites
import pytest

from runtime.sim.oscillation import swing

CYCLE_LIMIT_PCT = 3.0
FILES = sorted(playedsites.FOLDER.glob("*/*.toml"))
WEEKS = [file for file in FILES if file.stem == "week"]


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def check(file: Path) -> None:
    found = playedsites.played(file.parent.name, file)
    wrong = [f"{verdict.text}: {verdict.why}" for verdict in found.verdicts if not verdict.holds]
    replay = f"voltscan sim configs/{file.parent.name}.toml --scenario {file.relative_to(playedsites.ROOT)} --chart"
    assert not wrong, "\n".join([*wrong, replay])
    assert found.verdicts, "a scenario that expects nothing shows nothing"
    assert found.fault_counts == (0, 0), [str(fault) for fault in found.faults]


@pytest.mark.parametrize("file", [file for file in FILES if file not in WEEKS], ids=name_of)
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
