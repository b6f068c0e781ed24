"""Repeated groups of statements become loops, and only those."""

import math

import pytest
from handbuilt import SITES, ProgramBuilder, constant, element

from runtime.core import appmemory
from runtime.core.elementary import DINT, LINT
from runtime.core.fault import FaultCode
from runtime.lang import ir
from runtime.lang.llvm.module import emit_module
from runtime.lang.llvm.rounds import GROUP_MAX, ROUNDS_MIN, Rounds, find_rounds


def _at(offset, base=ir.Base.SELF):
    return ir.Place(base, offset)


def _add(target, source, by=1):
    return ir.Assign(target, DINT, ir.Binary(DINT, "add", ir.Load(DINT, source), constant(DINT, by)))


def _row(count, target=4, source=8):
    return tuple(_add(_at(1000 + target * i), _at(source * i)) for i in range(count))


def _told(block):
    return [node.count if isinstance(node, Rounds) else "one" for node in find_rounds(block)]


CASES = {
    "equal steps": (_row(20), [20]),
    "steps back": (_row(20, source=-8), [20]),
    "same address": (_row(20, target=0, source=0), [20]),
    "too few": (_row(ROUNDS_MIN - 1), ["one"] * (ROUNDS_MIN - 1)),
    "just enough": (_row(ROUNDS_MIN), [ROUNDS_MIN]),
    "something before and after": ((ir.Return(), *_row(9), ir.Return()), ["one", 9, "one"]),
    "two rows": ((*_row(9), *_row(9, target=16)), [9, 9]),
    "a constant differs": (tuple(_add(_at(4 * i), _at(8 * i), by=i) for i in range(10)), ["one"] * 10),
    "steps differ": (tuple(_add(_at(4 * i * i), _at(0)) for i in range(10)), ["one"] * 10),
    "groups of two": (tuple(s for i in range(12) for s in (_add(_at(4 * i), _at(0)), _add(_at(0), _at(8 * i)))), [12]),
    "header fields": (tuple(_add(_at(4 * i), _at(8 * i, ir.Base.APP)) for i in range(10)), ["one"] * 10),
    "group too long": (tuple(_add(_at(4 * i), _at(0), by=i % (GROUP_MAX + 1)) for i in range(400)), ["one"] * 400),
}


@pytest.mark.parametrize("name", CASES)
def test_rounds_when_groups_repeat_with_equal_steps_then_they_are_one_loop(name):
    block, expected = CASES[name]
    assert _told(block) == expected


def test_rounds_when_zeros_differ_in_sign_then_they_are_not_the_same():
    from runtime.core.elementary import REAL

    block = tuple(ir.Assign(_at(4 * i), REAL, constant(REAL, 0.0 if i % 3 else -0.0)) for i in range(8))
    assert _told(block) == ["one"] * 8


def test_rounds_when_run_then_they_do_what_the_statements_say_in_their_order(backend):
    program = ProgramBuilder()
    values = program.variable("v", DINT, 1, count=40)
    program.block += [_add(_at(4 * (i + 1)), _at(4 * i)) for i in range(39)]
    assert values.offset == 0
    bench = program.bench(backend).scan()
    assert [bench.get(f"v[{i}]") for i in range(1, 40)] == list(range(2, 41))


def test_rounds_when_a_subscript_is_bad_in_each_then_each_faults(backend):
    program = ProgramBuilder()
    i = program.variable("i", LINT, 5)
    array = program.variable("a", DINT, count=40)
    for k in range(10):
        row = ir.Place(array.base, array.offset + 16 * k)
        target = element(row, ir.Load(LINT, i), low=0, high=3, stride=4)
        program.block.append(ir.Assign(target, DINT, constant(DINT, 1)))
    bench = program.bench(backend).scan()
    assert (bench.fault_count, bench.faults[0][1]) == (10, FaultCode.INDEX_OUT_OF_RANGE)
    bench.set("i", 3).scan()
    assert [bench.get(f"a[{k}]") for k in (3, 39, 38)] == [1, 1, 0]


def test_rounds_when_each_statement_faults_then_each_is_told_at_its_own_line(machine):
    lines = "\n".join(f"n[{i}] := REAL_TO_INT(r[{i}]) / k;" for i in range(1, 21))
    st_text = (
        f"PROGRAM main\nVAR n : ARRAY [1..20] OF INT; r : ARRAY [1..20] OF REAL; k : INT; END_VAR\n{lines}\nEND_PROGRAM"
    )
    bench = machine(st_text).set("main.r[4]", math.nan).scan()
    zero, nan = FaultCode.DIVISION_BY_ZERO, FaultCode.NAN_TO_INTEGER
    told = [(code, line) for _, code, line in bench.faults]
    assert bench.fault_count == 21
    assert told == [(c, i + 2) for i in range(1, 21) for c in ((nan, zero) if i == 4 else (zero,))][-len(told) :]
    assert emit_module(bench.app).count("sdiv") == 1


def test_rounds_when_the_body_is_cut_in_one_then_the_rest_does_not_run(backend):
    program = ProgramBuilder(may_cut=True)
    counts = program.variable("n", DINT, count=10)
    site = SITES[FaultCode.BUDGET_EXCEEDED]
    loop = ir.Loop((_add(_at(0), _at(0)), ir.Exit()), (), 1, site)
    program.bodies.append(ir.Body("ONCE", "FUNCTION_BLOCK", (loop,), b"", True))
    program.block += [ir.CallInstance("ONCE", _at(counts.offset + 4 * i)) for i in range(10)]
    bench = program.bench(backend, budget=5).scan()
    assert [bench.get("n"), *(bench.get(f"n[{i}]") for i in range(1, 10))] == [1] * 4 + [0] * 6
    assert bench.cut


def test_module_when_a_thousand_instances_are_called_then_its_text_stays_short():
    program = ProgramBuilder()
    program.size = 8000
    program.bodies.append(ir.Body("FB", "FUNCTION_BLOCK", (_add(_at(0), _at(4)),), b"", False))
    for i in range(1000):
        program.block += [
            ir.Assign(_at(8 * i), DINT, ir.Load(DINT, _at(appmemory.NOW_NS, ir.Base.APP))),
            ir.CallInstance("FB", _at(8 * i)),
        ]
    assert emit_module(program.application()).count("\n") < 160
