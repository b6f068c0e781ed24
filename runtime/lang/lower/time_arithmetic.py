"""Arithmetic with times and dates: durations are added, subtracted, and multiplied or divided by numbers; dates take
and give durations.
"""

from dataclasses import replace
from typing import Literal

from runtime.core.elementary import DATE, DT, LDATE, LDT, LINT, LREAL, LTIME, LTOD, TIME, TOD, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower.arithmetic import arithmetic_node
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.folding import converted
from runtime.lang.lower.mismatch import refuse_pair
from runtime.lang.semantics.types import ANY_REAL, Type


def time_arithmetic(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    """TIME + TIME, TIME - TIME, TIME * number, number * TIME, TIME / number. By a real number it rounds to 1 ns."""
    if Kind.DATE in (_kind(left), _kind(right)):
        return _with_date(ctx, node, left, right)
    if TIME in (left.type, right.type) and LTIME in (left.type, right.type):
        left, right = _widened(left), _widened(right)
    if left.type in (TIME, LTIME) and right.type == left.type:
        if node.op not in ("+", "-"):
            return _refuse(ctx, node, left, right)
        return _sum(node, left, right, left.type)
    if node.op == "*" and right.type in (TIME, LTIME):
        return _scaled(ctx, node, right, left, swapped=True)
    if node.op in ("*", "/") and left.type in (TIME, LTIME):
        return _scaled(ctx, node, left, right, swapped=False)
    return _refuse(ctx, node, left, right)


def _kind(value: Typed) -> Kind | None:
    return value.type.kind if isinstance(value.type, Elementary) else None


def _widened(value: Typed) -> Typed:
    return replace(value, type=LTIME, expr=converted(value.expr, LTIME) if value.expr is not None else None)


def _sum(node: tree.Binary, left: Typed, right: Typed, result: Type) -> Typed:
    """Nanoseconds added or subtracted."""
    assert isinstance(result, Elementary)
    if left.expr is None or right.expr is None:
        return Typed(result, node.span)
    op: Literal["add", "sub"] = "add" if node.op == "+" else "sub"
    return Typed(result, node.span, ir.Binary(result, op, converted(left.expr, result), converted(right.expr, result)))


def _with_date(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    """TOD or DT plus or minus a duration; the duration between two of one kind (3rd edition, table 35)."""
    if node.op == "-" and _kind(left) is _kind(right) and left.type == right.type:
        assert isinstance(left.type, Elementary)
        return _sum(node, left, right, LTIME if left.type.name.startswith("L") else TIME)
    if (
        _kind(left) is Kind.DATE
        and _kind(right) is Kind.TIME
        and node.op in ("+", "-")
        and left.type not in (DATE, LDATE)
    ):
        return _sum(node, left, right, left.type)
    if _kind(left) is Kind.TIME and right.type in (TOD, LTOD, DT, LDT) and node.op == "+":
        return _sum(node, left, right, right.type)
    return _refuse(ctx, node, left, right)


def _scaled(ctx: Context, node: tree.Binary, time: Typed, number: Typed, *, swapped: bool) -> Typed:
    assert isinstance(time.type, Elementary)
    is_real = number.type is ANY_REAL or (isinstance(number.type, Elementary) and number.type.kind is Kind.REAL)
    is_whole = isinstance(number.type, Elementary) and number.type.kind in (Kind.SIGNED, Kind.UNSIGNED)
    if not (is_real or is_whole or number.make is not None):
        return _refuse(ctx, node, time, number)
    kind = LREAL if is_real else LINT
    factor = number.make(kind) if number.make else converted(number.expr, kind) if number.expr else None
    if factor is None or time.expr is None:
        return Typed(time.type, node.span)
    amount = converted(time.expr, kind)
    first, second = (factor, amount) if swapped else (amount, factor)
    made = arithmetic_node(ctx, node, "mul" if node.op == "*" else "div", kind, first, second)
    site = ctx.site(FaultCode.NAN_TO_INTEGER, node.op_span) if is_real else -1
    return Typed(time.type, node.span, converted(made, time.type, site))


def _refuse(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    refuse_pair(ctx, node, left, right, None)
    return nothing(node.span)
