"""The functions that both back ends know, on Python values."""

import math

from runtime.core.elementary import Elementary, Kind, Value
from runtime.lang import libm
from runtime.lang.interp import numbers
from runtime.lang.interp.operations import Operation, RecordFault, real_to_integer
from runtime.lang.interp.texts import TEXT_FUNCTIONS, text_function


def intrinsic(name: str, type_: Elementary, site: int, record: RecordFault) -> Operation:
    """The function of an `Intrinsic` node; it takes the evaluated arguments."""
    if name in libm.FUNCTION_NAMES:
        return libm.function(name, type_)
    if name in TEXT_FUNCTIONS:
        return text_function(name, type_)
    if name in _SHIFTS:
        return _shift(name, type_)
    if name == "ABS":
        return _absolute(type_)
    if name == "TRUNC":
        return real_to_integer(type_, math.trunc, site, record)
    return _SELECTIONS[name]


def _limit(low: Value, value: Value, high: Value) -> Value:
    return min(max(value, low), high)


def _select(which: bool, in0: Value, in1: Value) -> Value:
    return in1 if which else in0


def _multiplex(which: int, *inputs: Value) -> Value:
    return inputs[min(max(which, 0), len(inputs) - 1)]


# min and max replace the one held only by a later one that compares less (greater), as the IR wants it.
_SELECTIONS: dict[str, Operation] = {
    "MIN": min,
    "MAX": max,
    "LIMIT": _limit,
    "SEL": _select,
    "MUX": _multiplex,
}


def _absolute(type_: Elementary) -> Operation:
    if type_.kind is Kind.REAL:
        return math.fabs
    wrap = numbers.wrapper(type_)
    return lambda value: wrap(abs(value))


_SHIFTS = frozenset({"SHL", "SHR", "ROL", "ROR"})


def _shift(name: str, type_: Elementary) -> Operation:
    width = type_.bits
    mask = (1 << width) - 1
    wrap = numbers.wrapper(type_)

    def shift(value: int, count: int) -> Value:
        bits, count = int(value) & mask, max(count, 0)
        if name == "SHR" and type_.is_signed:
            return value >> min(count, width)
        if name in ("ROL", "ROR"):
            left = count % width if name == "ROL" else -count % width
            moved = (bits << left) | (bits >> (width - left))
        else:
            count = min(count, width)
            moved = bits << count if name == "SHL" else bits >> count
        moved = wrap(moved & mask)
        return bool(moved) if type_.kind is Kind.BOOL else moved

    return shift
