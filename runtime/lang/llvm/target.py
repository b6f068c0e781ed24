"""The machines that code is emitted for."""

from functools import cache
from typing import Any

from llvmlite import binding

GENERIC_CPU = ""
"""The plain processor of an architecture: objects run on every machine of it, and results do not depend on one."""


@cache
def initialise() -> None:
    """Make all of LLVM's targets known, once a process."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()


def host_triple() -> str:
    """The target of this process, `x86_64-unknown-linux-gnu`."""
    return str(binding.get_process_triple())


def target_machine(triple: str, cpu: str = GENERIC_CPU) -> Any:
    """LLVM's description of a target; code may lie anywhere in the address space.

    No option asks for fused multiply-add, and the emitted operations do not allow it, so none is ever made.
    """
    initialise()
    return binding.Target.from_triple(triple).create_target_machine(
        cpu=cpu, opt=2, reloc="static", codemodel="jitdefault", jit=True
    )
