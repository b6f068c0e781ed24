"""The index: which name means what, and where it is used."""

from pathlib import Path

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.compile import standard_library
from runtime.lang.index import Access, build_index
from runtime.lang.semantics.namespaces import simple
from runtime.lang.syntax.parse import parse

PROGRAMS = Path(__file__).parents[3] / "programs"
TEXT = """\
TYPE
    MODE : (AUTO, MANUAL);
    POINT : STRUCT
        x, y : REAL; {unit := 'm'}
    END_STRUCT;
END_TYPE
VAR_GLOBAL
    place : POINT;  (* where it is *)
END_VAR
FUNCTION doubled : REAL
VAR_INPUT
    x : REAL;
END_VAR
doubled := 2.0 * x;
END_FUNCTION
FUNCTION_BLOCK MOVER
VAR_INPUT
    delta : REAL;
END_VAR
VAR_IN_OUT
    what : POINT;
END_VAR
VAR_OUTPUT
    far : BOOL;
END_VAR
what.x := what.x + doubled(delta);
far := what.x > 10.0;
END_FUNCTION_BLOCK
PROGRAM main
VAR_EXTERNAL
    place : POINT;
END_VAR
VAR
    movers : ARRAY [1..2] OF MOVER;
    i : INT;
    mode : MODE := MODE#AUTO;
    delay : TON;
END_VAR
FOR i := 1 TO 2 DO
    movers[i](delta := 1.0, what := place);
END_FOR
IF movers[1].far THEN
    mode := MANUAL;
END_IF
delay(IN := mode = MANUAL, PT := T#1s);
END_PROGRAM
"""


def _index(text=TEXT):
    return build_index([parse(Source("t.st", text))[0]], standard_library())


def _at(index, needle, text=TEXT, nth=0):
    """The use at the start of the nth occurrence of a piece of text."""
    offset = -1
    for _ in range(nth + 1):
        offset = text.index(needle, offset + 1)
    line = text.count("\n", 0, offset) + 1
    return index.at("t.st", line, offset - (text.rfind("\n", 0, offset) + 1) + 1)


def _lines(index, needle, nth=0):
    return [(u.span.line, u.access.value) for u in index.uses(_at(index, needle, nth=nth).symbol)]


def test_global_when_declared_external_then_both_are_one_symbol():
    assert _lines(_index(), "place :") == [(8, "declare"), (31, "declare"), (40, "write")]


def test_field_when_reached_through_an_in_out_then_it_is_the_field_of_the_structure():
    index = _index()
    assert _lines(index, "x, y") == [(4, "declare"), (26, "read"), (26, "write"), (27, "read")]
    assert _at(index, "x, y").symbol.unit == "m"


def test_parameter_when_given_in_a_call_of_an_element_then_it_is_found():
    assert _lines(_index(), "delta :") == [(18, "declare"), (26, "read"), (40, "write")]


def test_output_when_read_through_an_index_then_it_is_found():
    assert _lines(_index(), "far :") == [(24, "declare"), (27, "write"), (42, "read")]


def test_enumeration_value_when_written_with_and_without_its_type_then_both_are_found():
    index = _index()
    assert [line for line, _ in _lines(index, "AUTO")] == [2, 36]
    assert [line for line, _ in _lines(index, "MANUAL")] == [2, 43, 45]
    assert [line for line, _ in _lines(index, "MODE :")] == [2, 36, 36]


def test_function_when_it_assigns_its_result_then_that_is_a_use_of_its_name():
    index = _index()
    assert [(u.span.line, u.access) for u in index.uses(_at(index, "doubled :").symbol)] == [
        (10, Access.DECLARE),
        (14, Access.WRITE),
        (26, Access.CALL),
    ]


def test_standard_block_when_called_then_its_parameters_are_known():
    use = _at(_index(), "PT :=")
    assert use.symbol.library
    assert use.symbol.owner.name == "TON"


def test_inheritance_when_a_child_uses_its_parents_names_then_they_are_the_parents():
    text = """FUNCTION_BLOCK A
VAR count : INT; END_VAR
METHOD bump : INT
VAR_INPUT by_how : INT; END_VAR
count := count + by_how;
bump := count;
END_METHOD
END_FUNCTION_BLOCK
FUNCTION_BLOCK B EXTENDS A
VAR n : INT; END_VAR
count := 5;
n := bump(by_how := 1);
END_FUNCTION_BLOCK
PROGRAM p VAR b : B; n : INT; END_VAR
n := b.bump(2);
END_PROGRAM
"""
    index = build_index([parse(Source("t.st", text))[0]])
    lines = {
        n: [u.span.line for u in index.uses(_at(index, n, text).symbol)] for n in ("count", "bump", "by_how", "A\n")
    }
    assert {n: sorted(found) for n, found in lines.items()} == {
        "count": [2, 5, 5, 6, 11],
        "bump": [3, 6, 12, 15],
        "by_how": [4, 5, 12],
        "A\n": [1, 9],
    }


NAMESPACES = """USING units;
NAMESPACE units
    TYPE MODE : (OFF, ECO); END_TYPE
    FUNCTION twice : INT
    VAR_INPUT x : INT; END_VAR
    twice := 2 * x;
    END_FUNCTION
END_NAMESPACE
NAMESPACE units.more
    FUNCTION four : INT
    four := twice(2);
    END_FUNCTION
END_NAMESPACE
PROGRAM main
VAR m : units.MODE := units.MODE#ECO; n : INT; END_VAR
n := units.more.four() + twice(n);
IF m = ECO THEN n := units.twice(x := n); END_IF
END_PROGRAM
"""


@pytest.mark.parametrize(
    ("needle", "lines"),
    [
        ("twice : INT", [4, 6, 11, 16, 17]),
        ("ECO)", [3, 15, 17]),
        ("MODE :", [3, 15, 15]),
        ("units\n    TYPE", [2, 1, 9, 15, 15, 16, 17]),
        ("more\n", [9, 16]),
        ("x : INT", [5, 6, 17]),
    ],
)
def test_namespaces_when_names_are_written_short_and_whole_then_they_are_one_symbol(needle, lines):
    index = _index(NAMESPACES)
    uses = index.uses(_at(index, needle, NAMESPACES).symbol)
    assert sorted(u.span.line for u in uses) == sorted(lines)
    written = NAMESPACES.split("\n")
    name = needle.split(" ")[0].split("\n")[0].rstrip(")")
    assert {written[u.span.line - 1][u.span.column - 1 :][: len(name)] for u in uses} == {name}


def test_namespace_when_asked_for_its_members_then_they_are_what_stands_in_it():
    index = _index(NAMESPACES)
    assert set(index.members(index.visible(None)["units"])) == {"mode", "twice", "more"}


def test_members_when_of_a_block_then_its_insides_are_left_out():
    index = _index()
    assert set(index.members(_at(index, "delay :").symbol)) == {"in", "pt", "q", "et"}


def test_names_when_a_pou_shadows_them_then_its_own_is_seen():
    index = _index()
    pou = index.pou_at("t.st", 14)
    assert pou.name == "doubled"
    assert index.visible(pou)["x"].owner is pou


@pytest.mark.parametrize("path", sorted(PROGRAMS.rglob("*.st")), ids=lambda p: p.name)
def test_uses_when_noted_then_each_stands_where_its_name_is_written(path):
    source = Source(str(path), path.read_text())
    for symbol in (index := build_index([parse(source)[0]])).declared.every:
        for use in index.uses(symbol):
            start = use.span.column - 1
            assert source.line(use.span.line)[start : start + use.span.length].lower() == simple(symbol.key)
