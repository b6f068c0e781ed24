"""Runs object code: loads what `llvm` compiled, perhaps in another process, and calls its tasks.

Needs LLVM's loader only; the compiler is not imported. While a task runs, the GIL is free.
"""

import ctypes
from functools import cache
from typing import Any

from llvmlite import binding

from runtime.core.fault import ProgramFault
from runtime.lang import libm
from runtime.lang.application import Application
from runtime.lang.machine import Buffer
from runtime.lang.testing import advance

FAULT_HOOK = "vs_fault_hook"
"""In loaded code: two addresses, both 0 at first, a function and its argument. The function is called right after the
record of a fault, in the statement that did it; it may read application memory and write nothing of it. Behind them lie
the temporary variables that the statement names: u64 how many, then pairs of u64: the address of name and type
(core/faultlocals.py), and the value."""
FAULT_HOOK_LOCALS = 16
"""Where those begin."""
ALIGNMENT = 64
"""Application memory of our own starts on a cache line."""

_LEAST_ALIGNMENT = 8
"""What emitted code relies on."""

_TaskFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Native:
    """An application as machine code over one application memory. A `Machine`.

    `memory` is a writable buffer of the application's size, such as a piece of shared memory; without it the machine
    has memory of its own, filled with `app.initial`. The buffer cannot be closed or resized before `close`.

    Raises ProgramFault when the object code was compiled from an application with other tasks.
    """

    def __init__(self, app: Application, object_code: bytes, memory: Buffer | None = None) -> None:
        self.app = app
        self.memory: Buffer = _own_memory(app.initial) if memory is None else memory
        assert len(self.memory) == len(app.initial), "the memory given has not the application's size"
        self._pin: ctypes.Array[ctypes.c_char] | None = (ctypes.c_char * len(self.memory)).from_buffer(self.memory)
        self.memory_address = ctypes.addressof(self._pin)
        assert self.memory_address % _LEAST_ALIGNMENT == 0, "application memory must start on a multiple of 8"
        self._code = load_object(object_code)
        self._tasks = [_TaskFunction(self.task_address(i)) for i in range(len(app.tasks))]

    def run_task(self, i: int) -> None:
        """Run task number `i` once, to its end or to where its budget cuts it."""
        self._tasks[i](self.memory_address)

    def on_advance(self, answer: advance.OnAdvance) -> None:
        """Who lets time pass for the body of a TEST; until `close`."""
        advance.answer(self.memory_address, answer)

    def task_address(self, i: int) -> int:
        """Address of `void vs_task_<i>(void *application_memory)`, valid while this object lives."""
        address: int = self._code.get_function_address(f"vs_task_{i}")
        if not address:
            raise ProgramFault(
                f"the object code has no task {i}: it was compiled from other programs",
                where="object code",
                mend="compile the programs again",
            )
        return address

    def close(self) -> None:
        """Let go of the memory and the code; after this no task may run."""
        advance.silence(self.memory_address)
        self._tasks = []
        self._pin = None
        self.memory = bytearray()
        self._code.close()


def load_object(object_code: bytes) -> Any:
    """An engine that holds the object's code in executable memory as long as it lives."""
    _initialise()
    # Built for the loader alone: the code is in the object, so level 0 spares making passes ready.
    machine = binding.Target.from_default_triple().create_target_machine(opt=0, jit=True)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(object_code))
    engine.finalize_object()
    return engine


@cache
def _initialise() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    for symbol, address in libm.native_addresses().items():
        binding.add_symbol(symbol, address)
    binding.add_symbol(advance.ADVANCE_SYMBOL, advance.native_address())


def _own_memory(initial: bytes) -> memoryview:
    room = bytearray(len(initial) + ALIGNMENT)
    start = -ctypes.addressof(ctypes.c_char.from_buffer(room)) % ALIGNMENT
    memory = memoryview(room)[start : start + len(initial)]
    memory[:] = initial
    return memory
