"""Which temporary variables a statement names: those that are told when it faults (core/faultlocals.py).

Only in the branch that faults are they read, so the usual path neither stores nor keeps them for this; in a loop it
would (writer.py), so there they are not told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from runtime.core.elementary import Kind
from runtime.core.faultlocals import FAULT_LOCALS_MAX, local_text
from runtime.lang import ir


def locals_of(body: ir.Body) -> dict[int, ir.Local]:
    """The single values in the body's frame, by offset."""
    return {
        local.offset: local
        for local in body.locals
        if not local.is_static and local.param < 0 and local.type.kind is not Kind.TEXT
    }


def named_in(statement: ir.Statement, there: Mapping[int, ir.Local]) -> list[ir.Local]:
    """Those of `there` that the statement itself names (not the statements in it), in its order; at most so many."""
    found = {place.offset: there[place.offset] for place in _places(statement) if place.offset in there}
    return list(found.values())[:FAULT_LOCALS_MAX]


def constant_of(local: ir.Local) -> tuple[str, str]:
    """The symbol of a variable's name and type, and its definition."""
    text = local_text(local.name, local.type)
    symbol = f'@"local.{local.name}:{local.type.name}"'
    content = "".join(f"\\{byte:02X}" for byte in text)
    return symbol, f'{symbol} = internal unnamed_addr constant [{len(text)} x i8] c"{content}", align 8'


def _places(node: Any) -> Iterator[ir.Place]:
    """Places in the frame at known offsets."""
    if isinstance(node, tuple):
        for part in node:
            if not isinstance(part, ir.Statement):
                yield from _places(part)
        return
    if type(node) is ir.Place and node.base is ir.Base.FRAME and not node.may_be_bad:
        yield node
    for name in _names(type(node)):
        part = getattr(node, name)
        if not isinstance(part, ir.Statement):
            yield from _places(part)


_KNOWN: dict[Any, tuple[str, ...]] = {}


def _names(of: Any) -> tuple[str, ...]:
    """The fields of a node; none of what is no node."""
    if of not in _KNOWN:
        is_node = is_dataclass(of) and of.__module__.startswith(ir.__name__)
        _KNOWN[of] = tuple(field.name for field in fields(of)) if is_node else ()
    return _KNOWN[of]
