"""Places: from base, offset and checked indices to a buffer and an offset in it."""

from collections.abc import Callable

from runtime.lang.interp.activation import Activation, Evaluator, Locator, Spot
from runtime.lang.interp.operations import RecordFault
from runtime.lang.ir import Base, Expr, Index, Place
from runtime.lang.machine import Buffer

CompileExpression = Callable[[Expr], Evaluator]


def compile_place(place: Place, memory: Buffer, compile_: CompileExpression, record: RecordFault) -> Locator:
    """The function that finds a place in an activation."""
    start = _start(place, memory)
    if not place.indices:
        return start
    checks = tuple(_check(index, compile_, record) for index in place.indices)

    def locate(activation: Activation) -> Spot | None:
        spot = start(activation)
        buffer, offset = spot
        for check in checks:
            step = check(activation)
            if step is None:
                return None
            offset += step
        return buffer, offset

    return locate


def _start(place: Place, memory: Buffer) -> Callable[[Activation], Spot]:
    """Where a place lies before its indices."""
    offset, param = place.offset, place.param
    if place.base is Base.APP:
        fixed = (memory, offset)
        return lambda _: fixed
    if place.base is Base.SELF:
        return lambda activation: (activation.buffer, activation.offset + offset)
    if place.base is Base.FRAME:
        return lambda activation: (activation.frame, offset)

    def pointed_at(activation: Activation) -> Spot:
        buffer, start = activation.refs[param]
        return buffer, start + offset

    return pointed_at


def _check(index: Index, compile_: CompileExpression, record: RecordFault) -> Callable[[Activation], int | None]:
    """Bytes to add for a subscript; None (and a fault) when it is out of range."""
    value = compile_(index.value)
    low, high, stride, site = index.low, index.high, index.stride, index.site

    def check(activation: Activation) -> int | None:
        subscript = int(value(activation))
        if low <= subscript <= high:
            return (subscript - low) * stride
        record(site)
        return None

    return check
