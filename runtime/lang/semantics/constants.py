"""Values of constant expressions: exactly what the expression would give at run time, or nothing.

Where the result at run time would come with a fault, there is no constant.
"""

import math
import operator
import struct
from collections.abc import Callable
from typing import Any

from runtime.core.elementary import Elementary, Kind, Number, Value
from runtime.lang import ir

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


def evaluate(expr: ir.Expr | None) -> Value | None:
    """The value of an expression that depends on nothing; None when it does, or cannot be known here."""
    match expr:
        case ir.Const():
            return expr.value
        case ir.Unary():
            return _unary(expr)
        case ir.Binary():
            return _binary(expr)
        case ir.Compare():
            return _compare(expr)
        case ir.Convert():
            return _convert(expr)
        case ir.ShortCircuit():
            left, right = evaluate(expr.left), evaluate(expr.right)
            if left is None or right is None:
                return None
            return bool(left and right) if expr.op == "and_then" else bool(left or right)
        case ir.Intrinsic():
            return _intrinsic(expr)
        case _:
            return None


def wrap(kind: Elementary, value: int) -> int:
    """A whole number as the integer type holds it: two's complement."""
    if kind.kind is Kind.BOOL:
        return bool(value)
    value &= (1 << kind.bits) - 1
    return value - (1 << kind.bits) if kind.is_signed and value > kind.maximum else value


def round_real(kind: Elementary, value: float) -> float:
    """A number rounded to the width of REAL or LREAL."""
    if kind.size == 8:
        return value
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def evaluate_number(expr: ir.Expr | None) -> Number | None:
    """As `evaluate`, of an expression that the checker has let be a number only."""
    value = evaluate(expr)
    assert not isinstance(value, str), "a text where the checker saw a number"
    return value


def _unary(expr: ir.Unary) -> Number | None:
    value = evaluate_number(expr.operand)
    if value is None:
        return None
    if expr.op == "neg":
        return -value if isinstance(value, float) else wrap(expr.type, -value)
    return not value if expr.type.kind is Kind.BOOL else wrap(expr.type, ~int(value))


def _binary(expr: ir.Binary) -> Value | None:
    left, right = evaluate(expr.left), evaluate(expr.right)
    if left is None or right is None:
        return None
    if expr.type.kind is Kind.REAL:
        return _real_binary(expr, float(left), float(right))
    a, b = int(left), int(right)
    match expr.op:
        case "add":
            result = a + b
        case "sub":
            result = a - b
        case "mul":
            result = a * b
        case "and":
            result = a & b
        case "or":
            result = a | b
        case "xor":
            result = a ^ b
        case _:
            if b == 0:
                return None
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            result = quotient if expr.op == "div" else a - b * quotient
    return wrap(expr.type, result)


def _real_binary(expr: ir.Binary, left: float, right: float) -> float | None:
    match expr.op:
        case "add":
            result = left + right
        case "sub":
            result = left - right
        case "mul":
            result = left * right
        case "div" if right != 0.0:
            result = left / right
        case _:
            return None
    return round_real(expr.type, result)


def _compare(expr: ir.Compare) -> bool | None:
    left, right = evaluate(expr.left), evaluate(expr.right)
    if left is None or right is None:
        return None
    return _ORDERS[expr.op](left, right)


def _convert(expr: ir.Convert) -> Value | None:
    value = evaluate(expr.operand)
    if value is None:
        return None
    if Kind.TEXT in (expr.type.kind, ir.type_of(expr.operand).kind):
        return value if ir.type_of(expr.operand).kind is expr.type.kind else None
    if expr.type.kind is Kind.BOOL:
        return value != 0
    if expr.type.kind is Kind.REAL:
        return round_real(expr.type, float(value)) if isinstance(value, float) else _nearest(expr.type, int(value))
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return _saturate(expr.type, value)
    return wrap(expr.type, int(value))


def _nearest(kind: Elementary, value: int) -> float | None:
    """A whole number as a real; REAL only where going through LREAL rounds once."""
    return round_real(kind, float(value)) if kind.size == 8 or abs(value) <= 1 << 53 else None


def _saturate(kind: Elementary, value: float) -> int:
    if math.isinf(value):
        return kind.maximum if value > 0 else kind.minimum
    return min(max(round(value), kind.minimum), kind.maximum)


def _intrinsic(expr: ir.Intrinsic) -> Value | None:
    values = [evaluate(a) for a in expr.args]
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return None
    match expr.name:
        case "ABS":
            value = known[0]
            return abs(value) if isinstance(value, float) else wrap(expr.type, abs(int(value)))
        case "SQRT" if (root := float(known[0])) >= 0:
            return round_real(expr.type, math.sqrt(root))  # correctly rounded, and exact through LREAL
        case "MIN":
            return min(known)
        case "MAX":
            return max(known)
        case _:
            return None
