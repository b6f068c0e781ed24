"""The C library's float functions: one set of symbols for both back ends, so that their results are bit-equal.

LLVM would choose functions of its own, or fold a call by the rules of the machine that compiles; so native code knows
them under names of ours (`native_symbol`), bound when the code is loaded to the same addresses that ctypes calls.
"""

import ctypes
from collections.abc import Callable

from runtime.core.elementary import Elementary

_C_NAMES = {
    "SQRT": "sqrt",
    "LN": "log",
    "LOG": "log10",
    "EXP": "exp",
    "SIN": "sin",
    "COS": "cos",
    "TAN": "tan",
    "ASIN": "asin",
    "ACOS": "acos",
    "ATAN": "atan",
    "ATAN2": "atan2",
    "EXPT": "pow",
    "FLOOR": "floor",
    "CEIL": "ceil",
}
_TWO_ARGUMENTS = frozenset({"ATAN2", "EXPT"})
_PREFIX = "voltscan_libm_"

FUNCTION_NAMES = frozenset(_C_NAMES)
"""Intrinsics of ir that are libm's."""

# By its name in glibc: ctypes.util.find_library would start a compiler to look for it.
_libm = ctypes.CDLL("libm.so.6")


def argument_count(name: str) -> int:
    """How many real arguments an intrinsic takes."""
    return 2 if name in _TWO_ARGUMENTS else 1


def native_symbol(name: str, type_: Elementary) -> str:
    """The name under which emitted code calls the function, `voltscan_libm_sinf`."""
    return _PREFIX + _c_name(name, single=type_.size == 4)


def function(name: str, type_: Elementary) -> Callable[..., float]:
    """The function itself; takes and gives Python floats, rounds to 32 bit for REAL, never raises."""
    return _bind(name, single=type_.size == 4)


def native_addresses() -> dict[str, int]:
    """Address of every function by its native symbol."""
    found: dict[str, int] = {}
    for name in sorted(_C_NAMES):
        for single in (False, True):
            address = ctypes.cast(_bind(name, single=single), ctypes.c_void_p).value
            assert address is not None
            found[_PREFIX + _c_name(name, single=single)] = address
    return found


def _c_name(name: str, *, single: bool) -> str:
    return _C_NAMES[name] + ("f" if single else "")


def _bind(name: str, *, single: bool) -> "ctypes._NamedFuncPointer":
    # A fresh object each time would be `_libm[...]`; attribute access caches it, with its signature.
    bound = getattr(_libm, _c_name(name, single=single))
    real = ctypes.c_float if single else ctypes.c_double
    bound.argtypes = [real] * argument_count(name)
    bound.restype = real
    return bound  # type: ignore[no-any-return]  # getattr on a library is Any
