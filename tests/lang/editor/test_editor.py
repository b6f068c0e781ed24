"""What an editor asks, asked in the middle of half-written texts: there is always an answer, never an exception."""

import random
from pathlib import Path

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.editor.project import Project
from runtime.lang.editor.standard import _TOLD, standard_function, standard_functions
from runtime.lang.editor.while_typing import call_help, completions
from runtime.lang.lower.signatures import FROM_BCD, PARAMETERS, TEST_STATEMENTS, TO_BCD

SEMANTICS = Path(__file__).parent.parent / "semantics"
TEXTS = [p.read_text() for p in sorted(SEMANTICS.glob("*.st"))]
QUESTIONS = 25

PROGRAM = """\
TYPE MODE : (REST, CHARGE); END_TYPE
FUNCTION doubled : REAL
VAR_INPUT
    x : REAL;
END_VAR
doubled := 2.0 * x;
END_FUNCTION
PROGRAM main
VAR
    timers : ARRAY [1..2] OF TON;
    mode : MODE;
    r : REAL;
END_VAR
r := doubled({here}
r := 1.0;
END_PROGRAM
"""


def _here(text):
    """The project and the place of `{here}`."""
    before = text[: text.index("{here}")]
    place = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return Project([Source("t.st", text.replace("{here}", ""))]), "t.st", *place


@pytest.mark.parametrize("seed", range(8))
def test_editor_when_the_text_is_cut_or_torn_then_every_question_is_answered(seed):
    rng = random.Random(seed)
    text = rng.choice(TEXTS)
    at = rng.randrange(len(text))
    torn = text[:at] if seed % 2 else text[:at] + text[min(len(text), at + rng.randrange(40)) :]
    project = Project([Source("torn.st", torn)])
    project.diagnostics()
    lines = torn.split("\n")
    for _ in range(QUESTIONS):
        line = rng.randrange(len(lines)) + 1
        column = rng.randrange(len(lines[line - 1]) + 1) + 1
        project.hover("torn.st", line, column)
        project.references("torn.st", line, column, declaration=True)
        completions(project, "torn.st", line, column)
        call_help(project, "torn.st", line, column)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("r := doubled({here}", {"x :=", "r", "doubled", "timers"}),
        ("timers[1].{here}", {"Q", "ET", "IN", "PT"}),
        ("mode := MODE#{here}", {"REST", "CHARGE"}),
        ("timers[2](IN := TRUE, {here}", {"PT :=", "Q =>"}),
    ],
)
def test_completion_when_a_line_is_unfinished_then_what_fits_is_offered(ending, expected):
    found = completions(*_here(PROGRAM.replace("r := doubled({here}", ending)))
    assert expected <= {c.label for c in found}
    if ending.endswith((".{here}", "#{here}")):
        assert expected == {c.label for c in found}


def test_completion_when_behind_a_namespace_then_what_stands_in_it_is_offered():
    text = "NAMESPACE a.b TYPE MODE : (ON, OFF); END_TYPE FUNCTION f : INT f := 1; END_FUNCTION END_NAMESPACE\n"
    project, file, line, column = _here(text + "PROGRAM main\nVAR m : a.b.{here}\nEND_VAR\nEND_PROGRAM\n")
    assert {c.label for c in completions(project, file, line, column)} == {"MODE", "f"}
    assert {c.label for c in completions(project, file, line, column - 2)} == {"b"}


@pytest.mark.parametrize(
    ("ending", "signature", "active"),
    [
        ("r := doubled({here}", "doubled(x : REAL) : REAL", 0),
        ("timers[1](IN := r > doubled(1.0), PT := {here}", "TON(IN : BOOL, PT : TIME, Q => BOOL, ET => TIME)", 1),
        ("timers[1](TRUE, {here}", "TON(IN : BOOL, PT : TIME, Q => BOOL, ET => TIME)", 1),
    ],
)
def test_call_help_when_inside_a_call_then_it_is_the_innermost_and_the_argument_counts(ending, signature, active):
    told = call_help(*_here(PROGRAM.replace("r := doubled({here}", ending)))
    assert (told.signature, told.active) == (signature, active)


def test_call_help_when_outside_of_calls_then_there_is_none():
    assert call_help(*_here(PROGRAM.replace("r := doubled({here}", "timers[1](); r := ({here}"))) is None


@pytest.mark.parametrize("name", ["timers", "IF", "a b", "", "2x"])
def test_rename_when_the_name_cannot_be_then_there_is_a_reason(name):
    project, file, line, _ = _here(PROGRAM)
    use = project.use_at(file, line, 1)
    assert use.symbol.name == "r"
    assert project.cannot_rename(use, name)
    assert not project.cannot_rename(use, "r2")


def test_standard_functions_when_listed_then_each_is_told_and_nothing_else_is():
    shown = {f.name: f for f in standard_functions(in_test=True)}
    assert set(PARAMETERS) - set(FROM_BCD) - set(TO_BCD) | {n.upper() for n in TEST_STATEMENTS} == set(shown)
    assert all(f.about and (f.result or f.name.lower() in TEST_STATEMENTS) for f in shown.values())
    assert not set(_TOLD) - set(shown)
    assert shown["LIMIT"].signature == "LIMIT(MN, IN, MX) : ANY_ELEMENTARY"
    assert shown["MAX"].signature == "MAX(IN1, IN2, IN3, …) : ANY_ELEMENTARY"
    assert shown["GT"].about == "IN1 > IN2 > …, each compared with the next"
    assert standard_function("uint_to_bcd").signature == "UINT_TO_BCD(IN) : WORD"
    assert standard_function("ASSERT") is None


@pytest.mark.parametrize(
    ("written", "signature", "active"),
    [
        ("LIMIT(1.0, ", "LIMIT(MN, IN, MX) : ANY_ELEMENTARY", 1),
        ("LIMIT(MX := ", "LIMIT(MN, IN, MX) : ANY_ELEMENTARY", 2),
        ("MAX(1.0, 2.0, 3.0, 4.0, ", "MAX(IN1, IN2, IN3, …) : ANY_ELEMENTARY", 3),
        ("REAL_TO_INT(", "REAL_TO_INT(IN) : INT", 0),
    ],
)
def test_call_help_when_a_standard_function_is_called_then_its_signature_is_told(written, signature, active):
    told = call_help(*_here(PROGRAM.replace("doubled({here}", written + "{here}")))
    assert (told.signature, told.active) == (signature, active)
    assert told.comment


def test_completion_when_functions_and_conversions_may_stand_then_they_are_offered():
    offered = {c.label for c in completions(*_here(PROGRAM.replace("doubled({here}", "{here}")))}
    assert {"LIMIT", "SCAN_DT", "CONCAT", "doubled"} <= offered
    assert not {"ASSERT", "REAL_TO_INT"} & offered
    assert "REAL_TO_INT" in {c.label for c in completions(*_here(PROGRAM.replace("doubled({here}", "REAL_{here}")))}


CHART = """\
FUNCTION_BLOCK B
VAR_OUTPUT lit : BOOL; END_VAR
VAR inner : INT; END_VAR
    METHOD act : BOOL
    VAR_INPUT how : REAL; END_VAR
    act := how > 1.0;
    END_METHOD
    PROPERTY level : REAL GET level := 1.0; END_GET END_PROPERTY
INITIAL_STEP idle: END_STEP
STEP busy: lit(N); count(P); END_STEP
TRANSITION FROM idle TO busy := busy.{here}X; END_TRANSITION
TRANSITION FROM busy TO idle := TRUE; END_TRANSITION
ACTION count: inner := inner + 1; END_ACTION
END_FUNCTION_BLOCK
PROGRAM p VAR b : B; END_VAR
b.act(1.0);
END_PROGRAM
TEST 'one'
p.b.inner := 1;
END_TEST
"""


def _labels(text):
    return {c.label for c in completions(*_here(text))}


def test_completion_when_behind_steps_actions_and_instances_then_it_offers_what_can_be_read():
    assert _labels(CHART) == {"X", "T"}
    assert _labels(CHART.replace("{here}", "").replace("inner :=", "count.{here} :=", 1)) == {"Q", "A"}
    assert _labels(CHART.replace("{here}", "").replace("\nb.act", "\nb.{here}")) == {"lit", "act", "level"}
    seen = _labels(CHART.replace("{here}", "").replace("p.b.inner", "p.b.{here}"))
    assert seen == {"lit", "inner", "act", "level", "idle", "busy", "count"}
    assert {"idle", "busy", "count", "lit"} <= _labels(CHART.replace("busy.{here}X", "{here}"))
    assert {"how", "inner", "level"} <= _labels(CHART.replace("{here}", "").replace("how >", "{here} >"))
    assert {"ASSERT_NEAR", "ADVANCE", "p"} <= _labels(CHART.replace("{here}", "").replace("p.b.inner", "{here}"))


def test_hover_when_over_steps_methods_functions_and_assertions_then_each_is_told():
    text = CHART.replace("{here}", "").replace("p.b.inner := 1;", "ASSERT(p.b.lit AND MAX(1, 2) > 1);")
    project = Project([Source("t.st", text)])

    def hover(needle):
        before = text[: text.index(needle)]
        return project.hover("t.st", before.count("\n") + 1, len(before) - before.rfind("\n"))

    assert hover("busy TO") == "```st\nSTEP busy\n```\n\nSTEP of B"
    assert hover("act(1.0)") == "```st\nMETHOD act : BOOL\n```\n\nMETHOD of B"
    assert hover("level :=") == "```st\nPROPERTY level : REAL\n```\n\nPROPERTY of B"
    assert hover("MAX(") == "```st\nMAX(IN1, IN2, IN3, …) : ANY_ELEMENTARY\n```\n\nthe greatest of its inputs"
    assert hover("ASSERT(").startswith("```st\nASSERT(CONDITION)\n```")
