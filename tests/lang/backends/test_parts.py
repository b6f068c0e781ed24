"""Long bodies are compiled in parts, and do the same."""

import random

from handbuilt import ProgramBuilder, constant, differences

from runtime.core.elementary import BOOL, DINT
from runtime.lang import ir
from runtime.lang.llvm.parts import PART_STATEMENTS, split_long_bodies

LONG = PART_STATEMENTS * 2 + 100


def _irregular(leave_at: int | None = None) -> ProgramBuilder:
    """Many additions in no order: v[i] := v[j] + v[k] - 1."""
    program, chance = ProgramBuilder(), random.Random(5)
    program.variable("v", DINT, 3, count=50)
    for number in range(LONG):
        i, j, k = (ir.Place(ir.Base.SELF, 4 * chance.randrange(50)) for _ in range(3))
        value = ir.Binary(DINT, "add", ir.Load(DINT, j), ir.Load(DINT, k))
        program.block.append(ir.Assign(i, DINT, ir.Binary(DINT, "sub", value, constant(DINT, 1))))
        if number == leave_at:
            program.block.append(ir.If(((constant(BOOL, True), (ir.Return(),)),)))
    return program


def _parts(program: ProgramBuilder) -> int:
    return len(split_long_bodies(program.application().bodies)) - 1


def test_parts_when_a_body_is_long_then_it_is_split_and_does_the_same():
    program = _irregular()
    assert _parts(program) == 3
    interpreted, native = (program.bench(backend).scan(3) for backend in ("interp", "llvm"))
    assert not differences(interpreted, native)


def test_parts_when_a_long_body_returns_in_the_middle_then_it_stays_whole():
    program = _irregular(leave_at=600)
    assert _parts(program) == 0
    interpreted, native = (program.bench(backend).scan(3) for backend in ("interp", "llvm"))
    assert not differences(interpreted, native)


def test_parts_when_a_long_body_has_a_frame_then_it_stays_whole():
    program = _irregular()
    program.frame = bytes(8)
    assert _parts(program) == 0


def test_parts_when_a_long_body_repeats_a_group_then_it_is_a_loop_and_stays_whole():
    program = ProgramBuilder()
    program.variable("v", DINT, count=LONG)
    program.block += [ir.Assign(ir.Place(ir.Base.SELF, 4 * i), DINT, constant(DINT, 7)) for i in range(LONG)]
    assert _parts(program) == 0
    assert program.bench("llvm").scan().get(f"v[{LONG - 1}]") == 7
