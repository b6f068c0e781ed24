"""How the body of a TEST lets virtual time pass: it calls back whoever runs its machine (ir.Advance)."""

import ctypes
from collections.abc import Callable

from runtime.lang.ir import Asked

ADVANCE_SYMBOL = "vs_advance"
"""The function that compiled tests call: `void vs_advance(void *application_memory, i64 amount, i32 asked)`."""

OnAdvance = Callable[[int, Asked], None]
"""Run the application's tasks for so many ns (or scans), or look for a fault. CUT set ends the test; never raises."""

_running: dict[int, OnAdvance] = {}


def answer(memory_address: int, on_advance: OnAdvance) -> None:
    """Let `on_advance` answer the calls of the machine whose memory lies there, until `silence`."""
    _running[memory_address] = on_advance


def silence(memory_address: int) -> None:
    """Forget who answers; there need not be one."""
    _running.pop(memory_address, None)


def _advance(memory_address: int, amount: int, asked: int) -> None:
    _running[memory_address](amount, Asked(asked))


_entry = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32)(_advance)


def native_address() -> int:
    """Where the function lies that ADVANCE_SYMBOL stands for in this process."""
    address = ctypes.cast(_entry, ctypes.c_void_p).value
    assert address is not None
    return address
