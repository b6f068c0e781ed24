"""Where the statements of a body were written: noted while they are lowered, laid beside the body at the end."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from runtime.lang import ir, tree
from runtime.lang.lower.context import Context
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import ArrayType, BlockType, EnumType, RefType, StructType, Type, storage_of
from runtime.lang.semantics.variables import VarSymbol

_NODES: dict[type, type] = {
    tree.If: ir.If,
    tree.Case: ir.Case,
    tree.For: ir.For,
    tree.While: ir.Loop,
    tree.Repeat: ir.Loop,
}


PARTS_MAX = 200
"""Values of one structure or array that are told of: more than anybody looks at in a debugger."""


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
    """The single values among a POU's variables that lie in its frame, stand in for some that would, or are in-outs."""
    return tuple(local for symbol in pou.variables.values() for local in islice(_values(symbol), PARTS_MAX))


def _values(symbol: VarSymbol) -> Iterator[ir.Local]:
    place = symbol.place
    if place is None or place.indices or place.followed is not None:
        return
    if place.base in (ir.Base.FRAME, ir.Base.REF) or symbol.in_frame is not None:
        param = place.param if place.base is ir.Base.REF else -1
        for name, kind, offset in _parts(symbol.name, symbol.type, place.offset):
            storage = storage_of(kind)
            if storage is not None and not isinstance(kind, RefType):
                labels = kind.labels if isinstance(kind, EnumType) else ()
                yield ir.Local(name, storage, offset, labels, is_static=symbol.in_frame is not None, param=param)


def _parts(name: str, kind: Type, offset: int) -> Iterator[tuple[str, Type, int]]:
    """The single values of a type, with their names and offsets."""
    match kind:
        case StructType() | BlockType():
            for member in kind.members:
                yield from _parts(f"{name}.{member.name}", member.type, offset + member.offset)
        case ArrayType() if not kind.is_open:
            for position in range(kind.count):
                element = f"{name}[{kind.low + position}]".replace("][", ",")
                yield from _parts(element, kind.element, offset + position * kind.stride)
        case ArrayType():
            return
        case _:
            yield name, kind, offset
