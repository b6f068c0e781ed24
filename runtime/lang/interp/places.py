"""Places: from base, offset and checked indices to a buffer and an offset in it."""

from collections.abc import Callable

from runtime.core.appmemory import HEADER_SIZE
from runtime.lang.interp.activation import Activation, Evaluator, Locator, Spot
from runtime.lang.interp.operations import RecordFault
from runtime.lang.ir import Base, Expr, Followed, Index, Place
from runtime.lang.ir.pointer import MARK_BIT, parts
from runtime.lang.machine import Buffer

CompileExpression = Callable[[Expr], Evaluator]

Check = Callable[[Activation], int | None]
"""Bytes to add for a subscript; None (and a fault) when it is out of range."""


def compile_place(place: Place, memory: Buffer, compile_: CompileExpression, record: RecordFault) -> Locator:
    """The function that finds a place in an activation."""
    if place.followed is not None:
        return _followed(place, place.followed, memory, compile_, record)
    start = _start(place, memory)
    if not place.indices:
        return start
    checks = checks_of(place.indices, compile_, record)

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


def _followed(
    place: Place, followed: Followed, memory: Buffer, compile_: CompileExpression, record: RecordFault
) -> Locator:
    """A place behind a pointer: inside the pointer's bounds, and those inside of what a program may touch."""
    pointer, checks = compile_(followed.pointer), checks_of(place.indices, compile_, record)
    size, alignment, mark, end, site = (
        followed.size,
        followed.alignment,
        followed.mark >> MARK_BIT,
        followed.end,
        followed.site,
    )
    behind = place.offset

    def locate(activation: Activation) -> Spot | None:
        tag, low, high, offset = parts(int(pointer(activation)))
        offset += behind
        for check in checks:
            step = check(activation)
            if step is None:
                return None
            offset += step
        inside = HEADER_SIZE <= low <= offset and offset + size <= high <= end
        if tag >> MARK_BIT != mark or not inside or offset % alignment:
            record(site)
            return None
        return memory, offset

    return locate


def checks_of(indices: tuple[Index, ...], compile_: CompileExpression, record: RecordFault) -> tuple[Check, ...]:
    """The functions that check subscripts, in order."""
    return tuple(_check(index, compile_, record) for index in indices)


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


def _check(index: Index, compile_: CompileExpression, record: RecordFault) -> Check:
    value = compile_(index.value)
    low, high, stride, site = index.low, index.high, index.stride, index.site

    def check(activation: Activation) -> int | None:
        subscript = int(value(activation))
        if low <= subscript <= high:
            return (subscript - low) * stride
        record(site)
        return None

    return check
