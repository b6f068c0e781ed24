"""A whole application as the text of one LLVM module."""

from collections import Counter
from collections.abc import Mapping

from runtime.core.fault import ProgramFault
from runtime.lang import ir
from runtime.lang.application import Application
from runtime.lang.llvm import bodies
from runtime.lang.llvm.faultlocals import locals_of
from runtime.lang.llvm.parts import split_long_bodies
from runtime.lang.llvm.statements import emit_block
from runtime.lang.llvm.writer import METADATA, BodyWriter
from runtime.lang.syntax.recursion import deep_recursion
from runtime.lang.testing.advance import ADVANCE_SYMBOL

MAX_STACK_BYTES = 1 << 20
"""Bytes that the frames of the deepest chain of calls may take; the scan thread's stack is 8 MiB (glibc's default)."""

INLINE_GROWTH_LINES = 4000
"""A body whose copies at every call would add more lines than this is called, not inlined: a scan of thousands of
instances runs faster from the instruction cache, and compiles in a fraction of the time."""

INLINE_FREE_LINES = 30
"""A body no longer than this is left to LLVM: what it does is hardly longer than a call."""


def emit_module(app: Application) -> str:
    """The module's text; equal applications give equal text.

    Raises ProgramFault when the frames of a chain of calls need more stack than there is.
    """
    with deep_recursion():
        bodies_by_name = split_long_bodies(app.bodies)
        writers = {name: _body_writer(bodies_by_name, name) for name in sorted(bodies_by_name)}
        tasks = [_task_writer(app, i) for i in range(len(app.tasks))]
        _check_stack(bodies_by_name, writers)
    calls: Counter[str] = sum((writer.calls for writer in [*writers.values(), *tasks]), Counter())
    names = {symbol: text for writer in writers.values() for symbol, text in writer.local_names.items()}
    declared = {symbol: text for writer in writers.values() for symbol, text in writer.libm.items()}
    parts = [
        *(text for name in writers if (text := bodies.frame_constant(bodies_by_name[name]))),
        *(declared[symbol] for symbol in sorted(declared)),
        *(names[symbol] for symbol in sorted(names)),
        *([f"declare void @{ADVANCE_SYMBOL}(ptr, i64, i32)"] if any(w.advances for w in writers.values()) else []),
        bodies.helpers(len(app.initial)),
        *(
            _body_text(
                bodies_by_name[name], len(app.initial), writer, inline=_may_inline(app, name, writer, calls[name])
            )
            for name, writer in writers.items()
        ),
        *(_task_text(app, i, writer) for i, writer in enumerate(tasks)),
        "attributes #0 = { nounwind willreturn nosync nofree memory(none) }",
        METADATA,
    ]
    return "\n".join(parts)


def _body_writer(bodies_by_name: Mapping[str, ir.Body], name: str) -> BodyWriter:
    body = bodies_by_name[name]
    out = BodyWriter(bodies_by_name, emit_block, instance=bodies.instance_of(body), frame=locals_of(body))
    bodies.emit_body(out, body)
    return out


def _task_writer(app: Application, i: int) -> BodyWriter:
    out = BodyWriter(app.bodies, emit_block)
    bodies.emit_task(out, app.tasks[i])
    return out


def _may_inline(app: Application, name: str, writer: BodyWriter, call_count: int) -> bool:
    if name not in app.bodies:
        return False  # a part of a long body
    lines = len(writer.lines) - writer.fault_lines
    return lines <= INLINE_FREE_LINES or call_count == 1 or call_count * lines <= INLINE_GROWTH_LINES


def _body_text(body: ir.Body, memory_size: int, writer: BodyWriter, *, inline: bool) -> str:
    attributes = "nounwind" if inline else "noinline nounwind"
    return _function(f"define internal {bodies.signature(body, memory_size)} {attributes}", writer)


def _task_text(app: Application, i: int, writer: BodyWriter) -> str:
    return _function(f"define void @{bodies.task_symbol(i)}({bodies.app_parameter(len(app.initial))}) nounwind", writer)


def _function(head: str, writer: BodyWriter) -> str:
    return "\n".join([head + " {", "entry:", *writer.rooms, *writer.lines, "}\n"])


def _check_stack(bodies_by_name: Mapping[str, ir.Body], writers: dict[str, BodyWriter]) -> None:
    needed: dict[str, int] = {}

    def stack_of(name: str) -> int:
        if name not in needed:
            deepest = max((stack_of(callee) for callee in writers[name].calls), default=0)
            needed[name] = len(bodies_by_name[name].frame) + writers[name].room_bytes + deepest
        return needed[name]

    for name in writers:
        if stack_of(name) > MAX_STACK_BYTES:
            raise ProgramFault(
                f"a call of {name} needs {needed[name]} bytes for temporary variables, with what it calls; "
                f"there are {MAX_STACK_BYTES}",
                where=name,
                mend="move large arrays from VAR_TEMP or a FUNCTION into VAR of a function block or VAR_GLOBAL",
            )
