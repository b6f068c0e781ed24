"""Pointers written from outside: whatever bytes a pointer is made of, no use of it leaves what programs own."""

import itertools
import random

import pytest
from scanbench import BACKENDS, ScanBench, make_machine

from runtime.core import appmemory
from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources
from runtime.lang.ir.pointer import SIZE, parts, pointer

PROGRAM = """
TYPE FRAME : STRUCT kind : BYTE; length : WORD; body : ARRAY [0..3] OF LREAL; END_STRUCT; END_TYPE
VAR_GLOBAL tag : INT := 5; END_VAR
FUNCTION_BLOCK COUNTER
VAR_OUTPUT n : DINT; END_VAR
METHOD add : DINT
VAR_INPUT more : DINT; END_VAR
n := n + more;
add := n;
END_METHOD
n := n + 1;
END_FUNCTION_BLOCK
FUNCTION_BLOCK DOUBLE EXTENDS COUNTER
VAR_OUTPUT more : LINT; END_VAR
METHOD OVERRIDE add : DINT
VAR_INPUT more : DINT; END_VAR
n := n + 2 * more;
THIS^.more := n;
END_METHOD
SUPER();
END_FUNCTION_BLOCK
FUNCTION ADDED : LINT
VAR_IN_OUT sum : LINT; END_VAR
sum := sum + 1;
ADDED := sum;
END_FUNCTION
PROGRAM main
VAR
    begin : DWORD; at : POINTER TO BYTE; other : POINTER TO BYTE; behind : DWORD; use : INT; text : STRING[10] := 'abc';
    b : POINTER TO BOOL; d : POINTER TO LREAL; s : POINTER TO STRING[100]; w : POINTER TO WSTRING[4]; i : INT;
    f : POINTER TO FRAME; c : POINTER TO COUNTER; l : POINTER TO LINT; many : POINTER TO ARRAY [0..32000] OF DINT;
    copy : FRAME; line : STRING; wide : WSTRING; got : DINT; sum : LINT; x : LREAL; n : POINTER TO INT;
END_VAR
b := at; d := at; s := at; w := at; f := at; c := at; l := at; many := at; n := at; other := at + 7 - 3;
CASE use OF
    0: b^ := NOT b^;
    1: x := d^; d^ := 1.5;
    2: line := s^; s^ := CONCAT(line, 'x');
    3: wide := w^; w^ := "ab";
    4: copy := f^; f^.length := 7; f^.body[i] := x; f^ := copy;
    5: c^(); got := c^.add(2); got := got + c^.n;
    6: sum := ADDED(l^);
    7: many^[i] := got; got := many^[i * 8000];
    8: FOR n^ := 1 TO 3 DO sum := sum + 1; END_FOR
    9: other^ := other^ + 1; other := ADR(f^.body[i]); other^ := 1; sum := other - at;
    10: at := ADR(text); FOR i := 0 TO 10 DO at^ := 16#FF; at := at + 1; END_FOR i := LEN(text); line := text;
END_CASE
i := (i + 1) MOD 4;
END_PROGRAM
"""
USES = 11


@pytest.fixture(scope="module")
def application():
    """The program above."""
    app = compile_sources([Source("test.st", PROGRAM)]).application
    assert app is not None
    return app


def _where(app):
    """Where `main.at` lies: behind a double word, at the next multiple of 8."""
    return (app.tags.find("main.begin").offset + 4 + 7) & ~7


def _absurd(app, mark, seed):
    """Pointers nobody would make: with the right mark, every edge of memory in every part; then any bytes at all."""
    end, size = app.quality_offset, len(app.initial)
    first = _where(app)
    edges = (0, 1, appmemory.HEADER_SIZE - 1, appmemory.HEADER_SIZE, first, end - 1, end, size, 2**31, 2**32 - 1)
    tags = itertools.cycle((mark, mark + 1, mark + 2, mark + 3))
    made = [pointer(tag=next(tags), low=a, high=b, offset=c) for a, b, c in itertools.product(edges, repeat=3)]
    rng = random.Random(seed)
    inside = [appmemory.HEADER_SIZE + rng.randrange(end - appmemory.HEADER_SIZE + 8) for _ in range(150)]
    made += [pointer(tag=next(tags), low=appmemory.HEADER_SIZE, high=end, offset=at) for at in inside]
    return made + [rng.getrandbits(8 * SIZE) for _ in range(50)]


def test_pointer_when_any_bytes_are_written_into_it_then_both_back_ends_keep_to_globals_and_instances(application):
    app, first = application, _where(application)
    benches = [ScanBench(make_machine(app, backend)) for backend in BACKENDS]
    for bench in benches:
        bench.set("main.use", 10).scan()
    mark = parts(int.from_bytes(benches[0].memory[first : first + SIZE], "little"))[0]
    assert mark, "the program made a pointer"
    for number, value in enumerate(_absurd(app, mark, seed=20)):
        for bench in benches:
            bench.memory[appmemory.HEADER_SIZE :] = app.initial[appmemory.HEADER_SIZE :]
            bench.memory[first : first + SIZE] = value.to_bytes(SIZE, "little")
            bench.set("main.use", number % USES).set("main.i", number % 5)
            bench.scan()
            behind = bytes(bench.memory[app.quality_offset :])
            assert behind == app.initial[app.quality_offset :], f"{value:032x} led behind the instances"
        interp, llvm = (bytes(bench.memory) for bench in benches)
        assert interp == llvm, f"{value:032x}, use {number % USES}: the back ends differ"
    assert benches[0].fault_count > 1000, "most of these pointers lead nowhere"


def test_text_when_its_end_is_overwritten_then_it_ends_at_its_capacity(application):
    app = application
    for backend in BACKENDS:
        bench = ScanBench(make_machine(app, backend)).set("main.use", 10).scan()
        assert bench.get("main.line") == "\xff" * 10
        assert bench.fault_count == 0
