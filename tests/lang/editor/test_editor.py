"""What an editor asks, asked in the middle of half-written texts: there is always an answer, never an exception."""

import random
from pathlib import Path

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.editor.project import Project
from runtime.lang.editor.while_typing import call_help, completions

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
