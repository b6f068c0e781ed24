"""Random applications: nested blocks, functions, loops and faults, all well-typed, from one seed."""

import random
from typing import Literal

from expression_generator import ROUNDS_MAX, Callee, ExpressionGenerator
from handbuilt import INTEGERS, SITES, TYPES
from scopes import Scope, Shape

from runtime.core import appmemory
from runtime.core.elementary import BOOL, Elementary
from runtime.core.fault import FaultCode
from runtime.core.tag import TagTable, Variable
from runtime.lang import ir
from runtime.lang.application import Application, FaultSite, ProgramInstance, Task

BUDGET_SITE = SITES[FaultCode.BUDGET_EXCEEDED]
STEP_SITE = SITES[FaultCode.FOR_STEP_ZERO]

ROW_LENGTH = 10
"""Elements of an array that is long enough to be worked on element by element."""

INSTANCE_BYTES_MAX = 4096
"""Of one block's instance: rows of blocks that hold rows of blocks would grow without end, and a stall with them."""


class ProgramGenerator:
    """Makes one application. The same seed gives the same application."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._callees: list[Callee] = []
        self._blocks: list[Shape] = []
        self._ref_types: dict[str, tuple[Elementary, ...]] = {}
        self._globals = Shape()

    def application(self) -> Application:
        """The application."""
        chance = self._chance
        _add_variables(chance, self._globals, chance.randint(4, 10))
        self._globals.close()
        for i in range(chance.randint(1, 3)):
            self._function(f"F{i}")
        for i in range(chance.randint(1, 3)):
            self._blocks.append(self._instance_shape(f"B{i}", "FUNCTION_BLOCK"))
        programs = [self._instance_shape(f"P{i}", "PROGRAM") for i in range(chance.randint(1, 2))]
        return self._lay_out([chance.choice(programs) for _ in range(chance.randint(1, 3))])

    def _lay_out(self, programs: list[Shape]) -> Application:
        leaves = list(self._globals.leaves("g", appmemory.HEADER_SIZE))
        end = appmemory.HEADER_SIZE + self._globals.size
        instances = []
        for i, program in enumerate(programs):
            assert program.body is not None
            instances.append(ProgramInstance(f"p{i}", program.body.name, end))
            leaves += program.leaves(f"p{i}", end)
            end += program.size
        initial = bytearray(appmemory.HEADER_SIZE) + self._chance.randbytes(end - appmemory.HEADER_SIZE)
        cut = self._chance.randint(0, len(instances))
        parts = [tuple(part) for part in (instances[:cut], instances[cut:]) if part]
        bodies = [callee.body for callee in self._callees] + [s.body for s in (*self._blocks, *programs) if s.body]
        return Application(
            bodies={body.name: body for body in bodies},
            tasks=tuple(
                Task(f"t{i}", 0, i, part, self._chance.randint(0, 5), BUDGET_SITE) for i, part in enumerate(parts)
            ),
            tags=TagTable([], [Variable(name=name, type=type_, offset=at) for name, at, type_ in leaves]),
            initial=bytes(initial),
            quality_offset=end,
            stamp_offset=end,
            sites=tuple(FaultSite(code, "", "", int(code), 1) for _ in range(ROUNDS_MAX) for code in FaultCode),
            layout_hash="",
        )

    def _function(self, name: str) -> None:
        chance, frame = self._chance, Shape()
        values = tuple(ir.Parameter(t, frame.add(t).offset) for t in chance.choices(TYPES, k=chance.randint(0, 3)))
        result = chance.choice([*TYPES, None])
        result_offset = frame.add(result).offset if result else 0
        _add_variables(chance, frame, chance.randint(1, 4))
        ref_types = tuple(chance.choices(TYPES, k=chance.randint(0, 2)))
        block = self._block(frame, Shape(), ref_types)
        body = ir.Body(
            name,
            "FUNCTION",
            block,
            self._frame_content(frame),
            self._may_cut(block),
            values,
            len(ref_types),
            result,
            result_offset,
        )
        self._callees.append(Callee(body, ref_types))

    def _instance_shape(self, name: str, kind: Literal["PROGRAM", "FUNCTION_BLOCK"]) -> Shape:
        chance, frame, shape = self._chance, Shape(), Shape()
        _add_variables(chance, shape, chance.randint(4, 12))
        _add_variables(chance, frame, chance.randint(0, 3))
        for inner in self._blocks:
            if chance.random() < 0.6:
                count = chance.choice((0, 0, 0, 3, ROW_LENGTH))
                shape.add(inner, count if shape.size + count * inner.size <= INSTANCE_BYTES_MAX else 0)
            elif chance.random() < 0.3:
                frame.add(inner)
        shape.close()
        ref_types = tuple(chance.choices(TYPES, k=chance.randint(0, 2))) if kind == "FUNCTION_BLOCK" else ()
        block = self._block(frame, shape, ref_types)
        content = self._frame_content(frame)
        shape.body = ir.Body(name, kind, block, content, self._may_cut(block), (), len(ref_types))
        self._ref_types[name] = ref_types
        return shape

    def _frame_content(self, frame: Shape) -> bytes:
        return self._chance.choice((bytes(frame.size), self._chance.randbytes(frame.size)))

    def _block(self, frame: Shape, shape: Shape, ref_types: tuple[Elementary, ...]) -> ir.Block:
        scope = Scope(pointers_end=appmemory.HEADER_SIZE + self._globals.size)
        scope.add_shape(self._chance, ir.Base.FRAME, frame)
        scope.add_shape(self._chance, ir.Base.SELF, shape)
        scope.add_shape(self._chance, ir.Base.APP, self._globals, appmemory.HEADER_SIZE)
        for param, type_ in enumerate(ref_types):
            scope.add_ref(type_, param)
        statements = StatementGenerator(self._chance, scope, self._callees, self._ref_types)
        return statements.block(self._chance.randint(6, 10), depth=2, in_loop=False)

    def _may_cut(self, block: ir.Block) -> bool:
        cutting = {callee.body.name for callee in self._callees if callee.body.may_cut}
        cutting |= {shape.body.name for shape in self._blocks if shape.body and shape.body.may_cut}
        return _contains_cut(block, cutting)


class StatementGenerator:
    """Makes blocks of statements over a scope."""

    def __init__(
        self,
        chance: random.Random,
        scope: Scope,
        callees: list[Callee],
        ref_types: dict[str, tuple[Elementary, ...]],
        number: int = 0,
    ) -> None:
        self._chance = chance
        self._scope = scope
        self._callees = callees
        self._ref_types = ref_types
        self._expressions = ExpressionGenerator(chance, scope, callees, number)

    def block(self, length: int, depth: int, *, in_loop: bool) -> ir.Block:
        """So many statements; blocks in them nest at most `depth` deep."""
        made: list[ir.Statement] = []
        for _ in range(length):
            made += self._statement(depth, in_loop)
        return tuple(made)

    def _statement(self, depth: int, in_loop: bool) -> list[ir.Statement]:
        makers = [self._assign] * 14 + [self._call_instance] * 3 + [self._evaluate, self._copy]
        if depth == 2 and self._chance.random() < 0.06:
            return self._repeated()
        if depth > 0:
            makers += [self._if, self._if, self._case, self._for, self._loop]
        if in_loop and self._chance.random() < 0.1:
            return [self._chance.choice((ir.Exit(), ir.Continue()))]
        if depth < 2 and self._chance.random() < 0.02:
            return [ir.Return()]
        return self._chance.choice(makers)(depth, in_loop)

    def _repeated(self, *_: object) -> list[ir.Statement]:
        """One group of statements for element after element, as a site with many instances has it."""
        assert ROW_LENGTH <= ROUNDS_MAX, "each round has fault sites of its own"
        rounds, seed = ROW_LENGTH - self._chance.randint(0, 1), self._chance.random()
        made: list[ir.Statement] = []
        for i in range(rounds):
            scope = self._scope.element_scope(i, ROW_LENGTH)
            group = StatementGenerator(random.Random(seed), scope, self._callees, self._ref_types, i)
            made += group.block(2, 0, in_loop=False)
        return made

    def _inner(self, depth: int, in_loop: bool) -> ir.Block:
        return self.block(self._chance.randint(0, 3), depth - 1, in_loop=in_loop)

    def _assign(self, *_: object) -> list[ir.Statement]:
        type_ = self._chance.choice(TYPES)
        target = self._expressions.place(type_, 2)
        return (
            [ir.Assign(target, type_, self._expressions.expression(type_, self._chance.choice((1, 1, 2, 3))))]
            if target
            else []
        )

    def _call_instance(self, *_: object) -> list[ir.Statement]:
        scope, chance = self._scope, self._chance
        if scope.instance_arrays and (not scope.instances or chance.random() < 0.5):
            array, shape = chance.choice(scope.instance_arrays)
            place = self._expressions.element(array, 2)
        elif scope.instances:
            place, shape = chance.choice(scope.instances)
        else:
            return []
        assert shape.body is not None
        refs = [self._expressions.place(type_, 2) for type_ in self._ref_types[shape.body.name]]
        if any(ref is None for ref in refs):
            return []
        return [ir.CallInstance(shape.body.name, place, tuple(ref for ref in refs if ref))]

    def _evaluate(self, *_: object) -> list[ir.Statement]:
        call = self._expressions.call(self._chance.choice(self._callees), 2) if self._callees else None
        return [ir.Evaluate(call)] if call else []

    def _copy(self, *_: object) -> list[ir.Statement]:
        arrays = self._scope.arrays[self._chance.choice(TYPES)]
        if not arrays:
            return []
        source, target = self._chance.choice(arrays), self._chance.choice(arrays)
        if self._chance.random() < 0.5:
            elements = (self._expressions.element(target, 1), self._expressions.element(source, 1))
            return [ir.Copy(*elements, source.stride)]
        return [ir.Copy(target.place, source.place, min(source.count, target.count) * source.stride)]

    def _if(self, depth: int, in_loop: bool) -> list[ir.Statement]:
        condition = self._expressions.expression
        arms = tuple((condition(BOOL, 2), self._inner(depth, in_loop)) for _ in range(self._chance.randint(1, 2)))
        return [ir.If(arms, self._inner(depth, in_loop))]

    def _case(self, depth: int, in_loop: bool) -> list[ir.Statement]:
        type_ = self._chance.choice(INTEGERS)
        low, arms = max(type_.minimum, -30), []
        for _ in range(self._chance.randint(1, 4)):
            start = low + self._chance.randint(0, 6)
            high = start + self._chance.choice((0, 0, 3, 25))
            arms.append(ir.CaseArm(((start, high),), self._inner(depth, in_loop)))
            low = high + 1
        return [ir.Case(self._expressions.expression(type_, 2), tuple(arms), self._inner(depth, in_loop))]

    def _for(self, depth: int, _: bool) -> list[ir.Statement]:
        type_ = self._chance.choice(INTEGERS)
        control = self._expressions.place(type_, 1)
        if control is None:
            return []
        make = self._expressions.expression if self._chance.random() < 0.15 else self._near
        start, end, step = (make(type_, 1) for _ in range(3))
        block = self._inner(depth, True)
        return [ir.For(control, type_, start, end, step, block, self._cost(), STEP_SITE, BUDGET_SITE)]

    def _loop(self, depth: int, _: bool) -> list[ir.Statement]:
        ends = (
            ir.Exit()
            if self._chance.random() < 0.7
            else ir.If(((self._expressions.expression(BOOL, 2), (ir.Exit(),)),))
        )
        leave = ir.If(((self._expressions.expression(BOOL, 2), (ir.Continue(),)),)), ends
        after = (leave[1],) if self._chance.random() < 0.5 else ()
        block = (*self._inner(depth, True), *(() if after else leave))
        return [ir.Loop(block, after, self._cost(), BUDGET_SITE)]

    def _near(self, type_: Elementary, _: int) -> ir.Expr:
        return ir.Const(type_, self._chance.randint(max(type_.minimum, -3), 6))

    def _cost(self) -> int:
        return self._chance.randint(1, 4)


def _add_variables(chance: random.Random, shape: Shape, count: int) -> None:
    for _ in range(count):
        shape.add(chance.choice(TYPES), chance.choice((0, 0, 0, 2, 5, ROW_LENGTH)))


def _contains_cut(node: object, cutting: set[str]) -> bool:
    """Whether a block (or any part of the IR) loops, or calls a body that does."""
    if isinstance(node, ir.Loop | ir.For):
        return True
    if isinstance(node, ir.Call | ir.CallInstance) and node.body in cutting:
        return True
    if isinstance(node, tuple):
        return any(_contains_cut(part, cutting) for part in node)
    parts = getattr(node, "__slots__", ())
    is_node = type(node).__module__.startswith(ir.__name__)
    return is_node and any(_contains_cut(getattr(node, part), cutting) for part in parts)
