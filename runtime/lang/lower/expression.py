"""Expressions to IR with their types. Literals stay flexible until their context gives them a type."""

from runtime.core.diagnostic import Label
from runtime.core.elementary import Elementary
from runtime.lang import ir, tree
from runtime.lang.lower import call, method, operators, partial, place
from runtime.lang.lower.context import Context, Recursion, Typed, nothing
from runtime.lang.lower.convert import literal_of
from runtime.lang.semantics.namespaces import simple
from runtime.lang.semantics.symbols import suggest, suggest_of
from runtime.lang.semantics.types import (
    NULL,
    UNKNOWN,
    BlockType,
    EnumType,
    Flexible,
    Type,
    storage_of,
    value_of,
)
from runtime.lang.syntax.literals import read_literal


def lower(ctx: Context, node: tree.Expr, want: Type | None = None) -> Typed:
    """The expression as IR. `want` is the type the context would like: a hint, not a conversion."""
    match node:
        case tree.Literal():
            return _literal(ctx, node)
        case tree.Group():
            return lower(ctx, node.inner, want)
        case tree.Unary():
            return operators.unary(ctx, node, want)
        case tree.Binary():
            return operators.binary(ctx, node, want)
        case tree.CallExpr():
            return call.value(ctx, node, want)
        case tree.Name() | tree.Field() | tree.Subscript() | tree.Partial() | tree.Dereference():
            return _variable(ctx, node, want)
        case tree.Missing():
            return nothing(node.span)


# ---- leaves ----


def _literal(ctx: Context, node: tree.Literal) -> Typed:
    read = read_literal(node.text)
    if read.problem:
        ctx.report.error("L1008", f"{node.text} cannot be read", node.span, read.problem)
        return nothing(node.span)
    if isinstance(read.type, Elementary):
        return Typed(read.type, node.span, ir.Const(read.type, read.value))
    if isinstance(read.type, Flexible):
        assert not isinstance(read.value, str), "only numbers are flexible"
        return literal_of(ctx, read.value, node.span, node.text)
    symbols = ctx.scope.symbols
    kind = symbols.resolve_type(read.prefix.lower())
    if not isinstance(kind, EnumType):
        if read.prefix.lower() not in symbols.lost and kind is not UNKNOWN:
            names = [t.name.text for t in symbols.type_trees.values()]
            message = f"{read.prefix} is not an enumeration or a type with literals"
            ctx.report.error("L3002", message, node.span, "unknown type", help=suggest(read.prefix, names))
        return nothing(node.span)
    return _enum_value(ctx, kind, read.label, node)


def _enum_value(ctx: Context, kind: EnumType, label: str, node: tree.Literal | tree.Field) -> Typed:
    value = kind.value(label)
    if value is None:
        mend = suggest_of(label, [n for n, _ in kind.labels])
        defined = Label(kind.span, f"{kind.name} is defined here")
        ctx.report.error("L3001", f"{kind.name} has no value '{label}'", node.span, "unknown value", defined, help=mend)
        return Typed(UNKNOWN, node.span)
    return Typed(kind, node.span, ir.Const(kind.base, value))


def _variable(
    ctx: Context, node: tree.Name | tree.Field | tree.Subscript | tree.Partial | tree.Dereference, want: Type | None
) -> Typed:
    if isinstance(node, tree.Name | tree.Field):
        if isinstance(node, tree.Name) and node.key == "null" and ctx.scope.variable("null") is None:
            return Typed(NULL, node.span)
        accessed = method.read_property(ctx, node)
        if accessed is not None:
            return call.result(*accessed, node.span)
    if isinstance(node, tree.Name) and ctx.scope.variable(node.key) is None:
        owners = ctx.scope.symbols.enums_with(node.key)
        if owners:
            return _bare_label(ctx, node, owners, want)
    if isinstance(node, tree.Field) and isinstance(node.base, tree.Name) and not ctx.scope.variable(node.base.key):
        kind = ctx.scope.symbols.resolve_type(node.base.key)
        if isinstance(kind, EnumType):
            return _enum_value(ctx, kind, node.name.text, node)
    ref = place.refer(ctx, node)
    if ref is None:
        return nothing(node.span)
    storage = storage_of(ref.type)
    if storage is None:
        kind = place.block_of(ctx, ref).block if isinstance(ref.type, BlockType) else None
        lead = place.led_to(ctx, ref) if kind is not None else None
        return Typed(kind or ref.type, node.span, place=ref.place, before=ref.before, lead=lead)
    if ref.place is None:
        assert ref.root.value is not None
        return Typed(value_of(ref.type), node.span, ir.Const(storage, ref.root.value))
    loaded: ir.Expr = ir.Load(storage, ref.place) if ref.bit < 0 else partial.bit_of(ref.place, ref.bit)
    if ref.before:
        loaded = ir.After(storage, ref.before, loaded)
    return Typed(value_of(ref.type), node.span, loaded, ref.place if ref.bit < 0 else None)


def _bare_label(ctx: Context, node: tree.Name, owners: list[EnumType], want: Type | None) -> Typed:
    kind = owners[0]
    if len(owners) > 1:
        if not isinstance(want, EnumType) or want not in owners:
            label = simple(node.text)
            names = " or ".join(f"{o.name}#{label}" for o in owners)
            message = f"'{label}' is a value of more than one enumeration"
            ctx.report.error("L3014", message, node.span, "which one?", help=f"say {names}")
            return nothing(node.span)
        kind = want
    value = kind.value(simple(node.text))
    assert value is not None
    return Typed(kind, node.span, ir.Const(kind.base, value))


RECURSION = Recursion(lower, call.result_of)
"""What everything that an expression is made of is given, to lower the expressions in it."""
