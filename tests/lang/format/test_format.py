"""Formatting: the same tokens and comments, the same text a second time, and the layout of the house."""

import random
import re
from pathlib import Path

import pytest
from relayout import formatted, meaning, relaid

from runtime.cli.language.fmt import format_paths

ROOT = Path(__file__).parents[3]
FILES = sorted([*(ROOT / "programs").rglob("*.st"), *(ROOT / "tests/lang/semantics").glob("*.st")])
TEXTS = {str(p.relative_to(ROOT)): p.read_text() for p in FILES}
ROUNDS = 12


@pytest.mark.parametrize("name", TEXTS)
def test_format_when_done_then_tokens_and_comments_are_the_same_and_a_second_time_changes_nothing(name):
    made = formatted(TEXTS[name])
    assert meaning(made) == meaning(TEXTS[name])
    assert formatted(made) == made
    assert all(line == line.rstrip() and "\t" not in line for line in made.split("\n"))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_format_when_the_layout_is_damaged_then_tokens_stay_and_a_second_time_changes_nothing(seed):
    rng = random.Random(seed)
    for name in rng.sample(sorted(TEXTS), 8):
        damaged = relaid(TEXTS[name], rng)
        made = formatted(damaged)
        assert meaning(made) == meaning(TEXTS[name]), f"{name}, seed {seed}"
        assert formatted(made) == made, f"{name}, seed {seed}"


def test_format_when_comments_stand_anywhere_then_they_stay_beside_what_they_are_about():
    text = (
        "(* head\n   goes on *)\nPROGRAM p // name\nVAR\n(* group *)\n  a : INT;   (* a\n              more *)\n\n\n\n"
        "END_VAR\nIF a (* why *) > 1\n      AND a < 9 THEN // so\n// inside\na := 1;\n// last\nEND_IF\nEND_PROGRAM\n"
    )
    assert formatted(text) == (
        "(* head\n   goes on *)\nPROGRAM p  // name\nVAR\n    (* group *)\n"
        "    a : INT;    (* a\n                 more *)\n\nEND_VAR\n"
        "IF a (* why *) > 1\n      AND a < 9 THEN  // so\n    // inside\n    a := 1;\n    // last\n"
        "END_IF\nEND_PROGRAM\n"
    )


LAYOUTS = Path(__file__).parent / "layouts"


@pytest.mark.parametrize("file", sorted(LAYOUTS.glob("*.st")), ids=lambda f: f.stem)
def test_format_when_a_layout_is_given_then_the_golden_one_comes_out(file, request):
    made = formatted(file.read_text())
    golden = file.with_suffix(".expected")
    if request.config.getoption("--rewrite-goldens"):
        golden.write_text(made)
    assert made == golden.read_text()
    assert formatted(made) == made


def test_format_when_the_text_cannot_be_read_then_it_is_not_touched(tmp_path, capsys):
    file = tmp_path / "wrong.st"
    file.write_text("PROGRAM p\n  a := ;\nEND_PROGRAM\n")
    assert format_paths([file], check=False, diff=False) == 1
    assert file.read_text() == "PROGRAM p\n  a := ;\nEND_PROGRAM\n"
    assert "L1003" in capsys.readouterr().out


def test_fmt_when_checking_then_files_stay_and_the_code_tells(tmp_path, capsys):
    file = tmp_path / "p.st"
    file.write_text("PROGRAM p\nVAR a:INT;END_VAR\na:=1;\nEND_PROGRAM\n")
    assert format_paths([file], check=True, diff=False) == 1
    assert re.search(r"p\.st: would be formatted", capsys.readouterr().out)
    assert format_paths([file], check=False, diff=True) == 1
    assert "+VAR a : INT; END_VAR" in capsys.readouterr().out
    assert format_paths([file], check=False, diff=False) == 0
    assert file.read_text() == "PROGRAM p\nVAR a : INT; END_VAR\na := 1;\nEND_PROGRAM\n"
    assert format_paths([file], check=True, diff=False) == 0
