"""State from one version of the programs to the next: two texts, values before, values after."""

from dataclasses import dataclass, field
from random import Random

import pytest

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.elementary import ELEMENTARY, REAL, Kind
from runtime.core.migration import Convert, Memory, Migration, lossless, plan_migration
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources
from runtime.lang.syntax.source import Source

BLOCKS = """
FUNCTION_BLOCK INTEGRATOR VAR_INPUT x : REAL; END_VAR VAR_OUTPUT sum : REAL; END_VAR VAR t : TON; END_VAR
sum := sum + x; t(IN := TRUE, PT := T#1h);
END_FUNCTION_BLOCK
FUNCTION_BLOCK SMOOTHER VAR_INPUT x : REAL; END_VAR VAR_OUTPUT sum : REAL; END_VAR VAR t : TON; END_VAR
sum := x; t(IN := TRUE, PT := T#1h);
END_FUNCTION_BLOCK
"""


def compiled(declared: str, *, types: str = "") -> Application:
    """A program `main` with these variables; declarations from `GLOBAL:` on are global."""
    inside, _, outside = declared.partition("GLOBAL:")
    text = f"{types}\n{BLOCKS}\nVAR_GLOBAL {outside} END_VAR\nPROGRAM main\nVAR {inside} END_VAR\nEND_PROGRAM\n"
    result = compile_sources([Source("main.st", text.replace("VAR_GLOBAL  END_VAR", ""))])
    assert result.application is not None, [d.message for d in result.diagnostics]
    return result.application


def memory_of(app: Application) -> Memory:
    return Memory(app.tags, app.quality_offset, app.stamp_offset, app.layout_hash)


def migrated(old: Application, new: Application, values: dict[str, object]) -> tuple[bytearray, Migration, list[str]]:
    before, after = bytearray(old.initial), bytearray(new.initial)
    for name, value in values.items():
        leaf = old.tags.find(name)
        assert leaf is not None, name
        leaf.type.pack_into(before, leaf.offset, value)  # type: ignore[arg-type]
    plan = plan_migration(memory_of(old), memory_of(new))
    return after, plan, plan.apply(before, after)


@dataclass(frozen=True)
class Case:
    old: str
    new: str
    before: dict[str, object]
    after: dict[str, object]
    dropped: tuple[str, ...] = ()
    initialised: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    old_types: str = ""
    new_types: str = ""
    kept: int = field(default=-1)


MODE = "TYPE MODE : (IDLE, RUN, HALT); END_TYPE"
MODE_MORE = "TYPE MODE : (SETUP, IDLE := 7, RUN, REPAIR); END_TYPE"
CELL = "TYPE CELL : STRUCT mv : UINT; ok : BOOL; END_STRUCT; END_TYPE"
CELL_MORE = "TYPE CELL : STRUCT ok : BOOL; temp : REAL := 20.0; mv : UDINT; END_STRUCT; END_TYPE"
CASES = {
    "nothing changed": Case("a : INT := 3; b : BOOL;", "a : INT := 3; b : BOOL;", {"main.a": 9}, {"main.a": 9}, kept=2),
    "a variable in front": Case(
        "a : INT; b : LREAL;",
        "new : BOOL := TRUE; a : INT; b : LREAL;",
        {"main.a": -7, "main.b": 1.5},
        {"main.new": True, "main.a": -7, "main.b": 1.5},
        initialised=("main.new",),
    ),
    "order and initial values changed": Case(
        "a : INT := 1; b : LREAL := 2.0;",
        "b : LREAL := 3.0; a : INT := 4;",
        {"main.a": 10, "main.b": 20.0},
        {"main.a": 10, "main.b": 20.0},
        kept=2,
    ),
    "renamed": Case(
        "speed : INT;",
        "velocity : INT := 5;",
        {"main.speed": 9},
        {"main.velocity": 5},
        dropped=("main.speed",),
        initialised=("main.velocity",),
    ),
    "an array grew": Case(
        "v : ARRAY[1..2] OF INT;",
        "v : ARRAY[0..3] OF INT := [4(8)];",
        {"main.v[1]": 11, "main.v[2]": 12},
        {"main.v[0]": 8, "main.v[1]": 11, "main.v[2]": 12, "main.v[3]": 8},
        initialised=("main.v[0]", "main.v[3]"),
    ),
    "an array of two dimensions shrank": Case(
        "v : ARRAY[1..2,1..3] OF INT;",
        "v : ARRAY[1..2,2..2] OF INT;",
        {"main.v[1,2]": 12, "main.v[2,2]": 22},
        {"main.v[1,2]": 12, "main.v[2,2]": 22},
        dropped=("main.v[1,1]", "main.v[1,3]", "main.v[2,1]", "main.v[2,3]"),
    ),
    "a structure's fields moved": Case(
        "c : ARRAY[1..2] OF CELL;",
        "c : ARRAY[1..2] OF CELL;",
        {"main.c[2].mv": 3300, "main.c[2].ok": True},
        {"main.c[2].mv": 3300, "main.c[2].ok": True, "main.c[2].temp": 20.0},
        initialised=("main.c[1].temp", "main.c[2].temp"),
        retyped=("main.c[1].mv", "main.c[2].mv"),
        old_types=CELL,
        new_types=CELL_MORE,
    ),
    "instances within instances": Case(
        "i : INTEGRATOR;",
        "z : BOOL; i : INTEGRATOR;",
        {"main.i.sum": 5.5, "main.i.t.ET": 77},
        {"main.i.sum": 5.5, "main.i.t.ET": 77},
        initialised=("main.z",),
    ),
    "a timer became another timer": Case(
        "t : TON;",
        "t : TOF;",
        {"main.t.ET": 77, "main.t.Q": True},
        {"main.t.ET": 0, "main.t.Q": False},
        initialised=None,  # type: ignore[arg-type]
    ),
    "a block became another with the same members": Case(
        "i : INTEGRATOR;",
        "i : SMOOTHER;",
        {"main.i.sum": 5.5, "main.i.t.ET": 77},
        {"main.i.sum": 0.0, "main.i.t.ET": 0},
        initialised=None,  # type: ignore[arg-type]
    ),
    "enumeration by name": Case(
        "m : MODE; n : MODE; gone : MODE;",
        "m : MODE; n : MODE; gone : MODE := REPAIR;",
        {"main.m": 1, "main.n": 0, "main.gone": 2},
        {"main.m": 8, "main.n": 7, "main.gone": 9},
        retyped=("main.m", "main.n", "main.gone"),
        misfits=("main.gone",),
        old_types=MODE,
        new_types=MODE_MORE,
    ),
    "numbers where they fit": Case(
        "a : INT; b : DINT; c : DINT; d : REAL; e : REAL; f : DINT; g : LREAL; h : INT; i : BOOL; j : WORD; k : SINT;",
        "a : LINT; b : INT; c : INT := 4; d : INT; e : INT := 6; f : REAL := 1.0; g : REAL; h : BOOL; i : UINT;"
        " j : UDINT; k : USINT := 3;",
        {
            "main.a": -5, "main.b": 300, "main.c": 70000, "main.d": 12.0, "main.e": 12.5, "main.f": 16777217,
            "main.g": 0.5, "main.h": 1, "main.i": True, "main.j": 0xFFFF, "main.k": -1,
        },
        {
            "main.a": -5, "main.b": 300, "main.c": 4, "main.d": 12, "main.e": 6, "main.f": 1.0,
            "main.g": 0.5, "main.h": True, "main.i": 1, "main.j": 65535, "main.k": 3,
        },
        retyped=tuple(f"main.{c}" for c in "abcdefghijk"),
        misfits=("main.c", "main.e", "main.f", "main.k"),
    ),
    "a number that became a time": Case(
        "a : LINT;", "a : TIME := T#2s;", {"main.a": 5}, {"main.a": 2_000_000_000}, initialised=("main.a",)
    ),
    "a time that became long": Case("a : TIME;", "a : LTIME;", {"main.a": 5}, {"main.a": 5}, retyped=("main.a",)),
    "texts cut to what the new length holds": Case(
        "a : STRING[10]; b : STRING[10]; c : WSTRING[3]; d : STRING[3];",
        "a : STRING[4] := 'none'; b : STRING[4] := 'none'; c : WSTRING[9]; d : WSTRING[3] := \"new\";",
        {"main.a": "four", "main.b": "fiver", "main.c": "Üλa", "main.d": "abc"},
        {"main.a": "four", "main.b": "five", "main.c": "Üλa", "main.d": "new"},
        retyped=("main.a", "main.b", "main.c"),
        initialised=("main.d",),
    ),
    "a subrange became narrower": Case(
        "a : INT; b : INT (0..9); c : INT (0..9); d : UDINT; e : INT (-9..9); f : INT (0..9); g : INT (0..9);",
        "a : INT (0..5); b : INT (2..5) := 3; c : INT; d : UDINT (7..8) := 7; e : INT (-5..-2) := -3;"
        " f : INT (-9..20); g : SINT (5..6) := 5;",
        {"main.a": 4, "main.b": 1, "main.c": 8, "main.d": 4_000_000_000, "main.e": -1, "main.f": 9, "main.g": 6},
        {"main.a": 4, "main.b": 3, "main.c": 8, "main.d": 7, "main.e": -3, "main.f": 9, "main.g": 6},
        retyped=("main.a", "main.b", "main.d", "main.e", "main.g"),
        misfits=("main.b", "main.d", "main.e"),
    ),
    "constants are the program's": Case(
        "x : INT; GLOBAL: limit : INT; END_VAR VAR_GLOBAL CONSTANT curve : ARRAY[1..2] OF REAL := [1.0, 2.0];",
        "x : INT; GLOBAL: limit : INT; END_VAR VAR_GLOBAL CONSTANT curve : ARRAY[1..2] OF REAL := [3.0, 4.0];",
        {"limit": 4},
        {"limit": 4, "curve[1]": 3.0, "curve[2]": 4.0},
        initialised=("curve[1]", "curve[2]"),
    ),
    "interface variables start anew": Case(
        "x : INT; r : I_ANY;",
        "y : INT; x : INT; r : I_ANY;",
        {"main.x": 4},
        {"main.x": 4},
        initialised=("main.y", "main.r"),
        old_types="INTERFACE I_ANY END_INTERFACE",
        new_types="INTERFACE I_ANY END_INTERFACE",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_state_when_programs_change_then_it_is_carried_by_name_and_type(case: Case):
    old = compiled(case.old, types=case.old_types)
    new = compiled(case.new, types=case.new_types)
    after, plan, misfits = migrated(old, new, case.before)
    for name, expected in case.after.items():
        leaf = new.tags.find(name)
        assert leaf is not None
        assert leaf.type.unpack(after, leaf.offset) == expected, name
    assert plan.dropped == case.dropped
    assert tuple(c.name for c in plan.retyped) == case.retyped
    assert tuple(misfits) == case.misfits
    if case.initialised is not None:
        assert tuple(c.name for c in plan.initialised) == case.initialised
    if case.kept >= 0:
        assert plan.kept == case.kept
        assert plan.is_plain


def test_tags_when_they_move_then_quality_and_stamp_go_with_the_value():
    old = compiled("GLOBAL: a : REAL; b : INT;")
    new = compiled("GLOBAL: c : LREAL; b : INT; a : REAL;")
    before, after = bytearray(old.initial), bytearray(new.initial)
    for i, name in enumerate(("a", "b")):
        tag = old.tags.tag(name)
        assert tag is not None
        before[old.quality_offset + tag.index] = Quality.UNCERTAIN
        before[old.stamp_offset + 8 * tag.index] = 5 + i
    plan_migration(memory_of(old), memory_of(new)).apply(before, after)
    a, b, c = (new.tags.tag(name) for name in "abc")
    assert a is not None
    assert b is not None
    assert c is not None
    assert [after[new.quality_offset + t.index] for t in (a, b)] == [Quality.UNCERTAIN] * 2
    assert [after[new.stamp_offset + 8 * t.index] for t in (a, b)] == [5, 6]
    assert after[new.stamp_offset + 8 * c.index :][:8] == new.initial[new.stamp_offset + 8 * c.index :][:8]


def test_variables_when_the_site_changed_them_then_they_start_anew_with_that_reason():
    app = compiled("a : INT; b : INT;")
    plan = plan_migration(memory_of(app), memory_of(app), reset={"main.a": "the site file changed it"})
    assert [(c.name, c.why) for c in plan.initialised] == [("main.a", "the site file changed it")]
    assert plan.kept == 1


def test_memory_when_nothing_changed_then_all_of_it_is_a_few_copies_of_the_same_bytes():
    app = compiled("a : BOOL; b : LREAL; i : INTEGRATOR; v : ARRAY[1..500] OF INT; GLOBAL: g : INT; h : LREAL;")
    random = Random(4)
    before = bytearray(random.randbytes(len(app.initial)))
    after = bytearray(app.initial)
    plan = plan_migration(memory_of(app), memory_of(app))
    plan.apply(before, after)
    for leaf in (*app.tags.tags, *app.tags.variables):
        assert after[leaf.offset :][: leaf.type.size] == before[leaf.offset :][: leaf.type.size]
    assert after[app.stamp_offset :] == before[app.stamp_offset :]
    assert len(plan.moves) <= 4


def test_ten_thousand_tags_when_one_is_new_then_the_plan_is_a_handful_of_copies():
    def memory(names: list[str]) -> Memory:
        tags = [Tag(name=n, type=REAL, offset=384 + 4 * i, index=i) for i, n in enumerate(names)]
        return Memory(TagTable(tags), 384 + 4 * len(names), 384 + 5 * len(names))

    names = [f"rack_{i}.value" for i in range(10_000)]
    plan = plan_migration(memory(names), memory([*names[:5000], "added", *names[5000:]]))
    assert plan.kept == 10_000
    assert [c.name for c in plan.initialised] == ["added"]
    assert len(plan.moves) == 5  # values, qualities and stamps, before and after the new one; two of them adjoin


@pytest.mark.parametrize("was", [t for t in ELEMENTARY.values() if t.kind is not Kind.TEXT], ids=lambda t: t.name)
def test_numbers_when_converted_then_the_value_is_the_same_or_not_carried(was):
    values = [was.default, 1.0 if was.kind is Kind.REAL else was.maximum]
    values += [0.1, -0.5, float("inf"), 3e38] if was.kind is Kind.REAL else []
    for to in ELEMENTARY.values():
        if to.kind is Kind.TEXT:
            continue
        for value in values:
            raw = was.codec.pack(value)
            held = lossless(was.unpack(raw), to)
            assert held is None or held == was.unpack(raw), (was.name, to.name, value)


def test_subrange_when_it_became_narrower_then_the_plan_says_so_and_layout_is_no_excuse():
    old, new = compiled("a : INT (0..100); b : INT;"), compiled("a : INT (0..10); b : INT;")
    assert old.layout_hash == new.layout_hash
    after, plan, misfits = migrated(old, new, {"main.a": 77, "main.b": 5})
    assert plan.lines()[1] == "retyped      1   main.a (INT (0..100) to INT (0..10), where the value fits)"
    assert (misfits, plan.kept) == (["main.a"], 1)
    a, b = new.tags.find("main.a"), new.tags.find("main.b")
    assert a is not None
    assert b is not None
    assert (a.type.unpack(after, a.offset), b.type.unpack(after, b.offset)) == (0, 5)


def test_plan_when_shown_then_it_is_plain_json_or_lines_of_text():
    plan = migrated(compiled("a : INT; b : INT;"), compiled("a : REAL; c : INT;"), {})[1]
    assert plan.lines() == [
        "kept         0",
        "retyped      1   main.a (INT to REAL, where the value fits)",
        "initialised  1   main.c (new)",
        "dropped      1   main.b",
    ]
    assert plan.to_json() == {
        "kept": 0,
        "retyped": [{"name": "main.a", "why": "INT to REAL, where the value fits"}],
        "initialised": [{"name": "main.c", "why": "new"}],
        "dropped": ["main.b"],
    }
    assert all(isinstance(move, Convert) for move in plan.moves)


POINTERS = "first : POINTER TO INT; x : INT; k : ARRAY[1..3] OF REF_TO REAL; y : LREAL; last : REF_TO INT;"


@pytest.mark.parametrize(("declared", "kept"), [(POINTERS, True), ("z : INT; " + POINTERS, False)])
def test_pointers_when_the_layout_is_the_same_then_they_go_on_and_else_are_null(declared, kept):
    old, new = compiled(POINTERS), compiled(declared)
    before, after = bytearray(old.initial), bytearray(new.initial)
    owned = slice(HEADER_SIZE, old.quality_offset)
    before[owned] = Random(4).randbytes(old.quality_offset - HEADER_SIZE)
    plan_migration(memory_of(old), memory_of(new)).apply(before, after)
    if kept:
        assert after[owned] == before[owned]
        return
    seen = {at for leaf in new.tags.variables for at in range(leaf.offset, leaf.offset + leaf.type.size)}
    hidden = [after[at] for at in range(HEADER_SIZE, new.quality_offset) if at not in seen]
    assert len(hidden) >= 5 * 16
    assert not any(hidden)
