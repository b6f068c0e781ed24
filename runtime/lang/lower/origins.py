"""Where the statements of a body were written: noted while they are lowered, laid beside the body at the end."""

from collections.abc import Sequence
from dataclasses import replace

from runtime.lang import ir, tree
from runtime.lang.lower.context import Context
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import EnumType, storage_of

_NODES: dict[type, type] = {
    tree.If: ir.If,
    tree.Case: ir.Case,
    tree.For: ir.For,
    tree.While: ir.Loop,
    tree.Repeat: ir.Loop,
}


def note(ctx: Context, written: tree.Statement, made: Sequence[ir.Statement]) -> None:
    """Remember where the statements come from: the one that stands for the written one gets its place."""
    if made:
        kind = _NODES.get(type(written))
        stands = next((m for m in made if kind is not None and isinstance(m, kind)), made[0])
        span = written.span
        origin = ir.Origin(span.source.name, span.line, span.column, type(written).__name__)
        ctx.origins[id(stands)] = (stands, origin)


def with_origins(ctx: Context, body: ir.Body) -> ir.Body:
    """The body with the places of its statements."""
    noted = [ctx.origins.get(id(node)) for node in ir.walk(body.block)]
    return replace(body, origins=tuple(found[1] if found is not None else None for found in noted))


def locals_of(pou: PouSymbol) -> tuple[ir.Local, ...]:
    """The single values among a POU's variables that lie in its frame, or stand in for some that would."""
    found = [(s, storage_of(s.type)) for s in pou.variables.values()]
    return tuple(
        ir.Local(
            s.name,
            storage,
            s.place.offset,
            s.type.labels if isinstance(s.type, EnumType) else (),
            is_static=s.in_frame is not None,
        )
        for s, storage in found
        if storage is not None and s.place is not None and (s.place.base is ir.Base.FRAME or s.in_frame is not None)
    )
