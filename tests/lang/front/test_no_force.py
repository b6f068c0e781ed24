"""What nobody outside may change: {no_force} vetoes for everything within a declaration, READ_ONLY for a name."""

from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources
from runtime.wire.values import to_json

TEXT = """\
TYPE PACK : STRUCT
    soc_pct : REAL;
    trip    : BOOL;   {no_force}
    cell    : ARRAY[1..2] OF INT;
END_STRUCT; END_TYPE
VAR_GLOBAL
    pack_1 : PACK;
    {no_force}
    pack_2 : PACK;
    limit  : REAL;    {unit := 'kW', No_Force}   (* for safety *)
    plain  : REAL;    {attribute 'no_force'}
END_VAR
FUNCTION_BLOCK GUARD VAR held : BOOL; {no_force} free : BOOL; END_VAR ; END_FUNCTION_BLOCK
PROGRAM main VAR g : GUARD; END_VAR
g();
END_PROGRAM
"""


def test_no_force_when_said_of_a_variable_field_or_structure_then_of_every_leaf_in_it():
    result = compile_sources([Source("a.st", TEXT)])
    assert result.application is not None, result.diagnostics
    tags = result.application.tags
    vetoed = [leaf.name for leaf in (*tags.tags, *tags.variables) if leaf.no_force]
    assert vetoed == [
        "pack_1.trip",
        *("pack_2.soc_pct", "pack_2.trip", "pack_2.cell[1]", "pack_2.cell[2]"),
        "limit",
        "main.g.held",
    ]
    assert tags.tag("limit").unit == "kW"


def test_secret_when_said_of_a_field_then_of_every_variable_of_that_type_and_its_names():
    text = """\
TYPE OPTIONS : STRUCT code : UINT := 125; {secret} limit : REAL; END_STRUCT; END_TYPE
VAR_GLOBAL own : OPTIONS; END_VAR
FUNCTION_BLOCK DRIVE VAR_INPUT options : OPTIONS; END_VAR ; END_FUNCTION_BLOCK
PROGRAM main VAR d : DRIVE; END_VAR d(options := own); END_PROGRAM
CONFIGURATION c PROGRAM main WITH t : main; TASK t (INTERVAL := T#10ms, PRIORITY := 0);
    VAR_ACCESS seen : own.code : UINT READ_ONLY; END_VAR
END_CONFIGURATION
"""
    result = compile_sources([Source("a.st", text)])
    assert result.application is not None, result.diagnostics
    tags = result.application.tags
    secret = [leaf for leaf in (*tags.tags, *tags.variables) if leaf.secret]
    assert {leaf.name for leaf in secret} >= {"own.code", "main.d.options.code", "seen"}
    assert all(to_json(125, leaf) == "***" for leaf in secret)
    assert tags.tag("own.limit").veto == ""


ACCESS = """\
VAR_GLOBAL limit : REAL; {no_force} plain : REAL; END_VAR
PROGRAM main VAR n : INT; END_VAR n := n + 1; END_PROGRAM
CONFIGURATION hall
    PROGRAM line : main;
    VAR_ACCESS
        seen    : line.n : INT READ_ONLY;
        unsaid  : line.n : INT;
        set     : line.n : INT READ_WRITE;
        capped  : limit : REAL READ_WRITE;
        free    : plain : REAL READ_WRITE;
    END_VAR
END_CONFIGURATION
"""


def test_access_name_when_read_only_or_leading_to_what_is_vetoed_then_it_vetoes():
    result = compile_sources([Source("a.st", ACCESS)])
    assert result.application is not None, result.diagnostics
    found = {name: result.application.tags.find(name) for name in ("seen", "unsaid", "set", "capped", "free")}
    assert {name: leaf.veto for name, leaf in found.items()} == {
        "seen": "the name is READ_ONLY in VAR_ACCESS",
        "unsaid": "the name is READ_ONLY in VAR_ACCESS",
        "set": "",
        "capped": "the variable is declared {no_force}",
        "free": "",
    }
    assert (found["set"].offset, result.application.tags.find("line.n").veto) == (found["seen"].offset, "")


def test_no_force_when_misspelt_then_told_and_not_passed_over():
    result = compile_sources([Source("a.st", "PROGRAM main VAR n : INT; {noforce} END_VAR n := 1; END_PROGRAM")])
    (found,) = [d for d in result.diagnostics if d.code == "L5007"]
    assert found.help == "did you mean no_force?"


def test_no_force_when_given_a_value_then_told():
    result = compile_sources([Source("a.st", "PROGRAM main VAR n : INT; {no_force := 1} END_VAR n := 1; END_PROGRAM")])
    assert [(d.code, d.message) for d in result.diagnostics if d.code == "L5007"] == [
        ("L5007", "{no_force} takes no value")
    ]
