"""Arithmetic as the IR means it, on Python numbers: wrapping integers, 32-bit reals, no exceptions."""

import ctypes
import math
from collections.abc import Callable

from runtime.core.elementary import Elementary

_EXACT_BITS = 53
"""Significand of a double: integers below 2 ** 53 convert without rounding."""


def wrapper(type_: Elementary) -> Callable[[int], int]:
    """The function that brings any integer into the range of `type_`, modulo 2 ** width."""
    mask = (1 << type_.bits) - 1
    if not type_.is_signed:
        return lambda value: value & mask
    half = 1 << (type_.bits - 1)
    return lambda value: ((value + half) & mask) - half


def round32(value: float) -> float:
    """The nearest 32-bit real, ties to even, infinity past the largest (a double result of one operation on REALs
    rounds to the same REAL as the exact result: 53 >= 2 * 24 + 2).
    """
    return ctypes.c_float(value).value


def rounder(type_: Elementary) -> Callable[[float], float]:
    """Rounding to a real type."""
    return round32 if type_.size == 4 else float


def integer_to_real(value: int, type_: Elementary) -> float:
    """The nearest real, rounded once."""
    if type_.size == 8:
        return float(value)
    excess = value.bit_length() - _EXACT_BITS
    if excess <= 0:
        return round32(float(value))
    # float() would round to 53 bits and round32 again: keep 53 bits with a sticky last one, then round once.
    sticky = 1 if value & ((1 << excess) - 1) else 0
    return round32(float((value >> excess) | sticky)) * float(1 << excess)


def saturate(value: float, type_: Elementary, whole: Callable[[float], int]) -> int:
    """A real that is not NaN as an integer, made whole by `whole` and clipped into the range of `type_`."""
    if math.isinf(value):
        return type_.maximum if value > 0 else type_.minimum
    return min(max(whole(value), type_.minimum), type_.maximum)


def divide_real(left: float, right: float) -> float:
    """IEEE 754 division."""
    if right != 0.0 or math.isnan(left):
        return left / right if right != 0.0 else left
    if left == 0.0:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def divide(left: int, right: int) -> int:
    """Integer division towards zero; the divisor is not 0."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def remainder(left: int, right: int) -> int:
    """Remainder with the sign of the dividend; the divisor is not 0."""
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest
