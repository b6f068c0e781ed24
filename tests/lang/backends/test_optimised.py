"""What the optimiser makes of emitted code: constants folded, small bodies inlined, and never what would cost bits."""

import re

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources
from runtime.lang.llvm.compile import optimise
from runtime.lang.llvm.module import emit_module


def _code(st_text):
    """The optimised code of the task, as text."""
    application = compile_sources([Source("test.st", st_text)]).application
    assert application is not None
    module, _ = optimise(emit_module(application))
    return str(module)


def _task(st_text):
    """The task's function alone."""
    return _code(st_text).partition("@vs_task_0(")[2].partition("\n}")[0]


def _operations(code, name):
    return len(re.findall(rf"= (?:tail )?{name} ", code))


FOLDED = {
    "whole numbers": ("x : DINT", "x := 3 * 4 + 100 / 7 - DWORD_TO_DINT(SHL(DWORD#1, 3));", "store i32 18"),
    "wrap around": ("x : SINT", "x := SINT#100 + SINT#50;", "store i8 -106"),
    "a constant": ("x : DINT; END_VAR VAR CONSTANT k : DINT := 6", "x := k * k + k;", "store i32 42"),
    "times": ("x : TIME", "x := T#1s * 3 + T#500ms;", "store i64 3500000000"),
    "a branch": ("x : DINT", "IF 2 > 1 THEN x := 1; ELSE x := 2; END_IF", "store i32 1"),
    "a temporary": ("x : DINT; END_VAR VAR_TEMP t : DINT := 4", "t := t * t; x := t + 1;", "store i32 17"),
    "a function": ("x : DINT", "x := twice(21);", "store i32 42"),
}
_TWICE = "FUNCTION twice : DINT VAR_INPUT a : DINT; END_VAR twice := 2 * a; END_FUNCTION\n"


@pytest.mark.parametrize("name", FOLDED)
def test_code_when_all_is_known_then_only_the_result_is_stored(name):
    declared, statements, stored = FOLDED[name]
    code = _task(f"{_TWICE}PROGRAM main VAR {declared}; END_VAR {statements} END_PROGRAM")
    assert stored in code
    assert [op for op in ("mul", "sdiv", "shl", "phi", "call", "select") if _operations(code, op)] == []
    assert _operations(code, "icmp") == 1, "the budget's and no other"


def test_code_when_a_block_is_small_or_called_once_then_it_is_part_of_its_caller():
    code = _task("""
FUNCTION_BLOCK SUMMER VAR_INPUT a : DINT; END_VAR VAR_OUTPUT s : DINT; END_VAR s := s + a; END_FUNCTION_BLOCK
PROGRAM main VAR one, two : SUMMER; x : DINT; END_VAR one(a := x); two(a := one.s); x := two.s; END_PROGRAM""")
    assert set(re.findall(r"call .*@(\w+)\(", code)) == {"vs_cut"}
    assert _operations(code, "load") == 1 + 3, (
        "the budget, x, and the sum of each block: what was stored is not read back"
    )


def test_code_when_a_large_block_has_many_calls_then_it_stays_one_body():
    lines = "\n".join(f"IF x > {n} THEN y := y * 3 + {n}; END_IF" for n in range(150))
    names = [f"b{n}" for n in range(40)]
    calls = "\n".join(f"{name}(x := n + {k * k});" for k, name in enumerate(names))
    code = _code(
        f"FUNCTION_BLOCK LARGE VAR_INPUT x : DINT; END_VAR VAR_OUTPUT y : DINT; END_VAR\n{lines}\nEND_FUNCTION_BLOCK\n"
        f"PROGRAM main VAR n : DINT; {', '.join(names)} : LARGE; END_VAR\n{calls}\nEND_PROGRAM"
    )
    assert len(re.findall(r"^define internal .*LARGE", code, re.MULTILINE)) == 1
    assert _operations(code, "mul") == len(re.findall("mul", code)) <= 150 + len(names)


def test_code_when_reals_are_multiplied_and_added_then_nothing_is_contracted_or_reordered():
    code = _task("PROGRAM main VAR a, b, c, d : REAL; END_VAR d := a * b + c; d := (d + 1.0) + 2.0; END_PROGRAM")
    assert (_operations(code, "fmul float"), _operations(code, "fadd float")) == (1, 3)
    assert not re.search(r"\b(fma|fmuladd|fast|contract|reassoc)\b", code)


def test_code_when_a_constant_subscript_is_good_then_it_is_not_checked():
    declared = "v : ARRAY [1..9] OF DINT; i : DINT"
    known = _task(f"PROGRAM main VAR {declared}; END_VAR v[3] := 5; END_PROGRAM")
    unknown = _task(f"PROGRAM main VAR {declared}; END_VAR v[i] := 5; END_PROGRAM")
    assert (_operations(known, "icmp"), _operations(unknown, "icmp")) == (1, 2), "the budget's; and the subscript's"
    assert ("@vs_fault" in known, "@vs_fault" in unknown) == (False, True)
