"""Statements compiled to Python closures; each returns why its block ends early, or None."""

import math
from typing import Any

from runtime.core.elementary import Kind, Value
from runtime.lang import ir
from runtime.lang.interp.activation import Activation, Evaluator, Runner, Signal
from runtime.lang.interp.expressions import ExpressionCompiler, locate_all
from runtime.lang.interp.function import Function
from runtime.lang.interp.header import Header
from runtime.lang.interp.loops import ForLoop, compile_loop
from runtime.lang.interp.probe import Probe, Written


class StatementCompiler:
    """Compiles blocks of statements."""

    def __init__(self, expressions: ExpressionCompiler, header: Header, probe: Probe | None = None) -> None:
        self._expressions = expressions
        expressions.block = self.block
        self._header = header
        self._probe = probe
        self._written: list[Written] = []

    def body(self, body: ir.Body) -> Runner:
        """The block of a body; the probe, if there is one, looks on."""
        if self._probe is None:
            return self.block(body.block)
        self._written.append(Written(body))
        run, probe, name = self.block(body.block), self._probe, body.name
        self._written.pop()

        def watched(activation: Activation) -> Signal | None:
            probe.enter(name, activation)
            try:
                return run(activation)
            finally:
                probe.leave()

        return watched

    def block(self, statements: ir.Block) -> Runner:
        """The statements in order, up to the first that leaves the block."""
        runners = tuple(self._watched(statement) for statement in statements)

        def run(activation: Activation) -> Signal | None:
            for runner in runners:
                signal = runner(activation)
                if signal is not None:
                    return signal
            return None

        return run

    def _watched(self, node: ir.Statement) -> Runner:
        runner = self.statement(node)
        index = self._written[-1].index(node) if self._written else None
        if index is None or self._probe is None:
            return runner
        tell, name, number = self._probe.statement, self._written[-1].name, index

        def run(activation: Activation) -> Signal | None:
            tell(name, number, activation)
            return runner(activation)

        return run

    def statement(self, node: ir.Statement) -> Runner:
        """One statement."""
        match node:
            case ir.Assign():
                return self._assign(node)
            case ir.Copy():
                return self._copy(node)
            case ir.CallInstance():
                return self._call_instance(node)
            case ir.Evaluate(value):
                return _dropped(self._expressions.called(value))
            case ir.If():
                return self._if(node)
            case ir.Case():
                return self._case(node)
            case ir.Loop():
                return compile_loop(node, self.block(node.block), self.block(node.after), self._header)
            case ir.For():
                return self._for(node)
            case ir.Exit() | ir.Continue() | ir.Return():
                signal = _SIGNALS[type(node)]
                return lambda _: signal
            case ir.Advance():
                return self._advance(node)

    def _assign(self, node: ir.Assign) -> Runner:
        value, locate = self._expressions.expression(node.value), self._expressions.place(node.target)
        pack = node.type.codec.pack_into
        if node.type.kind is Kind.REAL and node.target.followed is not None:
            value = _quieted(value)

        def assign(activation: Activation) -> None:
            result = value(activation)
            spot = locate(activation)
            if spot is not None:
                pack(*spot, result)

        return assign

    def _copy(self, node: ir.Copy) -> Runner:
        places = (self._expressions.place(node.source), self._expressions.place(node.target))
        size = node.size

        def copy(activation: Activation) -> None:
            spots = locate_all(places, activation)
            if spots is not None:
                (source, start), (target, at) = spots
                target[at : at + size] = bytes(source[start : start + size])

        return copy

    def _call_instance(self, node: ir.CallInstance) -> Runner:
        function: Function = self._expressions.function(node.body)
        places = tuple(self._expressions.place(place) for place in (node.instance, *node.refs))

        def call(activation: Activation) -> None:
            spots = locate_all(places, activation)
            if spots is not None:
                function.run(*spots[0], spots[1:])

        return call

    def _if(self, node: ir.If) -> Runner:
        arms = tuple((self._expressions.expression(condition), self.block(block)) for condition, block in node.arms)
        otherwise = self.block(node.otherwise)

        def choose(activation: Activation) -> Signal | None:
            for condition, block in arms:
                if condition(activation):
                    return block(activation)
            return otherwise(activation)

        return choose

    def _case(self, node: ir.Case) -> Runner:
        selector = self._expressions.expression(node.selector)
        arms = tuple((arm.ranges, self.block(arm.block)) for arm in node.arms)
        otherwise = self.block(node.otherwise)

        def choose(activation: Activation) -> Signal | None:
            value: Any = selector(activation)
            for ranges, block in arms:
                if any(low <= value <= high for low, high in ranges):
                    return block(activation)
            return otherwise(activation)

        return choose

    def _advance(self, node: ir.Advance) -> Runner:
        amount, header = self._expressions.expression(node.amount), self._header

        def advance(activation: Activation) -> None:
            header.ask(int(amount(activation)), node.asked)

        return advance

    def _for(self, node: ir.For) -> Runner:
        compile_ = self._expressions.expression
        bounds = (compile_(node.start), compile_(node.end), compile_(node.step))
        return ForLoop(node, self._expressions.place(node.control), bounds, self.block(node.block), self._header)


_SIGNALS = {ir.Exit: Signal.EXIT, ir.Continue: Signal.CONTINUE, ir.Return: Signal.RETURN}


def _quieted(value: Evaluator) -> Evaluator:
    """A NaN as the one whose bits native code stores through a pointer too."""

    def evaluate(activation: Activation) -> Value:
        result = value(activation)
        return result if result == result else math.nan  # only a NaN differs from itself

    return evaluate


def _dropped(value: Evaluator) -> Runner:
    def evaluate(activation: Activation) -> None:
        value(activation)

    return evaluate
