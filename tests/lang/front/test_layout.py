"""What the compiler tells others about memory: tags, variables, offsets, notes, tasks, costs."""

from itertools import pairwise

import pytest

from runtime.core import appmemory
from runtime.core.diagnostic import Source
from runtime.core.elementary import TIME
from runtime.core.quality import Quality
from runtime.lang import ir
from runtime.lang.compile import compile_sources

TEXT = """
TYPE
    MODE : (PASSIVE, AUTO);
    RACK : STRUCT
        soc_pct : REAL;      {unit := '%'} {min := 0} {max := 100} (* state of charge *)
        ok      : BOOL;      // closed and healthy
        cell_mv : ARRAY [1..2] OF INT; {unit := 'mV'}
    END_STRUCT;
END_TYPE
VAR_GLOBAL CONSTANT LIMIT_KW : REAL := 5.0; END_VAR
VAR_GLOBAL
    {unit := 'kW'}
    // power at the grid
    p_kw : REAL := 1.5;
    Racks : ARRAY [0..1] OF RACK;
    mode_now : MODE := AUTO; (* what runs *)
    plain : LINT;
END_VAR
FUNCTION_BLOCK BLK
VAR_INPUT x : BOOL; END_VAR
VAR_OUTPUT n : LINT; END_VAR
n := n + 1;
END_FUNCTION_BLOCK
FUNCTION f : INT
VAR_INPUT a : INT; END_VAR
VAR i : INT; END_VAR
FOR i := 1 TO a DO f := f + g(i); END_FOR
END_FUNCTION
FUNCTION g : INT
VAR_INPUT a : INT; END_VAR
g := a;
END_FUNCTION
FUNCTION unused : INT
unused := 1;
END_FUNCTION
PROGRAM main
VAR b : BLK; i : INT; END_VAR
b(x := TRUE);
IF b.n > 3 THEN i := f(2); ELSE i := g(g(1)); END_IF
END_PROGRAM
"""


@pytest.fixture(scope="module")
def app():
    result = compile_sources([Source("layout.st", TEXT)])
    assert result.diagnostics == ()
    return result.application


def test_tags_when_listed_then_they_are_dense_aligned_and_in_order(app):
    assert [t.index for t in app.tags.tags] == list(range(len(app.tags.tags)))
    names = ["p_kw", "Racks[0].soc_pct", "Racks[0].ok", "Racks[0].cell_mv[1]", "Racks[0].cell_mv[2]"]
    assert [t.name for t in app.tags.tags][:5] == names
    leaves = [*app.tags.tags, *app.tags.variables]
    assert all(leaf.offset % leaf.type.size == 0 for leaf in leaves)
    taken = sorted((leaf.offset, leaf.offset + leaf.type.size) for leaf in leaves)
    assert all(end <= start for (_, end), (start, _) in pairwise(taken))
    assert taken[0][0] == appmemory.HEADER_SIZE
    assert taken[-1][1] <= app.quality_offset


def test_tags_when_they_carry_notes_then_unit_bounds_and_comment_are_known(app):
    soc = app.tags.tag("racks[1].SOC_pct")
    assert (soc.unit, soc.minimum, soc.maximum, soc.comment) == ("%", 0.0, 100.0, "state of charge")
    assert app.tags.tag("racks[1].ok").comment == "closed and healthy"
    assert app.tags.tag("racks[1].cell_mv[2]").unit == "mV"
    power = app.tags.tag("p_kw")
    assert (power.unit, power.comment, power.file) == ("kW", "power at the grid", "layout.st")
    assert TEXT.splitlines()[power.line - 1].strip().startswith("p_kw")
    mode = app.tags.tag("mode_now")
    assert (mode.type_name, mode.labels, mode.comment) == ("MODE", (("PASSIVE", 0), ("AUTO", 1)), "what runs")
    assert app.tags.tag("plain").comment == ""
    assert app.tags.find("limit_kw") is None
    assert app.tags.find("main.b.n") is not None


def test_memory_when_fresh_then_values_are_initial_and_tags_bad_and_never_written(app):
    tags = app.tags
    assert tags.tag("p_kw").type.unpack(app.initial, tags.tag("p_kw").offset) == 1.5
    assert set(app.initial[app.quality_offset : app.quality_offset + len(tags)]) == {Quality.BAD}
    stamps = {TIME.unpack(app.initial, app.stamp_offset + 8 * n) for n in range(len(tags))}
    assert stamps == {appmemory.NEVER_NS}
    assert len(app.initial) == app.stamp_offset + 8 * len(tags)


def test_task_when_there_is_no_configuration_then_default_runs_every_program(app):
    (task,) = app.tasks
    assert (task.name, task.interval_ns, task.priority) == ("default", 0, 0)
    assert [(p.name, p.body) for p in task.programs] == [("main", "main")]


def test_cost_when_calls_and_loops_nest_then_it_counts_calls_outside_and_per_round(app):
    assert app.tasks[0].cost == 1 + 1 + (1 + 0) + (1 + 1)  # the program; b; f, whose loop charges itself; g(g())
    (loop,) = app.bodies["f"].block
    assert isinstance(loop, ir.For)
    assert loop.cost == 1 + 1
    assert [name for name, body in app.bodies.items() if body.may_cut] == ["f", "main"]
    assert "unused" not in app.bodies


def test_layout_hash_when_only_code_changes_then_it_stays_and_else_it_changes(app):
    def hash_of(text):
        return compile_sources([Source("other.st", text)]).application.layout_hash

    assert hash_of(TEXT.replace("n := n + 1;", "n := n + 2;")) == app.layout_hash
    assert hash_of(TEXT.replace("plain : LINT", "plain : ULINT")) != app.layout_hash
    assert hash_of(TEXT.replace("plain", "plainer")) != app.layout_hash
    assert hash_of(TEXT.replace("AUTO)", "AUTO := 4)")) != app.layout_hash


def test_files_when_compiled_in_any_order_then_names_are_found(app):
    cut = TEXT.index("VAR_GLOBAL\n")
    result = compile_sources([Source("b.st", TEXT[cut:]), Source("a.st", TEXT[:cut])])
    assert result.diagnostics == ()
    assert result.application.layout_hash == app.layout_hash
