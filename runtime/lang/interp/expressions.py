"""Expressions compiled to Python closures: one closure a node, called with the activation."""

from collections.abc import Callable

from runtime.core import appmemory
from runtime.core.elementary import Elementary, Kind, Value
from runtime.lang import ir
from runtime.lang.interp import operations
from runtime.lang.interp.activation import Activation, Evaluator, Locator, Runner, Spot
from runtime.lang.interp.function import Function
from runtime.lang.interp.header import Header
from runtime.lang.interp.intrinsics import intrinsic
from runtime.lang.interp.places import compile_place
from runtime.lang.interp.pointers import compile_point
from runtime.lang.interp.texts import text_conversion
from runtime.lang.ir.pointer import parts
from runtime.lang.machine import Buffer


class ExpressionCompiler:
    """Compiles expressions and places over one application memory. `function` gives a called body, compiled.

    `block` compiles the statements inside expressions; the compiler of statements sets it.
    """

    block: Callable[[ir.Block], Runner]

    def __init__(self, memory: Buffer, header: Header, function: Callable[[str], Function]) -> None:
        self._memory = memory
        self._record = header.record_fault
        self.function = function

    def place(self, place: ir.Place) -> Locator:
        """The place as a function that finds it."""
        return compile_place(place, self._memory, self.expression, self._record)

    def expression(self, node: ir.Expr) -> Evaluator:  # noqa: C901 - one arm a kind of node
        """The expression as a function that computes it."""
        match node:
            case ir.Const(value=value):
                return lambda _: value
            case ir.Load():
                return self._load(node)
            case ir.Unary(type_, op, operand):
                return _apply1(operations.unary(type_, op), self.expression(operand))
            case ir.Binary(type_, op, left, right, site):
                operation = operations.binary(type_, op, site, self._record)
                return _apply2(operation, self.expression(left), self.expression(right))
            case ir.Compare(op, left, right):
                return _apply2(operations.COMPARISONS[op], self.expression(left), self.expression(right))
            case ir.ShortCircuit():
                return self._short_circuit(node)
            case ir.Convert(type_, operand, site):
                convert = _conversion(type_, type_of(operand), site, self._record)
                return _apply1(convert, self.expression(operand))
            case ir.Intrinsic():
                return self._intrinsic(node)
            case ir.Call():
                return self.call(node)
            case ir.Dispatch():
                return self._dispatch(node)
            case ir.Locate():
                return self._locate(node)
            case ir.After():
                return _after(self.block(node.first), self.expression(node.value))
            case ir.Reachable():
                return _reachable(self.place(node.place))
            case ir.Point():
                return compile_point(node, self._memory, self.expression, self._record)

    def _load(self, node: ir.Load) -> Evaluator:
        unpack, place, offset = node.type.codec.unpack_from, node.place, node.place.offset
        if place.may_be_bad or place.base is ir.Base.REF:
            return _load_located(node.type, self.place(place))
        if place.base is ir.Base.APP:
            memory = self._memory
            return lambda _: unpack(memory, offset)[0]
        if place.base is ir.Base.FRAME:
            return lambda activation: unpack(activation.frame, offset)[0]
        return lambda activation: unpack(activation.buffer, activation.offset + offset)[0]

    def _short_circuit(self, node: ir.ShortCircuit) -> Evaluator:
        left, right = self.expression(node.left), self.expression(node.right)
        if node.op == "and_then":
            return lambda activation: left(activation) and right(activation)
        return lambda activation: left(activation) or right(activation)

    def _intrinsic(self, node: ir.Intrinsic) -> Evaluator:
        operation = intrinsic(node.name, node.type, node.site, self._record)
        arguments = tuple(self.expression(argument) for argument in node.args)
        if len(arguments) == 1:
            return _apply1(operation, arguments[0])
        if len(arguments) == 2:
            return _apply2(operation, *arguments)
        return lambda activation: operation(*[argument(activation) for argument in arguments])

    def call(self, node: ir.Call) -> Evaluator:
        """A call of a FUNCTION; one without result evaluates to FALSE."""
        function = self.function(node.body)
        values = tuple(self.expression(value) for value in node.values)
        refs = tuple(self.place(ref) for ref in (*([node.instance] if node.instance else []), *node.refs))
        default = node.type.default if node.type else False
        is_method = node.instance is not None

        def call(activation: Activation) -> Value:
            arguments = [value(activation) for value in values]
            spots = locate_all(refs, activation)
            if spots is None:
                return default
            return function.call(arguments, spots[1:], spots[0]) if is_method else function.call(arguments, spots)

        return call

    def called(self, node: ir.Call | ir.Dispatch) -> Evaluator:
        """A call of a FUNCTION or METHOD."""
        return self.call(node) if isinstance(node, ir.Call) else self._dispatch(node)

    def _dispatch(self, node: ir.Dispatch) -> Evaluator:
        subject = self.expression(node.subject)
        values = tuple(self.expression(value) for value in node.values)
        refs = tuple(self.place(ref) for ref in node.refs)
        arms = {arm.number: (arm, self.function(arm.body)) for arm in node.arms}
        default = node.type.default if node.type else False
        is_pointer = ir.type_of(node.subject) == ir.POINTER

        def call(activation: Activation) -> Value:
            held = int(subject(activation))
            anywhere = held >> 32, appmemory.HEADER_SIZE, node.end, held & 0xFFFFFFFF
            number, low, high, offset = parts(held) if is_pointer else anywhere
            arm, function = arms.get(number, (None, None))
            end = high if appmemory.HEADER_SIZE <= low <= offset and high <= node.end else 0
            if arm is None or function is None or not _holds(offset, arm.size, arm.alignment, end):
                self._record(node.site)
                return default
            arguments = [value(activation) for value in values]
            spots = locate_all(refs, activation)
            return default if spots is None else function.call(arguments, spots, (self._memory, offset))

        return call

    def _locate(self, node: ir.Locate) -> Evaluator:
        locate = self.place(node.place)

        def address(activation: Activation) -> Value:
            spot = locate(activation)
            if spot is None:
                return 0
            buffer, offset = spot
            if buffer is not self._memory or not appmemory.HEADER_SIZE <= offset < node.end:
                self._record(node.site)
                return 0
            return offset | node.tag << 32

        return address


def _conversion(to: Elementary, source: Elementary, site: int, record: operations.RecordFault) -> operations.Operation:
    if Kind.TEXT in (to.kind, source.kind):
        return text_conversion(to, source)
    return operations.conversion(to, source, site, record)


def locate_all(places: tuple[Locator, ...], activation: Activation) -> tuple[Spot, ...] | None:
    """All places, left to right; None from the first bad index on."""
    spots: list[Spot] = []
    for locate in places:
        spot = locate(activation)
        if spot is None:
            return None
        spots.append(spot)
    return tuple(spots)


type_of = ir.type_of


def _load_located(type_: Elementary, locate: Locator) -> Evaluator:
    unpack, default = type_.codec.unpack_from, type_.default

    def load(activation: Activation) -> Value:
        spot = locate(activation)
        if spot is None:
            return default
        value: Value = unpack(*spot)[0]
        return value

    return load


def _holds(offset: int, size: int, alignment: int, end: int) -> bool:
    """Whether something of this size may lie at an offset that a program held as a value."""
    return appmemory.HEADER_SIZE <= offset <= end - size and offset % alignment == 0


def _after(first: Runner, value: Evaluator) -> Evaluator:
    def evaluate(activation: Activation) -> Value:
        first(activation)
        return value(activation)

    return evaluate


def _reachable(locate: Locator) -> Evaluator:
    return lambda activation: locate(activation) is not None


def _apply1(operation: operations.Operation, operand: Evaluator) -> Evaluator:
    return lambda activation: operation(operand(activation))


def _apply2(operation: operations.Operation, left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda activation: operation(left(activation), right(activation))
