"""The two loops of the IR as closures. Both charge the budget before each round."""

import operator
from collections.abc import Callable

from runtime.core.elementary import Elementary
from runtime.lang import ir
from runtime.lang.interp.activation import Activation, Evaluator, Locator, Runner, Signal
from runtime.lang.interp.header import Header


def compile_loop(node: ir.Loop, block: Runner, after: Runner, header: Header) -> Runner:
    """WHILE and REPEAT: rounds of `block` and `after` until one of them exits."""
    charge, cost, site = header.charge, node.cost, node.site

    def loop(activation: Activation) -> Signal | None:
        while True:
            charge(cost, site)
            signal = block(activation)
            if signal is None or signal is Signal.CONTINUE:
                signal = after(activation)
            if signal is Signal.EXIT:
                return None
            if signal is Signal.RETURN:
                return signal

    return loop


class ForLoop:
    """A FOR loop; called with the activation, it runs it."""

    def __init__(
        self,
        node: ir.For,
        control: Locator,
        bounds: tuple[Evaluator, Evaluator, Evaluator],
        block: Runner,
        header: Header,
    ) -> None:
        self._node = node
        self._control = control
        self._bounds = bounds
        self._block = block
        self._header = header

    def __call__(self, activation: Activation) -> Signal | None:
        """Evaluate the bounds once, then run the rounds."""
        node, type_ = self._node, self._node.type
        start, end, step = (int(bound(activation)) for bound in self._bounds)
        if step == 0:
            self._header.record_fault(node.site_step)
            return None
        spot = self._control(activation)
        if spot is None:
            return None
        type_.pack_into(*spot, start)
        not_past: Callable[[int, int], bool] = operator.le if step > 0 else operator.ge
        while not_past(int(type_.unpack(*spot)), end):
            self._header.charge(node.cost, node.site_budget)
            signal = self._block(activation)
            if signal is Signal.RETURN:
                return signal
            following = int(type_.unpack(*spot)) + step
            if signal is Signal.EXIT or not _fits(following, type_):
                return None
            type_.pack_into(*spot, following)
        return None


def _fits(value: int, type_: Elementary) -> bool:
    return type_.minimum <= value <= type_.maximum
