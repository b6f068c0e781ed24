"""Scenario files: what is wrong with one is told at its line, with how to mend it."""

from pathlib import Path

import pytest

from runtime.iomap.reading.read import read_document
from runtime.sim.scenario.file import ScenarioTable
from runtime.sim.scenario.script import Script, resolve
from tests.sim.conftest import ROOT, demo_builds


def script_of(path: Path) -> tuple[Script | None, list[str]]:
    document, diagnostics = read_document(path, ScenarioTable)
    script = None
    if document is not None:
        controller, plant = (build.manifest() for build in demo_builds())
        script, found = resolve(document, controller, plant, watched=["plant_1.*"])
        diagnostics += found
    return script, [f"{d.code} {d.place.line}: {d.labels[0].text} / {d.help}" for d in diagnostics]


@pytest.mark.parametrize("path", sorted((ROOT / "configs" / "scenarios").glob("*.toml")), ids=lambda p: p.stem)
def test_scenario_when_it_is_one_of_ours_then_it_fits_the_demo_site(path: Path) -> None:
    script, told = script_of(path)
    assert told == []
    assert script is not None
    assert script.expectations


EVENT = '[[events]]\nat = "1s"\n'
EXPECT = '[[expect]]\ntag = "plant_1.state"\n'


@pytest.mark.parametrize(
    ("text", "code", "line", "told"),
    [
        ('seeds = ["plant/sim_parameters_1.sed"]', "S2001", 1, "did you mean plant/sim_parameters_1.seed?"),
        ('[parameters]\n"parameters_1.rated_kw" = "much"', "S2002", 2, "REAL"),
        (EVENT + 'set = "plant_1.p_sett_kw"\nto = 1.0', "S2001", 3, "did you mean plant_1.p_set_kw?"),
        (EVENT + 'fault = "grid_meter_2"', "S2003", 3, "did you mean grid_meter_1?"),
        (EVENT + 'command = "modus"\nto = "PASSIVE"', "S2003", 3, "did you mean mode?"),
        (EVENT + 'command = "mode"\nto = "PASIVE"', "S2002", 4, "did you mean PASSIVE?"),
        (EVENT + 'force = "plant_1.p_set_kw"\nto = 1.0', "S2004", 3, "use set"),
        (EVENT + 'ramp = "plant_1.state"\nto = "RUN"', "M1005", 1, "over"),
        (EVENT + 'set = "plant_1.state"', "M1005", 1, "to = …"),
        (EVENT, "M1005", 1, "exactly one thing"),
        (EVENT + 'fault = "grid_meter_1"\nkind = "broken"', "M1005", 4, "did you mean frozen"),
        (EXPECT + 'always = true', "M1005", 1, "judges one thing"),
        (EXPECT + 'is = "RUN"', "M1005", 1, "has one time"),
        (EXPECT + 'is = "RUN"\nat = "10"', "M1005", 4, "is no duration"),
        (EXPECT + 'is = "RUNS"\nat = "10s"', "S2002", 3, "RUN"),
        ('[record]\ntags = ["plant_9.*"]', "S2001", 2, ""),
    ],
)  # fmt: skip
def test_scenario_when_something_is_wrong_then_told_at_its_line(
    tmp_path: Path, text: str, code: str, line: int, told: str
) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text + "\n")
    script, diagnostics = script_of(path)
    assert script is None
    assert len(diagnostics) == 1, diagnostics
    assert diagnostics[0].startswith(f"{code} {line}: "), diagnostics
    assert told in diagnostics[0]
