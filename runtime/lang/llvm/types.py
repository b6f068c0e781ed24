"""Elementary types and constants as LLVM writes them."""

import ctypes
import math
import struct

from runtime.core.elementary import Elementary, Kind, Value


def register_type(type_: Elementary) -> str:
    """The type of a value in a register: i1 for BOOL, float and double for the reals, a pointer for strings, else
    the integer's width.
    """
    if type_.kind is Kind.REAL:
        return "float" if type_.size == 4 else "double"
    return "ptr" if type_.kind is Kind.TEXT else f"i{type_.bits}"


def memory_type(type_: Elementary) -> str:
    """The type of a value in memory: a BOOL takes a byte."""
    return "i8" if type_.kind is Kind.BOOL else register_type(type_)


def constant(type_: Elementary, value: Value) -> str:
    """A literal of a type; a NaN is written as the one quiet NaN."""
    if type_.kind is Kind.BOOL:
        return "true" if value else "false"
    if type_.kind is Kind.REAL:
        assert type_.size == 8 or not _needs_rounding(float(value)), f"REAL literal {value} is not rounded to 32 bit"
        return real_constant(float(value))
    return integer_constant(int(value), type_.bits)


def integer_constant(value: int, bits: int) -> str:
    """An integer literal, written signed whatever the type: LLVM's integers have no sign."""
    half = 1 << (bits - 1)
    return str(((value + half) & ((1 << bits) - 1)) - half)


def real_constant(value: float) -> str:
    """A real literal by its bits; LLVM writes a float's with the bits of the double of the same value."""
    exact = math.nan if math.isnan(value) else value
    return f"0x{struct.unpack('<Q', struct.pack('<d', exact))[0]:016X}"


def _needs_rounding(value: float) -> bool:
    return ctypes.c_float(value).value != value and not math.isnan(value)
