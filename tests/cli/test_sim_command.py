"""`voltscan sim` as a user meets it."""

import json
from pathlib import Path

from typer.testing import CliRunner

from runtime.cli.main import app

ROOT = Path(__file__).parents[2]
DEMO = str(ROOT / "configs" / "demo.toml")
LOST = str(ROOT / "configs" / "scenarios" / "meter_lost.toml")


def test_sim_when_run_then_table_csv_chart_and_picture(tmp_path: Path) -> None:
    table, picture = tmp_path / "run.csv", tmp_path / "run.svg"
    words = ["sim", DEMO, "--for", "2m", "--scenario", LOST, "--out", str(table), "--plot", str(picture), "--chart"]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    assert "12000 scans of both sides at 10 ms" in told.output
    assert told.output.count("\nok     ") == 6
    assert "kWh" in told.output
    assert "\u28ff" in told.output or "\u2809" in told.output
    assert len(table.read_text().splitlines()) == 1201
    assert picture.read_text().startswith("<svg")


def test_sim_when_an_expectation_fails_then_code_1_and_json_says_why(tmp_path: Path) -> None:
    scenario = tmp_path / "hope.toml"
    scenario.write_text('[[expect]]\ntag = "plant_1.state"\nis = "ERROR"\nwithin = "5s"\n')
    told = CliRunner().invoke(app, ["sim", DEMO, "--for", "10s", "--scenario", str(scenario), "--json"])
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert found["expectations"] == [{"text": "plant_1.state is ERROR within 5s", "holds": False, "why": "never"}]
    assert found["scans"] == 1000
    again = CliRunner().invoke(app, ["sim", DEMO, "--for", "10s", "--scenario", str(scenario), "--json"])
    assert again.stdout == told.stdout


def test_sim_when_the_scenario_is_wrong_then_nothing_runs_and_the_line_is_named(tmp_path: Path) -> None:
    scenario = tmp_path / "wrong.toml"
    scenario.write_text('[[events]]\nat = "1s"\nfault = "meter"\n')
    told = CliRunner().invoke(app, ["sim", DEMO, "--for", "10s", "--scenario", str(scenario)])
    assert told.exit_code == 1
    assert "wrong.toml:3:" in told.output
    assert "did you mean" in told.output


def test_sim_when_the_site_names_a_summary_and_the_scenario_a_length_then_both_are_used(tmp_path: Path) -> None:
    for folder in ("configs", "programs", "io_maps"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    site = tmp_path / "site.toml"
    text = (ROOT / "configs" / "demo.toml").read_text().replace('"../', '"').replace('"demo_p', '"configs/demo_p')
    site.write_text(text.replace("[hmi]", '[hmi]\nsummary = ["plant_1.*_kw"]'))
    scenario = tmp_path / "short.toml"
    scenario.write_text('length = "5s"\n')
    told = CliRunner().invoke(app, ["sim", str(site), "--scenario", str(scenario), "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["scans"] == 500
    assert list(found["summary"]) == ["plant_1.wish_kw", "plant_1.p_set_kw", "plant_1.p_min_kw", "plant_1.p_max_kw"]
    told = CliRunner().invoke(app, ["sim", str(site), "--for", "2s"])
    assert "200 scans" in told.output
    assert "at the end" in told.output
    assert "plant_1.p_max_kw" in told.output.split("at the end")[1]
