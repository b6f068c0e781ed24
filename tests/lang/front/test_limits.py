"""Texts beyond reason end in a diagnostic, never in an exception, and in a time that grows with their length only."""

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources
from runtime.lang.syntax.parse import parse

DEEP = {
    "parentheses": "x := " + "(" * 50_000,
    "closed parentheses": "x := " + "(" * 3_000 + "x" + ")" * 3_000 + ";",
    "operands": "x := 1" + " + 1" * 5_000 + ";",
    "path": "x" + ".x" * 20_000 + " := 1;",
    "ifs": "IF x = 1 THEN " * 3_000,
    "minus": "x := " + "-" * 50_000 + "x;",
}


@pytest.mark.parametrize("name", DEEP)
def test_nesting_when_beyond_reason_then_it_is_told(name):
    text = f"PROGRAM p VAR x : INT; END_VAR {DEEP[name]} END_PROGRAM"
    result = compile_sources([Source("deep.st", text)])
    assert result.application is None
    assert "L1009" in [d.code for d in result.diagnostics]


def test_nesting_when_people_write_it_then_it_compiles():
    text = "IF x = 1 THEN " * 50 + "x := " + "(" * 200 + "x" + ")" * 200 + " + 1" * 500 + ";" + "END_IF " * 50
    result = compile_sources([Source("deep.st", f"PROGRAM p VAR x : INT; END_VAR {text} END_PROGRAM")])
    assert result.application is not None


@pytest.mark.parametrize(
    "garbage",
    ["(* " * 20_000, ") " * 20_000, "x := 1 + ; " * 2_000, "'" * 10_001, "16#" * 5_000, "{" * 10_000, "\0" * 999],
)
def test_garbage_when_parsed_then_it_is_told_and_the_next_file_is_not_touched(garbage):
    _, found = parse(Source("garbage.st", "PROGRAM p " + garbage))
    assert found
    file, found = parse(Source("good.st", "PROGRAM p END_PROGRAM"))
    assert not found
    assert [p.name.text for p in file.pous] == ["p"]
