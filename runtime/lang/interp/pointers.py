"""Taking addresses: from a place to a pointer with its bounds."""

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.elementary import Value
from runtime.lang.interp.activation import Activation, Evaluator
from runtime.lang.interp.operations import RecordFault
from runtime.lang.interp.places import Check, CompileExpression, checks_of, compile_place
from runtime.lang.ir import Followed, Point
from runtime.lang.ir.pointer import parts, pointer
from runtime.lang.machine import Buffer

_NULL = 0


def compile_point(node: Point, memory: Buffer, compile_: CompileExpression, record: RecordFault) -> Evaluator:
    """The function that makes the pointer of a `Point` node."""
    followed = node.place.followed
    if followed is not None:
        return _moved(node, followed, compile_, record)
    locate = compile_place(node.place, memory, compile_, record)
    checks, behind, size, tag = checks_of(node.indices, compile_, record), node.offset, node.size, node.tag
    end, site = node.end, node.site

    def point(activation: Activation) -> Value:
        spot = locate(activation)
        step = _sum(checks, activation, behind) if spot is not None else None
        if spot is None or step is None:
            return _NULL
        buffer, low = spot
        if buffer is not memory or not HEADER_SIZE <= low <= end - size:
            record(site)
            return _NULL
        return pointer(tag=tag, low=low, high=low + size, offset=low + step)

    return point


def _moved(node: Point, followed: Followed, compile_: CompileExpression, record: RecordFault) -> Evaluator:
    """The pointer a place is reached through, led to that place."""
    held = compile_(followed.pointer)
    checks = checks_of((*node.place.indices, *node.indices), compile_, record)
    behind = node.place.offset + node.offset

    def point(activation: Activation) -> Value:
        tag, low, high, offset = parts(int(held(activation)))
        step = _sum(checks, activation, behind)
        return _NULL if step is None else pointer(tag=tag, low=low, high=high, offset=offset + step)

    return point


def _sum(checks: tuple[Check, ...], activation: Activation, start: int) -> int | None:
    total = start
    for check in checks:
        step = check(activation)
        if step is None:
            return None
        total += step
    return total
