"""Which bytes a program may store into; that nothing else changes is shown on generated programs (differential.py)."""

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources

TYPES = """\
TYPE PAIR : STRUCT left : INT; right : INT; END_STRUCT END_TYPE
FUNCTION_BLOCK COUNTER VAR_INPUT step : INT; END_VAR VAR_OUTPUT n : INT; END_VAR n := n + step; END_FUNCTION_BLOCK
FUNCTION_BLOCK LEFT_ONLY VAR_IN_OUT both : PAIR; END_VAR both.left := both.right; END_FUNCTION_BLOCK
FUNCTION RESET : INT VAR_IN_OUT x : INT; END_VAR x := 0; RESET := 1; END_FUNCTION
VAR_GLOBAL
    a : INT; b : INT; two : PAIR; ints : ARRAY[1..4] OF INT; counter : COUNTER; pairs : ARRAY[1..2] OF PAIR;
END_VAR
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a := b;", {"a"}),
        ("IF b > 0 THEN two.right := 1; END_IF", {"two.right"}),
        ("FOR a := 1 TO 3 DO b := ints[a]; END_FOR", {"a", "b"}),
        ("ints[b] := 1;", {"ints[1]", "ints[2]", "ints[3]", "ints[4]"}),
        ("two := pairs[1];", {"two.left", "two.right"}),
        ("counter(step := a);", {"counter.step", "counter.n"}),
        ("once(both := two);", {"two.left"}),
        ("once(both := pairs[b]);", {"pairs[1].left", "pairs[2].left"}),
        ("mine := RESET(b);", {"b"}),
        ("IF RESET(a) > 0 AND_THEN RESET(ints[2]) > 0 THEN mine := 1; END_IF", {"a", "ints[2]"}),
        ("mine := a;", set()),
    ],
)
def test_stores_when_a_program_assigns_then_those_variables_and_no_others(body, expected):
    program = f"PROGRAM main VAR mine : INT; once : LEFT_ONLY; END_VAR {body} END_PROGRAM"
    app = compile_sources([Source("stores.st", TYPES + program)]).application
    assert app is not None
    reached = {tag.name for tag in app.tags.tags if any(start <= tag.offset < end for start, end in app.stored)}
    assert {name for name in reached if not name.startswith("main.")} == expected


@pytest.mark.parametrize("body", ["p := REF(a); p^ := 1;", "p := ADR(b); p^ := a;"])
def test_stores_when_a_program_stores_through_a_pointer_then_there_is_no_bound(body):
    program = f"PROGRAM main VAR p : REF_TO INT; END_VAR {body} END_PROGRAM"
    app = compile_sources([Source("stores.st", TYPES + program)]).application
    assert app is not None
    assert app.stored is None
