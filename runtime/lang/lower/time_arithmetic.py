"""Arithmetic with TIME: durations are added, subtracted, compared, and multiplied or divided by numbers."""

from runtime.core.elementary import LINT, LREAL, TIME, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower.arithmetic import arithmetic_node
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import converted
from runtime.lang.lower.mismatch import refuse_pair
from runtime.lang.types import ANY_REAL


def time_arithmetic(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    """TIME + TIME, TIME - TIME, TIME * number, number * TIME, TIME / number. By a real number it rounds to 1 ns."""
    if left.type == TIME and right.type == TIME:
        if node.op not in ("+", "-"):
            return _refuse(ctx, node, left, right)
        if left.expr is None or right.expr is None:
            return Typed(TIME, node.span)
        return Typed(TIME, node.span, ir.Binary(TIME, "add" if node.op == "+" else "sub", left.expr, right.expr))
    if node.op == "*" and right.type == TIME:
        return _scaled(ctx, node, right, left, swapped=True)
    if node.op in ("*", "/") and left.type == TIME:
        return _scaled(ctx, node, left, right, swapped=False)
    return _refuse(ctx, node, left, right)


def _scaled(ctx: Context, node: tree.Binary, time: Typed, number: Typed, *, swapped: bool) -> Typed:
    is_real = number.type is ANY_REAL or (isinstance(number.type, Elementary) and number.type.kind is Kind.REAL)
    is_whole = isinstance(number.type, Elementary) and number.type.kind in (Kind.SIGNED, Kind.UNSIGNED)
    if not (is_real or is_whole or number.make is not None):
        return _refuse(ctx, node, time, number)
    kind = LREAL if is_real else LINT
    factor = number.make(kind) if number.make else converted(number.expr, kind) if number.expr else None
    if factor is None or time.expr is None:
        return Typed(TIME, node.span)
    amount = converted(time.expr, kind)
    first, second = (factor, amount) if swapped else (amount, factor)
    made = arithmetic_node(ctx, node, "mul" if node.op == "*" else "div", kind, first, second)
    site = ctx.site(FaultCode.NAN_TO_INTEGER, node.op_span) if is_real else -1
    return Typed(TIME, node.span, converted(made, TIME, site))


def _refuse(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    refuse_pair(ctx, node, left, right, None)
    return nothing(node.span)
