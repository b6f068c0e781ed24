"""Language rule 14, as far as it is declared: which leaves of application memory keep their value."""

from runtime.core.diagnostic import Source
from runtime.core.tag import TagTable
from runtime.lang.compile import compile_sources

PROGRAM = """
TYPE TOTALS : STRUCT e_kwh, hours : LREAL; END_STRUCT; END_TYPE
FUNCTION_BLOCK INNER
VAR a : INT; END_VAR
VAR RETAIN b : INT; END_VAR
VAR NON_RETAIN c : INT; END_VAR
a := a + 1; b := a; c := b;
END_FUNCTION_BLOCK
FUNCTION_BLOCK OUTER
VAR_INPUT RETAIN setpoint : REAL; END_VAR
VAR_OUTPUT RETAIN q : BOOL; END_VAR
VAR own : INT; plain : INNER; delay : TON; END_VAR
VAR NON_RETAIN passing : INT; END_VAR
VAR RETAIN kept : ARRAY [1..2] OF INNER; END_VAR
q := setpoint > 1.0; own := own + 1; plain(); delay(IN := q); passing := own; kept[1](); kept[2]();
END_FUNCTION_BLOCK
VAR_GLOBAL RETAIN total : TOTALS; starts : ARRAY [0..1] OF UDINT; END_VAR
VAR_GLOBAL PERSISTENT RETAIN site : STRING[10]; END_VAR
VAR_GLOBAL other : INT; END_VAR
VAR_GLOBAL RETAIN CONSTANT limit : INT := 5; END_VAR
PROGRAM main
VAR RETAIN whole : OUTER; n : INT; END_VAR
VAR partly : OUTER; m : INT; END_VAR
VAR NON_RETAIN never : OUTER; END_VAR
whole(); partly(); never(); n := m; m := limit;
total.e_kwh := starts[0]; other := m;
END_PROGRAM
"""
OF_A_BLOCK_THAT_IS_NOT = {"setpoint", "q", "kept[1].a", "kept[1].b", "kept[2].a", "kept[2].b", "plain.b"}
KEPT = {"total.e_kwh", "total.hours", "starts[0]", "starts[1]", "site", "main.n", "main.whole.own"} | {
    f"main.{block}.{leaf}" for block in ("whole", "partly", "never") for leaf in OF_A_BLOCK_THAT_IS_NOT
}


def _tags() -> TagTable:
    result = compile_sources([Source("retain.st", PROGRAM)])
    assert result.application is not None, result.diagnostics
    return result.application.tags


def _kept(tags: TagTable) -> set[str]:
    return {leaf.name for leaf in (*tags.tags, *tags.variables) if leaf.retain}


def test_leaves_when_their_section_or_what_is_around_them_is_retained_then_they_say_so():
    assert _kept(_tags()) == KEPT


def test_tag_table_when_written_and_read_back_then_what_is_retained_comes_along():
    tags = _tags()
    assert _kept(TagTable.from_json(tags.to_json())) == KEPT
    assert _kept(TagTable.from_packed(tags.to_packed())) == KEPT


LOCATED = """
VAR_GLOBAL RETAIN
    mark AT %MX3.1 : BOOL;
    level AT %MW4 : INT;
    ready AT %IX0.2 : BOOL;
    held AT %IX0.3 : BOOL;
END_VAR
PROGRAM main
VAR marks, inputs : BYTE; n : INT; END_VAR
marks := %MB3;
inputs := %IB0;
n := level;
END_PROGRAM
"""


def test_located_variables_when_restored_then_their_addresses_hold_it_and_an_input_takes_what_is_latched(machine):
    bench = machine(LOCATED)
    assert all(bench.app.tags.find(name).retain for name in ("mark", "level", "ready", "held"))
    for name, value in {"mark": True, "level": 7, "ready": True, "held": True}.items():
        bench.set(name, value)  # what a warm start does
    bench.set("ready", value=False)  # what the latch does behind it
    bench.scan()
    assert [bench.get(f"main.{name}") for name in ("marks", "inputs", "n")] == [2, 8, 7]
    assert [bench.get(name) for name in ("mark", "ready", "held")] == [True, False, True]
