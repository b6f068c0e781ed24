"""`voltscan check`: warnings of the rules, and SARIF by its structure (OASIS SARIF 2.1.0, section 3)."""

import json
from pathlib import Path

import pytest

from runtime.cli.language.check import check_paths
from runtime.cli.language.pages import codes_with_pages, page

ROOT = Path(__file__).parents[3]


def _sarif(path, capsys):
    code = check_paths([path], as_json=False, as_sarif=True)
    return code, json.loads(capsys.readouterr().out)


def test_sarif_when_there_is_an_error_then_log_run_rule_and_result_have_what_the_standard_requires(tmp_path, capsys):
    file = tmp_path / "wrong.st"
    file.write_text("PROGRAM p\nVAR n : INT; r : REAL; END_VAR\n(* 𝄞 *) n := r;\nEND_PROGRAM\n")
    code, log = _sarif(file, capsys)
    assert code == 1
    assert log["version"] == "2.1.0"  # 3.13.2
    (run,) = log["runs"]
    driver = run["tool"]["driver"]  # 3.14.6, 3.19.8
    assert driver["name"] == "voltscan"
    (result,) = run["results"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "L2007"  # 3.27.5, 3.27.6
    assert result["level"] in ("none", "note", "warning", "error")  # 3.27.10
    assert "REAL" in result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == file.as_uri()
    assert place["region"] == {"startLine": 3, "startColumn": 15, "endLine": 3, "endColumn": 16}  # 𝄞 counts two
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 2
    assert all(set(r) <= {"id", "shortDescription", "help"} for r in driver["rules"])


REQUIRED = {
    "log": ({"version", "runs"}, {"$schema", "version", "runs"}),
    "run": ({"tool"}, {"tool", "columnKind", "results"}),
    "driver": ({"name"}, {"name", "version", "rules"}),
    "rule": ({"id"}, {"id", "shortDescription", "help"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations"}),
    "region": (set(), {"startLine", "startColumn", "endLine", "endColumn"}),
}
"""What the schema of SARIF 2.1.0 requires of each object, and which of the properties it allows are written."""


def test_sarif_when_every_page_is_told_then_each_object_keeps_the_schema(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "with blank #1").mkdir()
    for code in codes_with_pages():
        if code.startswith("L"):
            (tmp_path / "with blank #1" / f"{code}.st").write_text(page(code).wrong)
    logs = [_sarif(Path("with blank #1") / f.name, capsys)[1] for f in sorted((tmp_path / "with blank #1").iterdir())]
    objects = {"log": logs, "run": [log["runs"][0] for log in logs]}
    objects["driver"] = [run["tool"]["driver"] for run in objects["run"]]
    objects["rule"] = [rule for driver in objects["driver"] for rule in driver["rules"]]
    objects["result"] = [result for run in objects["run"] for result in run["results"]]
    places = [
        p["physicalLocation"] for r in objects["result"] for p in (*r["locations"], *r.get("relatedLocations", ()))
    ]
    objects["region"] = [place["region"] for place in places]
    for kind, (required, allowed) in REQUIRED.items():
        assert objects[kind]
        assert all(required <= set(o) <= allowed for o in objects[kind]), kind
    assert all(r["startLine"] >= 1 and r["endColumn"] > r["startColumn"] >= 1 for r in objects["region"])
    uris = {place["artifactLocation"]["uri"] for place in places}
    assert all(uri.startswith(("with%20blank%20%231/L", "stdlib/")) for uri in uris)
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in objects["rule"])
    texts = [r["message"]["text"] for r in objects["result"]]
    assert all(text and text == text.strip() for text in texts)


def test_sarif_when_nothing_is_wrong_then_results_is_an_empty_list(tmp_path, capsys):
    file = tmp_path / "right.st"
    file.write_text("PROGRAM p VAR n : INT; END_VAR n := n + 1; END_PROGRAM\n")
    code, log = _sarif(file, capsys)
    assert code == 0
    assert log["runs"][0]["results"] == []


def test_check_when_only_a_rule_warns_then_it_is_told_and_the_code_is_0(tmp_path, capsys):
    file = tmp_path / "idle.st"
    file.write_text("PROGRAM p VAR n, idle : INT; END_VAR n := n + 1; END_PROGRAM\n")
    assert check_paths([file], as_json=False) == 0
    assert "warning L9101: the variable 'idle' of p is never used" in capsys.readouterr().out


@pytest.mark.parametrize(
    "site",
    [f"configs/{name}.toml" for name in ("demo", "home", "commercial", "industrial", "offgrid", "depot", "park")],
)
def test_check_when_run_on_a_site_of_the_project_then_nothing_is_said(site, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert check_paths([Path(site)], as_json=False) == 0
    assert capsys.readouterr().out == f"{site}: no mistakes found\n"


def test_check_when_two_paths_meet_the_same_mistake_then_it_is_told_once(tmp_path, capsys):
    file = tmp_path / "site.toml"
    file.write_text("name = demo\n")
    assert check_paths([file, file], as_json=False) == 1
    assert capsys.readouterr().out.count("M1002") == 1


def test_profile_when_checked_on_its_own_then_what_is_wrong_with_it_is_told(tmp_path, capsys):
    (tmp_path / "profiles").mkdir()
    file = tmp_path / "profiles" / "meter.toml"
    text = (ROOT / "io_maps" / "profiles" / "eastron_sdm630.toml").read_text()
    file.write_text(text)
    assert check_paths([file], as_json=False) == 0
    assert "no mistakes found" in capsys.readouterr().out
    file.write_text(text.replace('0x34, type = "f32", scale = 0.001, unit = "kW"', '0x34, type = "f32", unit = "W"'))
    assert check_paths([file], as_json=False) == 1
    assert "error M2008: `p_kw` is in W" in capsys.readouterr().out


def test_map_when_it_lies_in_any_folder_then_checked_as_the_map_it_is(tmp_path, capsys):
    site_map = tmp_path / "field.toml"
    site_map.write_text('site = "x"\n[links.a]\nkind = "modbus_rtu"\nbaudd = 9600\n[devices.m_1]\nlink = "a"\n')
    assert check_paths([site_map], as_json=False) == 1
    told = capsys.readouterr().out
    assert "did you mean baud?" in told
    assert "unknown key `site`" not in told
