"""Values on their way into variables and parameters: assignment of any type, and passing by reference."""

from collections.abc import Sequence
from dataclasses import replace

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import LINT, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower import partial, place
from runtime.lang.lower.context import Context, Given
from runtime.lang.lower.convert import fit
from runtime.lang.lower.folding import converted
from runtime.lang.lower.ref import Ref, steady
from runtime.lang.semantics.classes import extends
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.types import (
    BlockType,
    SubrangeType,
    Type,
    contains_block,
    is_filled,
    name_of,
    same,
    size_of,
    storage_of,
)
from runtime.lang.semantics.variables import VarSymbol


def by_reference(
    ctx: Context, node: tree.CallExpr, callee: str, symbol: VarSymbol, given: tree.Expr | None, *, must_write: bool
) -> Ref | None:
    """The variable given for a parameter that is passed by reference; None after a mistake."""
    if given is None:
        message = f"'{symbol.name}' of {callee} must be given"
        label = Label(symbol.span, f"declared {symbol.section} here")
        ctx.report.error("L3007", message, node.span, "not given in this call", label)
        return None
    ref = place.refer(ctx, given)
    if ref is None:
        return None
    if ref.bit >= 0:
        mend = "assign it to a BOOL first, and give that"
        ctx.report.error("L2008", "a bit has no address of its own", given.span, "one bit", help=mend)
        return None
    if not same(ref.type, symbol.type) and not _is_taken(ctx, ref.type, symbol):
        label = Label(symbol.span, f"declared {name_of(symbol.type)} here")
        message = f"'{symbol.name}' needs a variable of exactly {name_of(symbol.type)}"
        ctx.report.error("L2008", message, given.span, f"this is {name_of(ref.type)}", label)
        return None
    if isinstance(ref.type, BlockType) and place.led_to(ctx, ref) is not None:
        message = f"which block '{symbol.name}' would be given is known only when the program runs"
        mend = f"declare '{symbol.name}' in VAR_INPUT as REF_TO {name_of(symbol.type)}, and give it the reference"
        ctx.report.error("L2008", message, given.span, f"a reference to {name_of(ref.type)}", help=mend)
        return None
    if must_write and not place.writable(ctx, ref):
        return None
    return replace(ref, place=steady(ref.place, ref.type)) if ref.place is not None else ref


def _is_taken(ctx: Context, given: Type, symbol: VarSymbol) -> bool:
    """Whether an in-out takes something of another type than its own: its body is compiled for that."""
    if symbol.section != "VAR_IN_OUT":
        return False
    if isinstance(given, Elementary) and isinstance(symbol.type, Elementary):
        return given.kind is symbol.type.kind is Kind.TEXT and given.width == symbol.type.width
    return is_filled(symbol.type, given) or _is_one_of(ctx, given, symbol.type)


def _is_one_of(ctx: Context, given: Type, wanted: Type) -> bool:
    """Whether an instance of a block that extends the wanted one is given: it begins with all that the base has."""
    if not isinstance(given, BlockType) or not isinstance(wanted, BlockType):
        return False
    pous = ctx.scope.symbols.pous
    return extends(ctx.scope.symbols, pous[given.name.lower()], pous[wanted.name.lower()])


def types_given(ctx: Context, in_outs: Sequence[VarSymbol], refs: Sequence[Ref | None]) -> Given:
    """The types of what in-outs are given, where they extend what was declared."""
    pairs = enumerate(zip(in_outs, refs, strict=True))
    known = [(n, s.type, _actual(ctx, r)) for n, (s, r) in pairs if r is not None]
    return tuple((n, kind) for n, declared, kind in known if not same(kind, declared))


def _actual(ctx: Context, ref: Ref) -> Type:
    block = place.block_of(ctx, ref).block if isinstance(ref.type, BlockType) else None
    return block or ref.type


def assign(ctx: Context, target: Ref, given: tree.Expr) -> list[ir.Statement]:
    """`target := given`; nothing after a mistake."""
    if target.bit < 0:
        return store(ctx, target.place, target.type, given, target.declared)
    expr = fit(ctx, ctx.lower(given, target.type), target.type, target.declared)
    return into(ctx, target, expr) if expr is not None else []


def into(ctx: Context, target: Ref, expr: ir.Expr) -> list[ir.Statement]:
    """Store a single value that has the target's type."""
    if target.place is None:
        return []
    if target.bit >= 0:
        return [partial.set_bit(ctx, target.place, target.bit, expr)]
    return _single(ctx, target.place, target.type, expr, target.span)


def store(ctx: Context, target: ir.Place | None, kind: Type, given: tree.Expr, *declared: Label) -> list[ir.Statement]:
    """`target := given` for a target of any type; nothing after a mistake."""
    got = ctx.lower(given, kind)
    if storage_of(kind) is not None:
        expr = fit(ctx, got, kind, *declared)
        return _single(ctx, target, kind, expr, given.span) if expr is not None and target is not None else []
    if not size_of(kind) or (not size_of(got.type) and got.make is None):
        return []
    if not same(got.type, kind):
        message = f"{name_of(got.type)} does not fit into {name_of(kind)}"
        ctx.report.error("L2007", message, given.span, f"this is {name_of(got.type)}", *declared)
        return []
    if contains_block(kind):
        mend = "copy the values it needs, or pass the instance as VAR_IN_OUT"
        ctx.report.error("L2009", "instances cannot be copied", given.span, f"this is {name_of(kind)}", help=mend)
        return []
    if target is None or got.place is None:
        return []
    return [*got.before, ir.Copy(target, got.place, size_of(kind))]


def _single(ctx: Context, target: ir.Place, kind: Type, expr: ir.Expr, span: Span) -> list[ir.Statement]:
    storage = storage_of(kind)
    assert storage is not None
    folded = evaluate(expr) if isinstance(expr, ir.Convert | ir.Unary) else None
    if folded is not None:
        expr = ir.Const(storage, folded)
    if not isinstance(kind, SubrangeType) or isinstance(expr, ir.Const):
        return [ir.Assign(target, storage, expr)]
    # A checked subscript that adds nothing: out of range it faults, and the store is not made.
    fresh = ctx.scratch(storage.size, storage.size)
    value = converted(ir.Load(storage, fresh), LINT)
    site = ctx.site(FaultCode.VALUE_OUT_OF_RANGE, span)
    check = ir.Index(value, kind.low, min(kind.high, LINT.maximum), 0, site)
    guarded = replace(target, indices=(*target.indices, check))
    return [ir.Assign(fresh, storage, expr), ir.Assign(guarded, storage, ir.Load(storage, fresh))]


def refuse_copy(ctx: Context, span: Span, source: Type, target: Ref) -> None:
    """Report a structure or array that is not of its target's type."""
    message = f"{name_of(source)} does not fit into {name_of(target.type)}"
    ctx.report.error("L2007", message, span, f"this is {name_of(target.type)}", target.declared)
