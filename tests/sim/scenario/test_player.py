"""Scenarios played on the demo site: events come before the scan of their time, expectations are judged every scan."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime.core.fault import ConfigFault
from runtime.iomap.reading.read import read_document
from runtime.sim.coupled.coupling import CoupledRun
from runtime.sim.scenario.chart import Curve, save_chart, svg
from runtime.sim.scenario.file import ScenarioTable
from runtime.sim.scenario.player import Played, play
from runtime.sim.scenario.sampletable import save_samples
from runtime.sim.scenario.script import Script, resolve
from tests.sim.conftest import ROOT, demo_builds

SECOND_NS = 1_000_000_000
Run = Callable[..., CoupledRun]
WATCH = (
    '[record]\nevery = "10ms"\ntags = ["plant/sim_parameters_1.load_extra_kw", "plant_1.state", "grid_meter_1.p_kw"]\n'
)


def scripted(path: Path) -> Script:
    document, diagnostics = read_document(path, ScenarioTable)
    assert document is not None, diagnostics
    controller, plant = (build.manifest() for build in demo_builds())
    script, diagnostics = resolve(document, controller, plant, watched=[])
    assert script is not None, diagnostics
    return script


def played(run: CoupledRun, path: Path, text: str, seconds: float) -> Played:
    path.write_text(text)
    return play(run, scripted(path), seed=1, duration_ns=round(seconds * SECOND_NS), on_progress=lambda *_: None)


@pytest.mark.parametrize("seed", [1, 2])
def test_play_when_the_meter_is_lost_then_every_expectation_of_the_file_holds(coupled_run: Run, seed: int) -> None:
    script = scripted(ROOT / "configs" / "scenarios" / "meter_lost.toml")
    told = play(coupled_run(seed), script, seed=seed, duration_ns=120 * SECOND_NS, on_progress=lambda *_: None)
    assert told.passed, told.verdicts
    assert (told.scans, len(told.verdicts), told.fault_counts) == (12_000, 6, (0, 0))


def test_play_when_made_twice_then_states_and_tables_are_byte_identical(coupled_run: Run, tmp_path: Path) -> None:
    script = scripted(ROOT / "configs" / "scenarios" / "meter_lost.toml")
    tables, states = [], []
    for number in range(2):
        run = coupled_run()
        told = play(run, script, seed=5, duration_ns=40 * SECOND_NS, on_progress=lambda *_: None)
        save_samples(tmp_path / f"{number}.csv", told.samples, script.watched, run.watched)
        tables.append((tmp_path / f"{number}.csv").read_bytes())
        states.append(told.state)
    assert states[0] == states[1]
    assert tables[0] == tables[1]
    head, first, *rest = tables[0].decode().splitlines()
    assert head == "t_s,plant_1.p_set_kw,plant_1.limited_by,plant/plant.p_grid_kw"
    assert first.startswith("0,0,")
    assert len(rest) == 399


def test_play_when_something_is_set_then_from_the_scan_of_its_time_on(coupled_run: Run, tmp_path: Path) -> None:
    event = '[[events]]\nat = "1s"\nset = "plant/sim_parameters_1.load_extra_kw"\nto = 12.5\n'
    told = played(coupled_run(), tmp_path / "s.toml", WATCH + event, 2.0)
    load = told.samples[:, 1]
    assert np.all(load[told.samples[:, 0] < 1.0] == 0.0)
    assert np.all(load[told.samples[:, 0] >= 1.0] == 12.5)


def test_play_when_recorded_after_a_while_then_rows_and_figures_begin_there(coupled_run: Run, tmp_path: Path) -> None:
    event = '[[events]]\nat = "1s"\nset = "plant/sim_parameters_1.load_extra_kw"\nto = 12.5\n'
    text = WATCH.replace("every", 'after = "1s"\nevery') + event
    run = coupled_run()
    told = played(run, tmp_path / "s.toml", text, 2.0)
    assert told.samples[0, 0] == 1.0
    assert len(told.samples) == 100
    assert (told.columns[0].minimum, told.columns[0].mean) == (12.5, 12.5)
    assert (told.seconds, told.recorded_seconds) == (2.0, 1.0)
    whole = played(coupled_run(), tmp_path / "s.toml", WATCH + event, 2.0)
    assert whole.state == told.state
    assert np.array_equal(whole.samples[100:], told.samples)


def test_play_when_something_is_ramped_then_in_steps_to_its_end(coupled_run: Run, tmp_path: Path) -> None:
    event = '[[events]]\nat = "1s"\nramp = "plant/sim_parameters_1.load_extra_kw"\nto = 20.0\nover = "2s"\n'
    told = played(coupled_run(), tmp_path / "s.toml", WATCH + event, 4.0)
    load = dict(zip(told.samples[:, 0], told.samples[:, 1], strict=True))
    assert [load[t] for t in (1.0, 1.5, 2.0, 3.0, 3.9)] == pytest.approx([0.0, 5.0, 10.0, 20.0, 20.0])


def test_play_when_an_input_is_forced_and_let_go_then_only_meanwhile(coupled_run: Run, tmp_path: Path) -> None:
    events = (
        '[[events]]\nat = "1s"\nforce = "grid_meter_1.p_kw"\nto = 7.0\n'
        '[[events]]\nat = "2s"\nunforce = "grid_meter_1.p_kw"\n'
    )
    told = played(coupled_run(), tmp_path / "s.toml", WATCH + events, 3.0)
    forced = told.samples[(told.samples[:, 0] >= 1.0) & (told.samples[:, 0] < 2.0), 3]
    assert np.all(forced == 7.0)
    assert not np.any(told.samples[told.samples[:, 0] >= 2.5, 3] == 7.0)


@pytest.mark.parametrize(
    ("expect", "why"),
    [
        ('tag = "plant_1.state"\nis = "RUN"\nat = "0s"', "it was INIT at 0 s"),
        ('tag = "plant_1.state"\nis = "RUN"\nwithin = "20s"', ""),
        ('tag = "plant_1.state"\nis = "ERROR"\nwithin = "20s"', "never"),
        ('tag = "plant_1.state"\nis = "RUN"\nalways = true', "it was INIT at 0 s"),
        ('tag = "plant_1.state"\nis_not = "ERROR"\nalways = true', ""),
        (
            'tag = "plant_1.p_set_kw"\nbetween = [-1000, 1000]\nalways = true\nuntil = "1h"',
            "it held, but the run ended",
        ),
        ('tag = "plant_1.p_set_kw"\nabove = -1000\nat = "1h"', "the run ended before"),
        ('tag = "parameters_1.auto_start"\nis = false\nat = "1s"', "it was TRUE at 1 s"),
        ('tag = "parameters_1.rated_kw"\nabove = 100.0\nat = "1s"', "it was 100 at 1 s"),
        ('tag = "parameters_1.rated_kw"\nis = 100\nalways = true', ""),
    ],
)
def test_play_when_judged_then_a_verdict_says_why_not(coupled_run: Run, tmp_path: Path, expect: str, why: str) -> None:
    told = played(coupled_run(), tmp_path / "s.toml", f"[[expect]]\n{expect}\n", 25.0)
    assert told.verdicts[0].why.startswith(why)
    assert told.passed is (why == "")


def test_samples_when_the_file_is_of_no_known_kind_then_refused_with_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault) as refused:
        save_samples(tmp_path / "s.xlsx", np.zeros((1, 1)), [], [])
    assert ".csv" in refused.value.mend


def test_chart_when_drawn_then_a_panel_a_unit_and_no_peak_is_lost(tmp_path: Path) -> None:
    t_s = np.arange(100_000) * 0.1
    spike = np.zeros(100_000)
    spike[61_234] = 50.0
    curves = [Curve("a & b", "kW", spike), Curve("c", "%", np.full(100_000, 3.0))]
    drawn = svg("a day", t_s, curves)
    assert drawn == svg("a day", t_s, curves)
    assert drawn.count('stroke="#999"/>\n<line') == 2
    assert "a &amp; b" in drawn
    assert 'width="960"' in drawn
    assert 'width="1420"' in svg("a day", t_s, [Curve(90 * "n", "kW", spike)])  # the picture grows, no name is cut
    line = drawn.split('<polyline points="')[1].split('"')[0]
    heights = [float(point.split(",")[1]) for point in line.split()]
    assert len(heights) < 4000
    assert max(heights) - min(heights) == pytest.approx(200.0, abs=0.2)  # 50 of a span of 55 over 220 pixels
    with pytest.raises(ConfigFault):
        save_chart(tmp_path / "day.jpg", "a day", t_s, curves)
    save_chart(tmp_path / "day.svg", "a day", t_s, curves)
    assert (tmp_path / "day.svg").read_text() == drawn
