"""Every operator, conversion and intrinsic on edge values: both back ends against each other, and known results."""

import math
import struct

import pytest
from handbuilt import (
    INTEGERS,
    REALS,
    SITES,
    TYPES,
    ProgramBuilder,
    constant,
    differences,
    edge_values,
    lint,
    same,
)

from runtime.core.elementary import (
    BOOL,
    BYTE,
    DINT,
    DWORD,
    INT,
    LINT,
    LREAL,
    LWORD,
    REAL,
    SINT,
    TIME,
    UDINT,
    UINT,
    ULINT,
    USINT,
    WORD,
    Elementary,
    Kind,
    Value,
)
from runtime.core.fault import FaultCode
from runtime.lang import ir, libm

BACKENDS = ("interp", "llvm")
DIVISION = SITES[FaultCode.DIVISION_BY_ZERO]
NAN = SITES[FaultCode.NAN_TO_INTEGER]


def _operations(a: ir.Expr, b: ir.Expr, k: ir.Expr, type_: Elementary) -> list[tuple[Elementary, ir.Expr]]:
    """Every operation of a type on its operands a and b; k is a LINT."""
    real, boolean = type_.kind is Kind.REAL, type_.kind is Kind.BOOL
    found: list[tuple[Elementary, ir.Expr]] = []
    arithmetic = [] if boolean else ["add", "sub", "mul", "div"] + ([] if real else ["mod"])
    found += [(type_, ir.Binary(type_, op, a, b, DIVISION)) for op in arithmetic]
    found += [(type_, ir.Binary(type_, op, a, b)) for op in ([] if real else ["and", "or", "xor"])]
    found += [(BOOL, ir.Compare(op, a, b)) for op in ("eq", "ne", "lt", "le", "gt", "ge")]
    found += [(type_, ir.Unary(type_, "not", a))] if not real else []
    found += [(type_, ir.Unary(type_, "neg", a))] if real or type_.is_signed else []
    found += [(type_, ir.Intrinsic(type_, name, (a, b, a))) for name in ("MIN", "MAX", "LIMIT")]
    found += [(type_, ir.Intrinsic(type_, "MUX", (k, a, b, a))), (type_, ir.Intrinsic(type_, "MUX", (k, b)))]
    found += [(type_, ir.Intrinsic(type_, "SEL", (ir.Compare("lt", k, lint(3)), a, b)))]
    found += [(type_, ir.Intrinsic(type_, "ABS", (a,)))] if not boolean else []
    if real:
        found += [(to, ir.Intrinsic(to, "TRUNC", (a,), NAN)) for to in INTEGERS]
        found += [
            (type_, ir.Intrinsic(type_, name, (a, b)[: libm.argument_count(name)]))
            for name in sorted(libm.FUNCTION_NAMES)
        ]
    else:
        found += [(type_, ir.Intrinsic(type_, name, (a, k))) for name in ("SHL", "SHR", "ROL", "ROR")]
    found += [(to, ir.Convert(to, a, NAN)) for to in TYPES]
    return found


@pytest.mark.parametrize("type_", TYPES, ids=lambda t: t.name)
def test_operations_when_given_edge_values_then_both_back_ends_agree(type_):
    program = ProgramBuilder()
    a, b = (ir.Load(type_, program.variable(name, type_)) for name in "ab")
    k = ir.Load(LINT, program.variable("k", LINT))
    for i, (result, expression) in enumerate(_operations(a, b, k, type_)):
        name = getattr(expression, "name", getattr(expression, "op", "convert"))
        program.assign(f"{i}_{name}_{result.name}", result, expression)
    benches = [program.bench(backend) for backend in BACKENDS]
    counts = (0, 1, -1, 7, type_.bits - 1, type_.bits, type_.bits + 1, 64, 1000, LINT.minimum, LINT.maximum)
    for i, left in enumerate(edge_values(type_)):
        for j, right in enumerate(edge_values(type_)):
            for bench in benches:
                bench.set("a", left).set("b", right).set("k", counts[(i + j) % len(counts)]).scan()
            assert not differences(*benches), (left, right)


KNOWN: list[tuple[Elementary, ir.Expr, Value, FaultCode | None]] = [
    (SINT, ir.Binary(SINT, "add", constant(SINT, 100), constant(SINT, 50)), -106, None),
    (DINT, ir.Binary(DINT, "mul", constant(DINT, 1 << 30), constant(DINT, 4)), 0, None),
    (UINT, ir.Binary(UINT, "sub", constant(UINT, 0), constant(UINT, 1)), 65535, None),
    (INT, ir.Binary(INT, "div", constant(INT, -7), constant(INT, 2), DIVISION), -3, None),
    (INT, ir.Binary(INT, "mod", constant(INT, -7), constant(INT, 2), DIVISION), -1, None),
    (INT, ir.Binary(INT, "mod", constant(INT, 7), constant(INT, -2), DIVISION), 1, None),
    (INT, ir.Binary(INT, "div", constant(INT, 7), constant(INT, 0), DIVISION), 0, FaultCode.DIVISION_BY_ZERO),
    (ULINT, ir.Binary(ULINT, "mod", constant(ULINT, 7), constant(ULINT, 0), DIVISION), 0, FaultCode.DIVISION_BY_ZERO),
    (LINT, ir.Binary(LINT, "div", constant(LINT, LINT.minimum), constant(LINT, -1), DIVISION), LINT.minimum, None),
    (LINT, ir.Binary(LINT, "mod", constant(LINT, LINT.minimum), constant(LINT, -1), DIVISION), 0, None),
    (SINT, ir.Unary(SINT, "neg", constant(SINT, -128)), -128, None),
    (TIME, ir.Unary(TIME, "neg", constant(TIME, 5)), -5, None),
    (BYTE, ir.Unary(BYTE, "not", constant(BYTE, 0x0F)), 0xF0, None),
    (INT, ir.Unary(INT, "not", constant(INT, 0)), -1, None),
    (REAL, ir.Binary(REAL, "div", constant(REAL, -1.0), constant(REAL, 0.0)), -math.inf, None),
    (REAL, ir.Binary(REAL, "mul", constant(REAL, 2.0**127), constant(REAL, 2.0)), math.inf, None),
    (REAL, ir.Binary(REAL, "add", constant(REAL, 16777216.0), constant(REAL, 1.0)), 16777216.0, None),
    (LREAL, ir.Binary(LREAL, "div", constant(LREAL, 0.0), constant(LREAL, 0.0)), math.nan, None),
    (BOOL, ir.Compare("ne", constant(REAL, math.nan), constant(REAL, math.nan)), True, None),
    (BOOL, ir.Compare("le", constant(REAL, math.nan), constant(REAL, math.nan)), False, None),
    (BOOL, ir.Compare("gt", constant(ULINT, ULINT.maximum), constant(ULINT, 1)), True, None),
    (BOOL, ir.Compare("gt", constant(LWORD, LWORD.maximum), constant(LWORD, 1)), True, None),
    (INT, ir.Convert(INT, constant(REAL, 2.5), NAN), 2, None),
    (INT, ir.Convert(INT, constant(REAL, 3.5), NAN), 4, None),
    (INT, ir.Convert(INT, constant(LREAL, -2.5), NAN), -2, None),
    (INT, ir.Convert(INT, constant(REAL, 1e9), NAN), 32767, None),
    (USINT, ir.Convert(USINT, constant(REAL, -3.0), NAN), 0, None),
    (ULINT, ir.Convert(ULINT, constant(LREAL, math.inf), NAN), ULINT.maximum, None),
    (LINT, ir.Convert(LINT, constant(LREAL, -math.inf), NAN), LINT.minimum, None),
    (TIME, ir.Convert(TIME, constant(LREAL, math.nan), NAN), 0, FaultCode.NAN_TO_INTEGER),
    (INT, ir.Intrinsic(INT, "TRUNC", (constant(REAL, -2.75),), NAN), -2, None),
    (INT, ir.Intrinsic(INT, "TRUNC", (constant(REAL, math.nan),), NAN), 0, FaultCode.NAN_TO_INTEGER),
    (INT, ir.Convert(INT, constant(DINT, 0x18000)), -32768, None),
    (LWORD, ir.Convert(LWORD, constant(SINT, -1)), LWORD.maximum, None),
    (DINT, ir.Convert(DINT, constant(WORD, 0xFFFF)), 65535, None),
    (BOOL, ir.Convert(BOOL, constant(DWORD, 0x100)), True, None),
    (REAL, ir.Convert(REAL, constant(BOOL, True)), 1.0, None),
    (REAL, ir.Convert(REAL, constant(LINT, (1 << 60) + (1 << 36) + 1)), float((1 << 60) + (1 << 37)), None),
    (SINT, ir.Intrinsic(SINT, "ABS", (constant(SINT, -128),)), -128, None),
    (DINT, ir.Intrinsic(DINT, "LIMIT", (constant(DINT, 5), constant(DINT, 9), constant(DINT, 1))), 1, None),
    (REAL, ir.Intrinsic(REAL, "MIN", (constant(REAL, math.nan), constant(REAL, 1.0))), math.nan, None),
    (REAL, ir.Intrinsic(REAL, "MIN", (constant(REAL, 1.0), constant(REAL, math.nan))), 1.0, None),
    (BYTE, ir.Intrinsic(BYTE, "SHL", (constant(BYTE, 0x81), lint(8))), 0, None),
    (BYTE, ir.Intrinsic(BYTE, "SHR", (constant(BYTE, 0x81), lint(-1))), 0x81, None),
    (BYTE, ir.Intrinsic(BYTE, "ROL", (constant(BYTE, 0x81), lint(9))), 0x03, None),
    (UDINT, ir.Intrinsic(UDINT, "MUX", (lint(-5), constant(UDINT, 1), constant(UDINT, 2))), 1, None),
    (UDINT, ir.Intrinsic(UDINT, "MUX", (lint(5), constant(UDINT, 1), constant(UDINT, 2))), 2, None),
    (LREAL, ir.Intrinsic(LREAL, "LN", (constant(LREAL, -1.0),)), math.nan, None),
    (LREAL, ir.Intrinsic(LREAL, "EXP", (constant(LREAL, 1000.0),)), math.inf, None),
    (LREAL, ir.Intrinsic(LREAL, "SIN", (constant(LREAL, 1.0),)), math.sin(1.0), None),
    (LREAL, ir.Intrinsic(LREAL, "FLOOR", (constant(LREAL, -0.5),)), -1.0, None),
]


@pytest.mark.parametrize("backend", BACKENDS)
def test_operations_when_the_result_is_known_then_it_and_its_fault_come_out(backend):
    program = ProgramBuilder()
    for i, (type_, expression, _, _) in enumerate(KNOWN):
        program.assign(f"v{i}", type_, expression)
    bench = program.bench(backend).scan()
    wrong = [(i, bench.get(f"v{i}"), KNOWN[i]) for i in range(len(KNOWN)) if not same(bench.get(f"v{i}"), KNOWN[i][2])]
    assert not wrong
    assert [code for _, code, _ in bench.faults] == [fault for _, _, _, fault in KNOWN if fault]


@pytest.mark.parametrize("backend", BACKENDS)
def test_load_when_a_bool_byte_holds_anything_then_it_is_true_and_stored_as_one(backend):
    program = ProgramBuilder()
    flag = program.variable("flag", BOOL)
    program.assign("copy", BOOL, ir.Load(BOOL, flag))
    program.assign("number", DINT, ir.Convert(DINT, ir.Load(BOOL, flag)))
    bench = program.bench(backend)
    for byte in (1, 2, 0x80, 0xFF):
        bench.memory[bench.app.tags.find("flag").offset] = byte
        bench.scan()
        assert bench.memory[bench.app.tags.find("copy").offset] == 1
        assert bench.get("number") == 1


@pytest.mark.parametrize("type_", REALS, ids=lambda t: t.name)
def test_reals_when_random_bits_run_through_arithmetic_then_both_back_ends_agree(type_):
    program = ProgramBuilder()
    a, b, c = (ir.Load(type_, program.variable(name, type_)) for name in "abc")
    product = ir.Binary(type_, "mul", a, b)
    program.assign("chain", type_, ir.Binary(type_, "add", product, c))
    program.assign("quotient", type_, ir.Binary(type_, "div", ir.Binary(type_, "sub", a, c), b))
    program.assign("root", type_, ir.Intrinsic(type_, "SQRT", (a,)))
    benches = [program.bench(backend) for backend in BACKENDS]
    state = 0x9E3779B97F4A7C15
    for _ in range(500):
        values = []
        for name in "abc":
            state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            values.append((name, type_.unpack(struct.pack("<Q", state)[-type_.size :])))
        for bench in benches:
            for name, value in values:
                bench.set(name, value)
            bench.scan()
        assert not differences(*benches), values
