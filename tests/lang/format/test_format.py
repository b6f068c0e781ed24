"""Formatting: the same tokens and comments, the same text a second time, and the layout of the house."""

import random
import re
from pathlib import Path

import pytest

from runtime.cli.fmt import format_paths
from runtime.core.diagnostic import Source
from runtime.lang.format import format_source
from runtime.lang.syntax.tokens import KEYWORDS, scan

ROOT = Path(__file__).parents[3]
FILES = sorted([*(ROOT / "programs").rglob("*.st"), *(ROOT / "tests/lang/semantics").glob("*.st")])
TEXTS = {str(p.relative_to(ROOT)): p.read_text() for p in FILES}
ROUNDS = 12


def _meaning(text):
    scanned = scan(Source("t.st", text))
    tokens = [(t.kind, t.text.upper() if t.kind == t.text.upper() else t.text) for t in scanned.tokens]
    return tokens, [(m.kind, m.text.split()) for m in scanned.margins]


def _formatted(text):
    made = format_source(Source("t.st", text)).text
    assert made is not None
    return made


def _damaged(text, rng):
    """The same tokens and comments with other blanks and line breaks."""
    scanned = scan(Source("t.st", text))
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    places = [(starts[t.line - 1] + t.column - 1, len(t.text)) for t in scanned.tokens[:-1]]
    names = [t for t in scanned.tokens if t.kind == "NAME" and t.text.upper() in KEYWORDS]
    called = {starts[t.line - 1] + t.column - 1 for t in names}
    for margin in scanned.margins:
        at = starts[margin.line - 1] + margin.column - 1
        around = 2 if margin.kind == "pragma" or text.startswith("//", at) else 4
        places.append((at, len(margin.text) + around))
    made = ""
    for at, length in sorted(places):
        piece = text[at : at + length]
        made += piece + ("\n" if piece.startswith("//") else "")
        if at in called and text[at + length] == "(":
            continue  # `AND(a, b)` is a call only without a blank
        made += rng.choice([" ", "  ", "\n", "\t", " \n\n\n  ", "        ", "\n\t"])
    return made


@pytest.mark.parametrize("name", TEXTS)
def test_format_when_done_then_tokens_and_comments_are_the_same_and_a_second_time_changes_nothing(name):
    made = _formatted(TEXTS[name])
    assert _meaning(made) == _meaning(TEXTS[name])
    assert _formatted(made) == made
    assert all(line == line.rstrip() and "\t" not in line for line in made.split("\n"))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_format_when_the_layout_is_damaged_then_tokens_stay_and_a_second_time_changes_nothing(seed):
    rng = random.Random(seed)
    for name in rng.sample(sorted(TEXTS), 8):
        damaged = _damaged(TEXTS[name], rng)
        made = _formatted(damaged)
        assert _meaning(made) == _meaning(TEXTS[name]), f"{name}, seed {seed}"
        assert _formatted(made) == made, f"{name}, seed {seed}"


def test_format_when_all_stands_on_one_line_then_the_house_layout_comes_out():
    text = (
        "function_block B var_input a:INT:=-5;{unit:='kW'}(* wish *)long_name:BOOL;(* flag *)end_var\n"
        "var t:TON;end_var\n"
        "if a>3 then a:=a-1;t(IN:=a=1,PT:=T#1s);elsif a<-2 or(not long_name)then a:=0;else case a of 1,2:a:=3;\n"
        "4..5:\nif t.Q then return;end_if else a:=7;end_case;end_if;while a<3 do a:=a+1;end_while\n"
        "repeat a:=a-1;until a<0 end_repeat end_function_block"
    )
    assert _formatted(text) == (
        "FUNCTION_BLOCK B\n"
        "VAR_INPUT\n"
        "    a         : INT := -5;  {unit:='kW'}    (* wish *)\n"
        "    long_name : BOOL;       (* flag *)\n"
        "END_VAR\n"
        "VAR\n"
        "    t         : TON;\n"
        "END_VAR\n"
        "IF a > 3 THEN\n"
        "    a := a - 1;\n"
        "    t(IN := a = 1, PT := T#1s);\n"
        "ELSIF a < -2 OR (NOT long_name) THEN\n"
        "    a := 0;\n"
        "ELSE\n"
        "    CASE a OF\n"
        "        1, 2: a := 3;\n"
        "        4..5:\n"
        "            IF t.Q THEN\n"
        "                RETURN;\n"
        "            END_IF\n"
        "    ELSE\n"
        "        a := 7;\n"
        "    END_CASE;\n"
        "END_IF;\n"
        "WHILE a < 3 DO\n"
        "    a := a + 1;\n"
        "END_WHILE\n"
        "REPEAT\n"
        "    a := a - 1;\n"
        "UNTIL a < 0 END_REPEAT\n"
        "END_FUNCTION_BLOCK\n"
    )


def test_format_when_comments_stand_anywhere_then_they_stay_beside_what_they_are_about():
    text = (
        "(* head\n   goes on *)\nPROGRAM p // name\nVAR\n(* group *)\n  a : INT;   (* a\n              more *)\n\n\n\n"
        "END_VAR\nIF a (* why *) > 1\n      AND a < 9 THEN // so\n// inside\na := 1;\n// last\nEND_IF\nEND_PROGRAM\n"
    )
    assert _formatted(text) == (
        "(* head\n   goes on *)\nPROGRAM p  // name\nVAR\n    (* group *)\n"
        "    a : INT;    (* a\n                 more *)\n\nEND_VAR\n"
        "IF a (* why *) > 1\n      AND a < 9 THEN  // so\n    // inside\n    a := 1;\n    // last\n"
        "END_IF\nEND_PROGRAM\n"
    )


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
    assert "+    a : INT;" in capsys.readouterr().out
    assert format_paths([file], check=False, diff=False) == 0
    assert file.read_text() == "PROGRAM p\nVAR\n    a : INT;\nEND_VAR\na := 1;\nEND_PROGRAM\n"
    assert format_paths([file], check=True, diff=False) == 0
