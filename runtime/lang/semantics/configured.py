"""VAR_CONFIG and VAR_ACCESS: values, addresses and names for variables inside of instances (IEC 61131-3, 6.8.1).

A path is written as in a test, `station.pump.speed`, perhaps with the name of the RESOURCE in front. A variable that a
block declares `AT %I*` gets its address here, one for each instance: before each task that address is copied into
`%I*` and `%M*`, after it `%Q*` and `%M*` are copied out (located.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from runtime.core.diagnostic import Label
from runtime.core.tag import Variable
from runtime.lang import tree
from runtime.lang.lower import place
from runtime.lang.lower.context import Context
from runtime.lang.lower.ref import Ref
from runtime.lang.semantics.gate import outside
from runtime.lang.semantics.initial import initial_bytes
from runtime.lang.semantics.layout import Layout
from runtime.lang.semantics.located import Link, check_address, check_width
from runtime.lang.semantics.symbols import Scope, suggest
from runtime.lang.semantics.typedefs import TypeResolver, twice
from runtime.lang.semantics.types import (
    ArrayType,
    BlockType,
    EnumType,
    Member,
    Type,
    name_of,
    same,
    size_of,
    storage_of,
)
from runtime.lang.testing.testplan import show_instances


@dataclass(frozen=True, slots=True)
class Configured:
    """Application memory before the first scan, what is copied between it and the areas, and further names."""

    initial: bytes
    links: tuple[Link, ...] = ()
    aliases: tuple[Variable, ...] = ()


def configured(ctx: Context, types: TypeResolver, files: Sequence[tree.File], layout: Layout) -> Configured:
    """What the CONFIGURATION says about instances; mistakes in it are reported."""
    found = next((c for f in files for c in f.configurations), None)
    declared = (s for pou in ctx.scope.symbols.pous.values() for s in pou.kept)
    looked_at = layout.instances if any(s.address is not None and s.address.is_open for s in declared) else ()
    open_ones = [leaf for placed in looked_at for leaf in _open(placed.name, placed.pou.block, placed.offset)]
    if not open_ones and (found is None or not (found.values or found.access)):
        return Configured(layout.initial)
    looking = outside(found.span if found is not None else open_ones[0][1].span)
    ctx.scope.symbols.declare(looking)
    show_instances([looking], layout)
    ctx = replace(ctx, pou=looking, scope=Scope(ctx.scope.symbols, looking.variables))
    memory, links = bytearray(layout.initial), dict[int, Link | None]()
    for value in found.values if found is not None else ():
        _set(ctx, types, found, value, memory, links)
    for path, member, offset in open_ones:
        if offset not in links and member.at is not None:
            line = f"{path} AT %{member.at.area}… : {name_of(member.type)};"
            mend = f"say it in the CONFIGURATION: VAR_CONFIG {line} END_VAR"
            ctx.report.error("L3309", f"{path} has no address", member.span, "left open here", help=mend)
    aliases = _vetoed(_aliases(ctx, types, found), layout) if found is not None and found.access else ()
    made = tuple(link for link in links.values() if link is not None)
    return Configured(bytes(memory), made, tuple(aliases))


def _open(path: str, kind: Type | None, offset: int) -> Iterator[tuple[str, Member, int]]:
    """The variables in an instance whose address was left open."""
    if isinstance(kind, ArrayType) and isinstance(kind.element, BlockType | ArrayType):
        for position in range(kind.count):
            yield from _open(f"{path}[{kind.low + position}]", kind.element, offset + position * kind.stride)
    elif isinstance(kind, BlockType):
        for member in kind.members:
            if member.at is not None:
                yield f"{path}.{member.name}", member, offset + member.offset
            yield from _open(f"{path}.{member.name}", member.type, offset + member.offset)


def _set(
    ctx: Context,
    types: TypeResolver,
    configuration: tree.Configuration | None,
    value: tree.InstanceValue,
    memory: bytearray,
    links: dict[int, Link | None],
) -> None:
    ref = _reach(ctx, types, configuration, value.path, value.type)
    if ref is None or ref.place is None or ref.place.indices:
        return
    offset = ref.place.offset
    if value.initial is not None:
        fresh = initial_bytes(replace(ctx, pou=None), ref.type, value.initial, ref.declared)
        memory[offset : offset + len(fresh)] = fresh
    if value.at is not None:
        links[offset] = _link(ctx, ref, value.at, offset)


def _link(ctx: Context, ref: Ref, at: tree.Ident, offset: int) -> Link | None:
    address = check_address(ctx.report, at)
    if address is None:
        return None
    wanted = ref.member.at if ref.member is not None else None
    if wanted is None or address.is_open or wanted.area != address.area:
        area = f"%{wanted.area}*" if wanted is not None else "no place that was left open"
        mend = f"declare it AT %{address.area}*" if wanted is None else f"give it a place in %{wanted.area}"
        ctx.report.error("L3307", f"{at.text} does not suit", at.span, f"this has {area}", ref.declared, help=mend)
    elif check_width(ctx.report, ref.type, at, address):
        areas = ctx.scope.symbols.areas
        return Link(offset, size_of(ref.type), address.area, areas.offset(address), address.bit)
    return None


def _reach(
    ctx: Context,
    types: TypeResolver,
    configuration: tree.Configuration | None,
    path: tree.Expr,
    spec: tree.TypeSpec,
) -> Ref | None:
    """The variable at the end of a path, if it has the type that is written; else that is reported."""
    names = {r.key for r in configuration.resources} if configuration is not None else set()
    ref = place.refer(ctx, _without_resource(path, names))
    kind = types.of(spec, ctx.scope)
    if ref is not None and not same(ref.type, kind):
        message = f"this is {name_of(ref.type)}, not {name_of(kind)}"
        ctx.report.error("L3012", message, path.span, f"{name_of(ref.type)}", ref.declared)
        return None
    return ref


def _without_resource(path: tree.Expr, resources: set[str]) -> tree.Expr:
    match path:
        case tree.Field(base=tree.Name() as root) if root.key in resources:
            return tree.Name(path.name.span, path.name.text)
        case tree.Field():
            return replace(path, base=_without_resource(path.base, resources))
        case tree.Subscript():
            return replace(path, base=_without_resource(path.base, resources))
        case _:
            return path


def _vetoed(aliases: Iterator[Variable], layout: Layout) -> Iterator[Variable]:
    """The names, none of which opens what the declaration it leads to keeps closed."""
    leaves = (*layout.tags.tags, *layout.tags.variables)
    closed = {leaf.offset for leaf in leaves if leaf.no_force}
    hidden = {leaf.offset for leaf in leaves if leaf.secret}
    for alias in aliases:
        yield replace(alias, no_force=alias.offset in closed, secret=alias.offset in hidden)


def _aliases(ctx: Context, types: TypeResolver, configuration: tree.Configuration) -> Iterator[Variable]:
    """The names of VAR_ACCESS as variables over the bytes they lead to."""
    seen: dict[str, tree.AccessPath] = {}
    for access in configuration.access:
        name, direction = access.name, access.direction.key if access.direction is not None else "read_only"
        taken = ctx.scope.variable(name.key)
        if name.key in seen or taken is not None:
            twice(ctx.report, name, seen[name.key].name.span if name.key in seen else taken.span)  # type: ignore[union-attr]
            continue
        seen[name.key] = access
        if direction not in ("read_only", "read_write") and access.direction is not None:
            mend = suggest(access.direction.text, ("READ_ONLY", "READ_WRITE"))
            text = f"'{access.direction.text}' is no direction"
            ctx.report.error("L3013", text, access.direction.span, "READ_ONLY or READ_WRITE", help=mend)
        ref = _reach(ctx, types, configuration, access.path, access.type)
        storage = storage_of(ref.type) if ref is not None else None
        if ref is None or ref.place is None:
            continue
        if storage is None:
            label = Label(access.path.span, f"this is {name_of(ref.type)}")
            ctx.report.error("L2013", f"{name.text} leads to a whole structure", name.span, "one value each", label)
            continue
        enum = ref.type if isinstance(ref.type, EnumType) else None
        offset = ref.root.cell if ref.bit >= 0 else ref.place.offset
        span = name.span
        yield Variable(
            name=name.text,
            type=storage,
            offset=offset,
            labels=enum.labels if enum else (),
            enum_name=enum.name if enum else "",
            file=span.source.name,
            line=span.line,
            read_only=direction != "read_write",
        )
