"""From an application to object code."""

from typing import Any

from llvmlite import binding

from runtime.lang.application import Application
from runtime.lang.llvm import target
from runtime.lang.llvm.module import emit_module

SPEED_LEVEL = 2
"""LLVM's -O2."""


def compile_object(
    app: Application, *, triple: str | None = None, cpu: str = target.GENERIC_CPU, speed_level: int = SPEED_LEVEL
) -> bytes:
    """Object code (ELF) of an application for a target, by default this machine's architecture.

    Raises ProgramFault when the program needs more stack than a scan thread has.
    """
    return compile_text(emit_module(app), triple=triple, cpu=cpu, speed_level=speed_level)


def compile_text(
    text: str, *, triple: str | None = None, cpu: str = target.GENERIC_CPU, speed_level: int = SPEED_LEVEL
) -> bytes:
    """Object code of a module's text."""
    module, machine = optimise(text, triple=triple, cpu=cpu, speed_level=speed_level)
    return bytes(machine.emit_object(module))


def optimise(
    text: str, *, triple: str | None = None, cpu: str = target.GENERIC_CPU, speed_level: int = SPEED_LEVEL
) -> tuple[Any, Any]:
    """The optimised module and its target machine; for those who want to look at the code."""
    triple = triple or target.host_triple()
    machine = target.target_machine(triple, cpu)
    module = binding.parse_assembly(text)
    module.triple = triple
    module.data_layout = str(machine.target_data)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=speed_level)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module, machine
