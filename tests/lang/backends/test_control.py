"""Statements, places, calls, frames, faults and the budget, node by node in each back end."""

import struct

import pytest
from handbuilt import SITES, ProgramBuilder, constant, element, lint

from runtime.core import appmemory
from runtime.core.elementary import BOOL, DINT, INT, LINT, REAL, SINT, UDINT, USINT
from runtime.core.fault import FaultCode
from runtime.lang import ir

BUDGET = SITES[FaultCode.BUDGET_EXCEEDED]
STEP_ZERO = SITES[FaultCode.FOR_STEP_ZERO]
DIVISION = SITES[FaultCode.DIVISION_BY_ZERO]


def load(place, type_=DINT):
    return ir.Load(type_, place)


def count(place, type_=DINT, by=1):
    return ir.Assign(place, type_, ir.Binary(type_, "add", load(place, type_), constant(type_, by)))


def equals(place, value, type_=DINT):
    return ir.Compare("eq", load(place, type_), constant(type_, value))


def for_loop(control, type_, start, end, step, block):
    bounds = (constant(type_, start), constant(type_, end), constant(type_, step))
    return ir.For(control, type_, *bounds, tuple(block), 1, STEP_ZERO, BUDGET)


def test_if_when_several_arms_hold_then_the_first_runs(backend):
    program = ProgramBuilder()
    x, y = program.variable("x", DINT), program.variable("y", DINT)
    arms = tuple(
        (ir.Compare("lt", load(x), constant(DINT, n)), (ir.Assign(y, DINT, constant(DINT, n)),)) for n in (3, 5)
    )
    program.block.append(ir.If(arms, (ir.Assign(y, DINT, constant(DINT, -1)),)))
    bench = program.bench(backend)
    assert [bench.set("x", x).scan().get("y") for x in (1, 3, 4, 5)] == [3, 5, 5, -1]


@pytest.mark.parametrize("type_", [SINT, USINT, LINT], ids=lambda t: t.name)
def test_case_when_given_labels_and_ranges_then_the_arm_that_holds_the_value_runs(backend, type_):
    program = ProgramBuilder()
    x, y = program.variable("x", type_), program.variable("y", DINT)
    ranges = [((5, 5), (7, 9)), ((20, 100),), ((type_.minimum, type_.minimum), (type_.maximum, type_.maximum))]
    arms = tuple(ir.CaseArm(r, (ir.Assign(y, DINT, constant(DINT, i)),)) for i, r in enumerate(ranges))
    program.block.append(ir.Case(load(x, type_), arms, (ir.Assign(y, DINT, constant(DINT, -1)),)))
    bench = program.bench(backend)
    expected = {5: 0, 6: -1, 7: 0, 9: 0, 10: -1, 19: -1, 20: 1, 100: 1, 101: -1, type_.minimum: 2, type_.maximum: 2}
    assert {x: bench.set("x", x).scan().get("y") for x in expected} == expected


FOR_CASES = [
    (INT, 1, 5, 1, 5, 6),
    (INT, 5, 1, 1, 0, 5),
    (INT, 5, 1, -2, 3, -1),
    (INT, 1, 5, 2, 3, 7),
    (SINT, 120, 127, 1, 8, 127),
    (SINT, 120, 127, 5, 2, 125),
    (SINT, -120, -128, -5, 2, -125),
    (USINT, 250, 255, 1, 6, 255),
    (USINT, 0, 255, 100, 3, 200),
    (LINT, LINT.maximum - 1, LINT.maximum, 1, 2, LINT.maximum),
    (UDINT, 3, 3, UDINT.maximum, 1, 3),
]


@pytest.mark.parametrize("case", FOR_CASES, ids=str)
def test_for_when_it_runs_to_its_end_then_rounds_and_last_value_are_as_decided(backend, case):
    type_, start, end, step, rounds, last = case
    program = ProgramBuilder(may_cut=True)
    i, n = program.variable("i", type_), program.variable("n", DINT)
    program.block += [for_loop(i, type_, start, end, step, [count(n)])]
    bench = program.bench(backend).scan()
    assert (bench.get("n"), bench.get("i"), bench.fault_count) == (rounds, last, 0)
    assert bench.budget_left == 100_000 - 1 - rounds


def test_for_when_the_step_is_zero_then_it_faults_and_leaves_the_variable(backend):
    program = ProgramBuilder(may_cut=True)
    i, n = program.variable("i", INT, 77), program.variable("n", DINT)
    program.block += [for_loop(i, INT, 1, 5, 0, [count(n)])]
    bench = program.bench(backend).scan()
    assert (bench.get("n"), bench.get("i")) == (0, 77)
    assert [code for _, code, _ in bench.faults] == [FaultCode.FOR_STEP_ZERO]


def test_for_when_exit_and_continue_are_met_then_the_rounds_end_as_named(backend):
    program = ProgramBuilder(may_cut=True)
    i, n, m = (program.variable(name, DINT) for name in "inm")
    inner = [
        ir.If(((equals(i, 3), (ir.Continue(),)), (equals(i, 6), (ir.Exit(), count(n, by=100))))),
        count(n),
    ]
    program.block += [for_loop(i, DINT, 1, 10, 1, inner), count(m)]
    bench = program.bench(backend).scan()
    assert (bench.get("i"), bench.get("n"), bench.get("m")) == (6, 4, 1)


def test_for_when_the_block_changes_the_variable_then_the_new_value_counts(backend):
    program = ProgramBuilder(may_cut=True)
    i, n = program.variable("i", DINT), program.variable("n", DINT)
    program.block += [for_loop(i, DINT, 1, 10, 1, [count(i, by=2), count(n)])]
    bench = program.bench(backend).scan()
    assert (bench.get("i"), bench.get("n")) == (13, 4)


def test_loop_when_continue_is_met_then_after_still_runs(backend):
    program = ProgramBuilder(may_cut=True)
    i, n = program.variable("i", DINT), program.variable("n", DINT)
    block = (count(i), ir.If(((equals(i, 2), (ir.Continue(),)),)), count(n))
    after = (ir.If(((equals(i, 5), (ir.Exit(),)),)),)
    program.block += [ir.Assign(i, DINT, constant(DINT, 0)), ir.Loop(block, after, 2, BUDGET)]
    bench = program.bench(backend).scan()
    assert (bench.get("i"), bench.get("n"), bench.budget_left) == (5, 4, 100_000 - 1 - 10)


def test_budget_when_a_loop_never_ends_then_the_task_is_cut_and_runs_again_next_scan(backend):
    program = ProgramBuilder(may_cut=True)
    n, after = program.variable("n", DINT), program.variable("after", DINT)
    program.block += [ir.Loop((count(n),), (), 3, BUDGET), count(after)]
    bench = program.bench(backend, budget=32).scan()
    assert (bench.get("n"), bench.get("after"), bench.cut, bench.budget_left) == (10, 0, True, 1)
    assert bench.faults == [(1, FaultCode.BUDGET_EXCEEDED, int(FaultCode.BUDGET_EXCEEDED))]
    bench.scan()
    assert (bench.get("n"), bench.fault_count) == (20, 2)


def test_budget_when_less_than_the_tasks_cost_is_left_then_nothing_runs(backend):
    program = ProgramBuilder(cost=50)
    program.block.append(count(program.variable("n", DINT)))
    bench = program.bench(backend, budget=49).scan()
    assert (bench.get("n"), bench.cut, bench.budget_left) == (0, True, 49)
    assert program.bench(backend, budget=50).scan().get("n") == 1


def test_budget_when_a_called_function_is_cut_then_no_caller_goes_on(backend):
    program = ProgramBuilder(may_cut=True)
    n, result = program.variable("n", DINT), program.variable("result", DINT)
    endless = ir.Body("ENDLESS", "FUNCTION", (ir.Loop((), (), 1, BUDGET),), bytes(8), True, result=DINT)
    block = ir.Body(
        "CALLER", "FUNCTION_BLOCK", (ir.Assign(result, DINT, ir.Call(DINT, "ENDLESS", ())), count(n)), b"", True
    )
    program.bodies += [endless, block]
    program.block += [
        ir.Assign(result, DINT, constant(DINT, 7)),
        ir.CallInstance("CALLER", ir.Place(ir.Base.SELF, 0)),
        count(n),
    ]
    bench = program.bench(backend, budget=1000).scan()
    assert (bench.get("n"), bench.get("result"), bench.cut, bench.budget_left) == (0, 7, True, 0)
    assert bench.fault_count == 1


def test_index_when_out_of_range_then_reads_give_the_default_and_writes_do_nothing(backend):
    program = ProgramBuilder()
    array = program.variable("a", DINT, 5, count=4)
    i, read = program.variable("i", LINT), program.variable("read", DINT, 99)
    place = element(array, load(i, LINT), low=-1, high=2, stride=4)
    program.block += [ir.Assign(read, DINT, load(place)), ir.Assign(place, DINT, constant(DINT, 8))]
    bench = program.bench(backend)
    for value in (-2, 3, LINT.minimum, LINT.maximum):
        before = bytes(bench.memory[bench.app.tags.find("a").offset :][:16])
        bench.set("read", 99).set("i", value).scan()
        assert bench.get("read") == 0
        assert bytes(bench.memory[bench.app.tags.find("a").offset :][:16]) == before
    assert bench.fault_count == 8
    bench.set("a[1]", 6).set("i", 0).scan()
    assert (bench.get("read"), bench.get("a[1]"), bench.fault_count) == (6, 8, 8)


def test_index_when_the_first_of_two_is_bad_then_the_second_is_not_evaluated(backend):
    program = ProgramBuilder()
    array, x = program.variable("a", DINT, count=6), program.variable("x", LINT)
    zero = ir.Binary(LINT, "div", lint(1), load(x, LINT), DIVISION)
    first = element(array, load(x, LINT), low=1, high=2, stride=12)
    program.block.append(ir.Assign(element(first, zero, low=0, high=2, stride=4), DINT, constant(DINT, 4)))
    bench = program.bench(backend).scan()
    assert [code for _, code, _ in bench.faults] == [FaultCode.INDEX_OUT_OF_RANGE]
    bench.set("x", 1).scan()
    assert (bench.get("a[1]"), bench.fault_count) == (4, 1)


def test_copy_when_an_index_is_bad_then_nothing_moves(backend):
    program = ProgramBuilder()
    array, i, target = (
        program.variable("a", DINT, 3, count=9),
        program.variable("i", LINT),
        program.variable("t", DINT, count=3),
    )
    row = element(array, load(i, LINT), low=0, high=2, stride=12)
    program.block += [ir.Copy(target, row, 12), ir.Copy(row, row, 12), ir.Copy(row, target, 12)]
    bench = program.bench(backend).set("i", 3).scan()
    assert (bench.get("t"), bench.fault_count) == (0, 3)
    bench.set("i", 2).set("a[8]", 11).scan()
    assert (bench.get("t"), bench.get("t[2]"), bench.fault_count) == (3, 11, 3)


def test_short_circuit_when_the_left_decides_then_the_right_is_not_evaluated(backend):
    program = ProgramBuilder()
    x = program.variable("x", DINT)
    right = ir.Compare("gt", ir.Binary(DINT, "div", constant(DINT, 9), load(x), DIVISION), constant(DINT, 2))
    program.assign("both", BOOL, ir.ShortCircuit("and_then", ir.Compare("ne", load(x), constant(DINT, 0)), right))
    program.assign("either", BOOL, ir.ShortCircuit("or_else", equals(x, 0), right))
    bench = program.bench(backend)
    results = [(bench.set("x", x).scan().get("both"), bench.get("either")) for x in (0, 3, 9)]
    assert (results, bench.fault_count) == ([(False, True), (True, True), (False, False)], 0)


def _function_program():
    """F(a, b: DINT; VAR_IN_OUT r: DINT): counts r, has a local that starts at 10, returns a - b + local."""
    program = ProgramBuilder()
    ref = ir.Place(ir.Base.REF, 0, (), 0)
    local, result = ir.Place(ir.Base.FRAME, 8), ir.Place(ir.Base.FRAME, 12)
    difference = ir.Binary(DINT, "sub", load(ir.Place(ir.Base.FRAME, 0)), load(ir.Place(ir.Base.FRAME, 4)))
    block = (
        count(ref),
        count(local),
        ir.Assign(result, DINT, ir.Binary(DINT, "add", difference, load(local))),
        ir.If(((ir.Compare("gt", load(ref), constant(DINT, 2)), (ir.Return(),)),)),
        count(result, by=1000),
    )
    values = (ir.Parameter(DINT, 0), ir.Parameter(DINT, 4))
    frame = struct.pack("<iiii", 0, 0, 10, 0)
    program.bodies.append(ir.Body("F", "FUNCTION", block, frame, False, values, 1, DINT, 12))
    return program


def test_call_when_a_function_is_called_then_each_call_has_a_fresh_frame(backend):
    program = _function_program()
    r = program.variable("r", DINT)
    program.assign("x", DINT, ir.Call(DINT, "F", (constant(DINT, 7), constant(DINT, 3)), (r,)))
    bench = program.bench(backend)
    assert [(bench.scan().get("x"), bench.get("r")) for _ in range(3)] == [(1015, 1), (1015, 2), (15, 3)]


def test_call_when_a_reference_has_a_bad_index_then_it_is_not_made(backend):
    program = _function_program()
    array, i = program.variable("a", DINT, count=3), program.variable("i", LINT, 3)
    ref = element(array, load(i, LINT), low=0, high=2, stride=4)
    call = ir.Call(DINT, "F", (constant(DINT, 7), constant(DINT, 3)), (ref,))
    program.assign("x", DINT, call)
    program.block.append(ir.Evaluate(call))
    bench = program.bench(backend).set("x", 5).scan()
    assert (bench.get("x"), bench.get("a"), bench.fault_count) == (0, 0, 2)
    bench.set("i", 0).scan()
    assert (bench.get("x"), bench.get("a"), bench.fault_count) == (1015, 2, 2)


def test_call_instance_when_instances_stand_in_an_array_then_the_indexed_one_runs(backend):
    program = ProgramBuilder()
    array, i = program.variable("a", DINT, count=4), program.variable("i", LINT)
    program.bodies.append(ir.Body("COUNTER", "FUNCTION_BLOCK", (count(ir.Place(ir.Base.SELF, 0)),), b"", False))
    program.block.append(ir.CallInstance("COUNTER", element(array, load(i, LINT), low=0, high=3, stride=4)))
    bench = program.bench(backend)
    for value in (0, 2, 2, 4, -1):
        bench.set("i", value).scan()
    assert [bench.get(name) for name in ("a", "a[1]", "a[2]", "a[3]")] == [1, 0, 2, 0]
    assert bench.fault_count == 2


def test_call_instance_when_the_instance_lies_in_a_frame_then_it_starts_anew_each_time(backend):
    program = ProgramBuilder(frame=struct.pack("<q", 40))
    out = program.variable("out", DINT)
    program.bodies.append(ir.Body("COUNTER", "FUNCTION_BLOCK", (count(ir.Place(ir.Base.SELF, 0)),), b"", False))
    frame = ir.Place(ir.Base.FRAME, 0)
    program.block += [ir.CallInstance("COUNTER", frame)] * 2 + [ir.Assign(out, DINT, load(frame))]
    assert program.bench(backend).scan(3).get("out") == 42


def test_calls_when_two_hundred_deep_then_they_run(backend):
    program = ProgramBuilder(may_cut=True)
    n = program.variable("n", DINT)
    here = ir.Place(ir.Base.SELF, 0)
    for level in range(200):
        inner = (ir.CallInstance(f"LEVEL{level + 1}", here),) if level < 199 else (count(here),)
        arm = ir.If(((constant(BOOL, True), inner),))
        block = (ir.Loop((arm, ir.Exit()), (), 1, BUDGET),) if level % 20 == 0 else (arm,)
        program.bodies.append(ir.Body(f"LEVEL{level}", "FUNCTION_BLOCK", block, bytes(64), True))
    program.block.append(ir.CallInstance("LEVEL0", n))
    assert program.bench(backend).scan(3).get("n") == 3


def test_expression_when_two_thousand_operators_deep_then_it_is_evaluated(backend):
    program = ProgramBuilder()
    x = program.variable("x", DINT, 1)
    total = load(x)
    for _ in range(2000):
        total = ir.Binary(DINT, "add", total, load(x))
    program.assign("sum", DINT, total)
    assert program.bench(backend).scan().get("sum") == 2001


def test_faults_when_more_than_the_ring_holds_then_the_last_stay_and_all_are_counted(backend):
    program = ProgramBuilder()
    zero = program.variable("zero", DINT)
    program.assign("x", DINT, ir.Binary(DINT, "div", constant(DINT, 1), load(zero), DIVISION))
    bench = program.bench(backend).scan(20)
    assert bench.fault_count == 20
    assert [scan for scan, _, _ in bench.faults] == list(range(5, 21))


def test_faults_when_the_counter_holds_anything_then_the_ring_is_not_left(backend):
    program = ProgramBuilder()
    zero = program.variable("zero", DINT)
    program.assign("x", DINT, ir.Binary(DINT, "div", constant(DINT, 1), load(zero), DIVISION))
    bench = program.bench(backend)
    struct.pack_into("<Q", bench.memory, appmemory.FAULT_COUNT, (1 << 64) - 1)
    bench.scan()
    last = appmemory.FAULT_RING + 15 * appmemory.FAULT_ENTRY_SIZE
    assert struct.unpack_from("<IIQ", bench.memory, last) == (DIVISION, appmemory.HEADER_SIZE, 1)
    assert bench.fault_count == 0


def test_assign_when_value_and_target_both_fault_then_the_value_is_first(backend):
    program = ProgramBuilder()
    array, zero = program.variable("a", DINT, count=2), program.variable("zero", LINT)
    value = ir.Binary(DINT, "div", constant(DINT, 1), constant(DINT, 0), DIVISION)
    program.block.append(ir.Assign(element(array, load(zero, LINT), low=1, high=2, stride=4), DINT, value))
    bench = program.bench(backend).scan()
    assert [code for _, code, _ in bench.faults] == [FaultCode.DIVISION_BY_ZERO, FaultCode.INDEX_OUT_OF_RANGE]


def test_clock_when_a_program_reads_the_header_then_it_sees_the_runners_fields(backend):
    program = ProgramBuilder()
    program.assign("now", LINT, ir.Load(LINT, ir.Place(ir.Base.APP, appmemory.NOW_NS)))
    program.assign("dt", LINT, ir.Load(LINT, ir.Place(ir.Base.APP, appmemory.DT_NS)))
    program.assign("first", BOOL, ir.Load(BOOL, ir.Place(ir.Base.APP, appmemory.FIRST_SCAN)))
    bench = program.bench(backend).scan()
    assert (bench.get("now"), bench.get("dt"), bench.get("first")) == (0, 10_000_000, True)
    bench.scan()
    assert (bench.get("now"), bench.get("dt"), bench.get("first")) == (10_000_000, 10_000_000, False)


def test_return_when_met_in_a_loop_then_the_body_ends(backend):
    program = ProgramBuilder(may_cut=True)
    i, n = program.variable("i", DINT), program.variable("n", DINT)
    program.block += [for_loop(i, DINT, 1, 9, 1, [ir.If(((equals(i, 4), (ir.Return(),)),))]), count(n)]
    bench = program.bench(backend).scan()
    assert (bench.get("i"), bench.get("n")) == (4, 0)


def test_real_value_when_stored_and_loaded_then_it_keeps_its_bits(backend):
    program = ProgramBuilder()
    x = program.variable("x", REAL)
    program.assign("y", REAL, load(x, REAL))
    bench = program.bench(backend)
    for bits in (0x80000000, 0x00000001, 0x7F800000, 0x3DCCCCCD):
        struct.pack_into("<I", bench.memory, bench.app.tags.find("x").offset, bits)
        bench.scan()
        assert struct.unpack_from("<I", bench.memory, bench.app.tags.find("y").offset) == (bits,)
