"""What the site file itself can get wrong beside its schema: parameters, cycle, plant."""

import pytest

from runtime.core.diagnostic import render
from runtime.node.build import build_site
from runtime.node.prepare import prepare
from runtime.node.runplan import SCADA_MAP, RunPlan

PROGRAM = """\
VAR_GLOBAL
    p : STRUCT_P;
END_VAR
TYPE STRUCT_P : STRUCT rated_kw : REAL; {min := 0} {max := 500} mode : (OFF, AUTO); END_STRUCT END_TYPE
PROGRAM main
p.rated_kw := p.rated_kw;
END_PROGRAM
CONFIGURATION c
    TASK t(INTERVAL := T#20ms, PRIORITY := 0);
    PROGRAM main WITH t : main;
END_CONFIGURATION
"""
HEAD = 'name = "site"\nprograms = ["p.st"]\n'


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.st").write_text(PROGRAM.replace("mode : (OFF, AUTO);", ""))

    def written(text, **others):
        for name, content in others.items():
            (tmp_path / f"{name}.toml").write_text(content)
        (tmp_path / "site.toml").write_text(HEAD + text)
        return build_site(tmp_path / "site.toml")

    return written


def test_parameters_when_they_fit_then_they_are_initial_values_and_the_code_is_the_same(build):
    plain = build("").build
    tuned = build('[parameters]\n"p.rated_kw" = 75.5\n').build
    rated = tuned.application.tags.tag("p.rated_kw")
    assert rated.type.unpack(tuned.application.initial, rated.offset) == 75.5
    assert tuned.application.bodies == plain.application.bodies


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ('[parameters]\n"p.rated_kv" = 1.0\n', "S1002", 4, "did you mean p.rated_kw?"),
        ("[parameters]\np.rated_kw = 1.0\n", "S1002", 4, 'write it in quotes, "p.rated_kw" = …'),
        ('[parameters]\n"p.rated_kw" = 501\n', "S1003", 4, "0 to 500"),
        ('[parameters]\n"p.rated_kw" = "much"\n', "S1003", 4, "no finite number"),
        ('cycle = "15ms"\n', "S1004", 3, "20 ms"),
        ('[recorder]\ntriggers = ["nothing"]\n', "S1007", 4, "name a tag"),
        ('[tasks.fast]\noverrun = "skip"\n', "S1006", 3, "the tasks are: t"),
        ('[plant]\nsite = "site.toml"\n', "S1005", 4, "has a plant of its own"),
        ('[plant]\nsite = "none.toml"\n', "S1001", 4, "none.toml"),
    ],
)
def test_site_file_when_it_contradicts_its_programs_then_the_line_and_the_mend_are_told(build, text, code, line, words):
    result = build(text)
    assert result.build is None
    (found,) = result.diagnostics
    assert (found.code, found.place.line) == (code, line)
    assert words in render(found)


def test_plant_when_it_has_a_mistake_then_the_site_does_not_start_either(build):
    result = build('[plant]\nsite = "plant.toml"\n', plant='name = "plant"\nprograms = ["q.st"]\n')
    assert result.build is None
    assert [d.place.source.name for d in result.diagnostics] == ["plant.toml"]


def test_scada_map_when_changed_after_the_check_then_a_gateway_that_comes_back_finds_the_checked_one(build, tmp_path):
    text = 'name = "m"\nversion = 1\n[registers.state]\naddress = 0\ntype = "u16"\nstatus = "heartbeat"\n'
    result = build('scada_map = "scada.toml"\n', scada=text)
    assert result.build is not None, [render(d) for d in result.diagnostics]
    run = tmp_path / "run"
    run.mkdir()
    prepare(result.build, run)
    (tmp_path / "scada.toml").unlink()
    assert RunPlan.load(run).scada_map
    assert (run / SCADA_MAP).read_text() == text


def test_manifest_when_a_task_has_a_table_then_it_holds_for_that_task_alone_and_its_overruns_have_its_line(build):
    manifest = build('[tasks.T]\nbudget = 500\non_fault = "continue"\noverrun = "fault"\n').build.manifest()
    (task,) = manifest.tasks
    assert (task.budget, task.on_fault, task.overrun) == (500, "continue", "fault")
    site = manifest.fault_sites[manifest.first_task_site]
    assert (site.code.name, site.pou, site.line) == ("TASK_OVERRUN", "t", 9)
    (plain,) = build("").build.manifest().tasks
    assert (plain.budget, plain.on_fault, plain.overrun) == (0, "", "count")
