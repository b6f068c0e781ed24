"""Random well-typed expressions over a scope."""

import random
from dataclasses import dataclass

from handbuilt import INTEGERS, REALS, SITES, TYPES, edge_values
from scopes import Array, Scope

from runtime.core.elementary import BOOL, LINT, UDINT, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, libm
from runtime.lang.ir.pointer import MARK_BIT, OFFSET_BIT

ROUNDS_MAX = 10
"""Groups of statements that do the same for element after element; each has fault sites of its own."""
MARK = 0x7A31 << MARK_BIT
POINTERS = 0.12
"""How often a place is reached through a pointer."""


@dataclass(frozen=True, slots=True)
class Callee:
    """A FUNCTION that may be called, and the types of its by-reference parameters."""

    body: ir.Body
    ref_types: tuple[Elementary, ...]


class ExpressionGenerator:
    """Makes expressions of any type; `callees` are the functions in reach, `number` that of a group that repeats."""

    def __init__(self, chance: random.Random, scope: Scope, callees: list[Callee], number: int = 0) -> None:
        self.number = number
        self.chance = chance
        self.scope = scope
        self.callees = callees

    def expression(self, type_: Elementary, depth: int) -> ir.Expr:
        """An expression at most `depth` operators deep."""
        if depth <= 0 or self.chance.random() < 0.1:
            return self._leaf(type_, depth)
        makers = [self._binary, self._binary, self._convert, self._intrinsic, self._unary, self._after]
        if type_ is BOOL:
            makers += [self._compare, self._compare, self._short_circuit]
        if any(callee.body.result is type_ for callee in self.callees):
            makers += [self._call, self._call]
        if self.scope.pointers_end and type_ in (UDINT, LINT):
            makers.append(self._offset)
        return self.chance.choice(makers)(type_, depth - 1)

    def constant(self, type_: Elementary) -> ir.Const:
        """A literal, often one at the edge of something."""
        if self.chance.random() < 0.5:
            return ir.Const(type_, self.chance.choice(list(edge_values(type_))))
        if type_ is BOOL:
            return ir.Const(type_, self.chance.random() < 0.5)
        if type_.kind is Kind.REAL:
            return ir.Const(type_, self.chance.randint(-4000, 4000) / 16)
        return ir.Const(type_, self.chance.randint(max(type_.minimum, -20), 20))

    def place(self, type_: Elementary, depth: int) -> ir.Place | None:
        """A place of a type: a variable or an array's element, or where a pointer to one leads."""
        found = self._place(type_, depth)
        if found is None or not self.scope.pointers_end or self.chance.random() > POINTERS:
            return found
        lead = self.pointer(depth)
        return ir.Place(ir.Base.POINTER, self.chance.choice((0, 0, 1, 8)), followed=self._followed(lead, type_))

    def pointer(self, depth: int) -> ir.Expr:
        """A pointer to some variable or element, or behind it; now and then one out of memory, or any number."""
        chance, type_ = self.chance, self.chance.choice(TYPES)
        arrays = self.scope.arrays[type_]
        if arrays and chance.random() < 0.5:
            array = chance.choice(arrays)
            index = self.element(array, depth).indices[-1]
            made: ir.Expr = self._point(array.place, (index,), array.count * array.stride)
        else:
            place = self._place(type_, depth)
            if place is None or chance.random() < 0.05:
                return ir.Const(ir.POINTER, chance.getrandbits(128))
            made = self._point(place, (), type_.size)
        if depth > 0 and chance.random() < 0.2:
            led = ir.Place(ir.Base.POINTER, chance.choice((0, 4)), followed=self._followed(made, type_))
            made = self._point(led, (), type_.size)
        if chance.random() < 0.4:
            by = ir.Convert(ir.POINTER, self.expression(LINT, min(depth, 1)))
            if chance.random() < 0.8:
                by = ir.Convert(ir.POINTER, ir.Const(LINT, chance.randint(-9, 9)))
            by_offset = ir.Intrinsic(ir.POINTER, "SHL", (by, ir.Const(LINT, OFFSET_BIT)))
            made = ir.Binary(ir.POINTER, chance.choice(("add", "sub")), made, by_offset)
        return made

    def _point(self, place: ir.Place, indices: tuple[ir.Index, ...], size: int) -> ir.Point:
        return ir.Point(
            place,
            self.chance.choice((0, 0, 2)),
            indices,
            size,
            MARK,
            self.scope.pointers_end,
            self._site(FaultCode.BAD_REFERENCE),
        )

    def _followed(self, lead: ir.Expr, type_: Elementary) -> ir.Followed:
        return ir.Followed(
            lead, type_.size, type_.alignment, MARK, self.scope.pointers_end, self._site(FaultCode.BAD_REFERENCE)
        )

    def _place(self, type_: Elementary, depth: int) -> ir.Place | None:
        arrays, scalars = self.scope.arrays[type_], self.scope.scalars[type_]
        if arrays and (not scalars or self.chance.random() < 0.4):
            return self.element(self.chance.choice(arrays), depth)
        return self.chance.choice(scalars) if scalars else None

    def element(self, array: Array, depth: int) -> ir.Place:
        """An element; the subscript is in range mostly, and when it is not, it faults."""
        high = array.low + array.count - 1
        if self.chance.random() < 0.6:
            subscript: ir.Expr = ir.Const(LINT, self.chance.randint(array.low, high + (self.chance.random() < 0.1)))
        else:
            subscript = self.expression(LINT, min(depth, 2))
            if self.chance.random() < 0.7:
                bounds = (ir.Const(LINT, array.low), ir.Const(LINT, high))
                subscript = ir.Intrinsic(LINT, "LIMIT", (bounds[0], subscript, bounds[1]))
        index = ir.Index(subscript, array.low, high, array.stride, self._site(FaultCode.INDEX_OUT_OF_RANGE))
        return ir.Place(array.place.base, array.place.offset, (*array.place.indices, index), array.place.param)

    def call(self, callee: Callee, depth: int) -> ir.Call | None:
        """A call; None when nothing in reach fits a by-reference parameter."""
        refs = [self.place(type_, depth) for type_ in callee.ref_types]
        values = tuple(self.expression(parameter.type, depth) for parameter in callee.body.values)
        if any(ref is None for ref in refs):
            return None
        return ir.Call(callee.body.result, callee.body.name, values, tuple(ref for ref in refs if ref))

    def _site(self, code: FaultCode) -> int:
        return SITES[code] + self.number * len(SITES)

    def _leaf(self, type_: Elementary, depth: int) -> ir.Expr:
        place = self.place(type_, depth)
        if place is None or self.chance.random() < 0.2:
            return self.constant(type_)
        return ir.Load(type_, place)

    def _binary(self, type_: Elementary, depth: int) -> ir.Expr:
        if type_.kind is Kind.REAL:
            ops = ["add", "sub", "mul", "div"]
        else:
            ops = ["and", "or", "xor"] + ([] if type_ is BOOL else ["add", "sub", "mul", "div", "mod"])
        left, right = self.expression(type_, depth), self.expression(type_, depth)
        return ir.Binary(type_, self.chance.choice(ops), left, right, self._site(FaultCode.DIVISION_BY_ZERO))  # type: ignore[arg-type]  # of the list

    def _offset(self, type_: Elementary, depth: int) -> ir.Expr:
        moved = ir.Intrinsic(ir.POINTER, "SHR", (self.pointer(depth), ir.Const(LINT, OFFSET_BIT)))
        return ir.Convert(type_, moved)

    def _unary(self, type_: Elementary, depth: int) -> ir.Expr:
        operand = self.expression(type_, depth)
        if type_.kind is Kind.REAL or (type_.is_signed and self.chance.random() < 0.5):
            return ir.Unary(type_, "neg", operand)
        return ir.Unary(type_, "not", operand)

    def _compare(self, _: Elementary, depth: int) -> ir.Expr:
        type_ = self.chance.choice(TYPES)
        op = self.chance.choice(["eq", "ne", "lt", "le", "gt", "ge"])
        left, right = self.expression(type_, depth), self.expression(type_, depth)
        return ir.Compare(op, left, right)  # type: ignore[arg-type]  # of the list

    def _short_circuit(self, _: Elementary, depth: int) -> ir.Expr:
        op = "and_then" if self.chance.random() < 0.5 else "or_else"
        return ir.ShortCircuit(op, self.expression(BOOL, depth), self.expression(BOOL, depth))

    def _convert(self, type_: Elementary, depth: int) -> ir.Expr:
        return ir.Convert(
            type_, self.expression(self.chance.choice(TYPES), depth), self._site(FaultCode.NAN_TO_INTEGER)
        )

    def _after(self, type_: Elementary, depth: int) -> ir.Expr:
        """A value behind statements: an assignment, at times under a condition."""
        other = self.chance.choice(TYPES)
        target = self.place(other, depth)
        if target is None:
            return self.constant(type_)
        first: ir.Statement = ir.Assign(target, other, self.expression(other, min(depth, 1)))
        if self.chance.random() < 0.5:
            first = ir.If(((self.expression(BOOL, min(depth, 1)), (first,)),))
        return ir.After(type_, (first,), self.expression(type_, depth))

    def _call(self, type_: Elementary, depth: int) -> ir.Expr:
        fitting = [callee for callee in self.callees if callee.body.result is type_]
        return self.call(self.chance.choice(fitting), depth) or self.constant(type_)

    def _intrinsic(self, type_: Elementary, depth: int) -> ir.Expr:
        if type_.kind is Kind.REAL and self.chance.random() < 0.5:
            name = self.chance.choice(sorted(libm.FUNCTION_NAMES))
            count = libm.argument_count(name)
            return ir.Intrinsic(type_, name, tuple(self.expression(type_, depth) for _ in range(count)))
        if type_ in INTEGERS and self.chance.random() < 0.2:
            return ir.Intrinsic(
                type_,
                "TRUNC",
                (self.expression(self.chance.choice(REALS), depth),),
                self._site(FaultCode.NAN_TO_INTEGER),
            )
        name = self.chance.choice(["MIN", "MAX", "LIMIT", "SEL", "MUX", "ABS", "SHL", "SHR", "ROL", "ROR"])
        if name in ("SHL", "SHR", "ROL", "ROR") and type_.kind is not Kind.REAL:
            return ir.Intrinsic(type_, name, (self.expression(type_, depth), self.expression(LINT, min(depth, 1))))
        if name == "ABS" and type_ is not BOOL:
            return ir.Intrinsic(type_, name, (self.expression(type_, depth),))
        return self._selection(type_, name, depth)

    def _selection(self, type_: Elementary, name: str, depth: int) -> ir.Expr:
        inputs = tuple(self.expression(type_, depth) for _ in range(self.chance.randint(2, 3)))
        match name:
            case "MIN" | "MAX":
                return ir.Intrinsic(type_, name, inputs)
            case "MUX":
                return ir.Intrinsic(type_, name, (self.expression(LINT, 1), *inputs))
            case "SEL":
                return ir.Intrinsic(type_, name, (self.expression(BOOL, depth), *inputs[:2]))
        return ir.Intrinsic(type_, "LIMIT", (*inputs[:2], self.expression(type_, depth)))
