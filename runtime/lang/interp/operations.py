"""Operators and conversions by type: from a node's operation to the Python function that does it."""

import math
import operator
from collections.abc import Callable

from runtime.core.elementary import Elementary, Kind, Value
from runtime.lang.interp import numbers

Operation = Callable[..., Value]
"""A function of evaluated operands."""

RecordFault = Callable[[int], None]

COMPARISONS: dict[str, Callable[..., bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}

_BITWISE: dict[str, Operation] = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}

_ARITHMETIC: dict[str, Operation] = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}


def unary(type_: Elementary, op: str) -> Operation:
    """`neg` or `not` of a type."""
    if op == "not":
        if type_.kind is Kind.BOOL:
            return operator.not_
        return _wrapped(type_, operator.invert)
    if type_.kind is Kind.REAL:
        return operator.neg
    return _wrapped(type_, operator.neg)


def binary(type_: Elementary, op: str, site: int, record: RecordFault) -> Operation:
    """An operator whose operands and result are of one type."""
    if op in _BITWISE:
        return _BITWISE[op]
    if type_.kind is Kind.REAL:
        return _real(type_, numbers.divide_real if op == "div" else _ARITHMETIC[op])
    if op in _ARITHMETIC:
        return _wrapped_pair(type_, _ARITHMETIC[op])
    divide = numbers.divide if op == "div" else numbers.remainder
    wrap = numbers.wrapper(type_)

    def checked(left: int, right: int) -> int:
        if right == 0:
            record(site)
            return 0
        return wrap(divide(left, right))

    return checked


def conversion(to: Elementary, source: Elementary, site: int, record: RecordFault) -> Operation:
    """A `Convert` node's function."""
    if to.kind is Kind.BOOL:
        return bool
    if to.kind is Kind.REAL:
        if source.kind is Kind.REAL:
            return numbers.rounder(to)
        return lambda value: numbers.integer_to_real(int(value), to)
    if source.kind is Kind.REAL:
        return real_to_integer(to, round, site, record)
    wrap = numbers.wrapper(to)
    return lambda value: wrap(int(value))


def real_to_integer(to: Elementary, whole: Callable[[float], int], site: int, record: RecordFault) -> Operation:
    """Saturating conversion; `whole` rounds or truncates. NaN faults and gives 0."""

    def convert(value: float) -> int:
        if math.isnan(value):
            record(site)
            return 0
        return numbers.saturate(value, to, whole)

    return convert


def _real(type_: Elementary, op: Operation) -> Operation:
    if type_.size == 8:
        return op
    return lambda left, right: numbers.round32(float(op(left, right)))


def _wrapped(type_: Elementary, op: Operation) -> Operation:
    wrap = numbers.wrapper(type_)
    return lambda value: wrap(int(op(value)))


def _wrapped_pair(type_: Elementary, op: Operation) -> Operation:
    mask = (1 << type_.bits) - 1
    if not type_.is_signed:
        return lambda left, right: int(op(left, right)) & mask
    half = 1 << (type_.bits - 1)
    return lambda left, right: ((int(op(left, right)) + half) & mask) - half
