"""The rules that ask a second time: what they must tell, and what they must leave alone."""

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.diagnostics.lint import check_sources


def _told(text):
    return [(d.code, d.place.line) for d in check_sources([Source("t.st", text)])]


def _program(variables, body):
    return f"PROGRAM p VAR {variables} END_VAR\n{body}\nEND_PROGRAM"


FINE = {
    "timer in a condition": _program("t : TON;", "WHILE NOT t.Q DO t(IN := TRUE, PT := T#1s); END_WHILE"),
    "loop left by EXIT": _program("n : INT;", "WHILE TRUE DO n := n + 1; IF n > 5 THEN EXIT; END_IF END_WHILE"),
    "repeat that counts": _program("n : INT;", "REPEAT n := n + 1; UNTIL n > 5 END_REPEAT"),
    "element in a condition": _program("a : ARRAY [1..2] OF INT;", "WHILE a[1] < 5 DO a[1] := a[1] + 1; END_WHILE"),
    "copied reals": _program("a, b : REAL; q : BOOL;", "a := b; q := a = b;"),
    "whole number": _program("a : REAL; q : BOOL;", "q := a = 0.0 OR a <> -1.0;"),
    "equal integers": _program("a : INT; q : BOOL;", "q := a + 1 = 2;"),
    "boolean of comparisons": _program("a, b : REAL; q : BOOL;", "q := (a > 0.5) = (b > 0.5);"),
    "used as an index": _program("a : ARRAY [1..2] OF INT; i : INT := 1;", "a[i] := 1;"),
    "used as a bound": "PROGRAM p VAR CONSTANT N : INT := 2; END_VAR VAR a : ARRAY [1..N] OF INT; END_VAR\n"
    "a[1] := 1;\nEND_PROGRAM",
    "action of a chart": _program("lamp : BOOL;", "INITIAL_STEP s: lamp(N); END_STEP"),
    "return at the end": _program("n : INT;", "n := 1; RETURN;"),
    "output taken from a call": "FUNCTION_BLOCK B VAR_INPUT x : BOOL; END_VAR VAR_OUTPUT y : BOOL; END_VAR\n"
    "VAR t : TON; END_VAR t(IN := x, PT := T#1s, Q => y);\nEND_FUNCTION_BLOCK",
    "output passed by reference": "FUNCTION_BLOCK A VAR_IN_OUT x : INT; END_VAR x := 1; END_FUNCTION_BLOCK\n"
    "FUNCTION_BLOCK B VAR_OUTPUT y : INT; END_VAR VAR s : A; END_VAR s(y);\nEND_FUNCTION_BLOCK",
}
TOLD = {
    "external": ("VAR_GLOBAL g : INT; END_VAR\nPROGRAM p VAR_EXTERNAL g : INT; END_VAR END_PROGRAM", [("L9101", 2)]),
    "unused input": ("FUNCTION F : INT VAR_INPUT a,\nb : INT; END_VAR F := a; END_FUNCTION", [("L9101", 2)]),
    "result never assigned": ("FUNCTION\nF : INT VAR_INPUT a : INT; END_VAR VAR b : INT; END_VAR b := a; END_FUNCTION",
                              [("L9104", 2)]),
    "function hidden": ("FUNCTION F : INT F := 1; END_FUNCTION\nPROGRAM p VAR F : INT; END_VAR F := 1; END_PROGRAM",
                        [("L9102", 2)]),
    "behind an IF that always leaves": (_program("n : INT;", "IF n > 1 THEN RETURN; ELSE RETURN; END_IF\nn := 1;"),
                                        [("L9103", 3)]),
    "in a loop": (_program("n : INT;", "FOR n := 1 TO 5 DO CONTINUE;\nn := n; END_FOR"), [("L9002", 3), ("L9103", 3)]),
    "sum against a sum": (_program("a, b : REAL; q : BOOL;", "q := a + 1.0 <> b;"), [("L9105", 2)]),
    "field":
        ("TYPE S : STRUCT x : LREAL; END_STRUCT; END_TYPE\n" + _program("s : S; q : BOOL;", "q := s.x = SQRT(s.x);"),
              [("L9105", 3)]),
    "until that never comes": (_program("n, m : INT;", "REPEAT n := n + 1; UNTIL\nm > 5 END_REPEAT"), [("L9106", 3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_rules_when_the_program_is_fine_then_nothing_is_told(name):
    assert _told(FINE[name]) == []


@pytest.mark.parametrize("name", TOLD)
def test_rules_when_the_program_is_doubtful_then_the_line_is_told(name):
    text, expected = TOLD[name]
    assert _told(text) == expected


def test_rules_when_there_is_an_error_then_they_keep_quiet():
    assert _told(_program("idle, n : INT;", "n := missing;")) == [("L3001", 2)]
