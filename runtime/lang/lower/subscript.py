"""Subscripts: elements of arrays, their bounds checked here where the index is known, else when the program runs."""

from dataclasses import replace

from runtime.core.diagnostic import Span
from runtime.core.elementary import LINT, LWORD, ULINT, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower.context import Context, Typed
from runtime.lang.lower.convert import settled, warn_bits
from runtime.lang.lower.folding import converted
from runtime.lang.lower.ref import Ref, moved, touched
from runtime.lang.semantics.constants import evaluate_number
from runtime.lang.semantics.types import ArrayType, EnumType, leaves_of, name_of, size_of


def element(ctx: Context, base: Ref | None, node: tree.Subscript) -> Ref | None:
    """`base[i, j]`; the subscripts are read also where the base is a mistake."""
    for position, index in enumerate(node.indices):
        value = ctx.lower(index, LINT)
        if base is None or size_of(base.type) == 0:
            base = None
            continue
        if not isinstance(base.type, ArrayType):
            _refuse_subscript(ctx, node, base, position)
            return None
        around = base.whole or ((base.place, size_of(base.type)) if base.place is not None else None)
        base = _at(ctx, replace(base, whole=around), base.type, index, value)
    return replace(base, span=node.span) if base is not None else None


def _refuse_subscript(ctx: Context, node: tree.Subscript, base: Ref, position: int) -> None:
    message = f"{name_of(base.type)} has no elements"
    if position:
        span = node.indices[position].span
        ctx.report.error("L2005", message, span, "one subscript too many", base.declared)
    else:
        is_text = isinstance(base.type, Elementary) and base.type.kind is Kind.TEXT
        mend = "read a character with MID(s, 1, i), write it with REPLACE(s, 'x', 1, i): i counts from 1"
        mend = mend if is_text else ""
        ctx.report.error("L2005", message, node.span, f"this is {name_of(base.type)}", base.declared, help=mend)


def _at(ctx: Context, base: Ref, kind: ArrayType, node: tree.Expr, value: Typed) -> Ref | None:
    """One subscript on an array."""
    if value.make is not None:
        value = settled(value)
    if isinstance(value.type, EnumType):
        value = replace(value, type=value.type.base)
    if not isinstance(value.type, Elementary):
        if size_of(value.type):
            _refuse_index(ctx, value.span, name_of(value.type))
        return None
    if value.type.kind is Kind.BITS:
        warn_bits(ctx, value.span, value.type, LINT)
    elif value.type.kind not in (Kind.SIGNED, Kind.UNSIGNED):
        _refuse_index(ctx, value.span, value.type.name)
        return None
    if value.expr is None or base.place is None:
        return None
    return _element(ctx, base, kind, node, value.expr, value.type)


def _element(
    ctx: Context, base: Ref, kind: ArrayType, node: tree.Expr, value: ir.Expr, value_type: Elementary
) -> Ref | None:
    span, at, stride = node.span, base.place, kind.stride
    assert at is not None
    leaves = leaves_of(kind.element)
    result = replace(base, type=kind.element)
    constant = evaluate_number(value)
    if constant is not None:
        if not kind.low <= constant <= kind.high:
            message = f"index {constant} is outside {kind.low}..{kind.high}"
            ctx.report.error("L5002", message, span, "this index", base.declared)
            return None
        steps = int(constant) - kind.low
        leaf = base.leaf + steps * leaves if base.leaf >= 0 else -1
        return replace(result, place=touched(moved(at, steps * stride), kind.element), leaf=leaf)
    if value_type in (ULINT, LWORD):
        value = ir.Intrinsic(ULINT, "MIN", (converted(value, ULINT), ir.Const(ULINT, LINT.maximum)))
    wide = converted(value, LINT) if value_type != LINT else value
    site = ctx.site(FaultCode.INDEX_OUT_OF_RANGE, span)
    index = ir.Index(wide, kind.low, kind.high, stride, site)
    leaf_index = replace(index, stride=leaves)
    return replace(
        result,
        place=touched(replace(at, indices=(*at.indices, index)), kind.element),
        leaf_indices=(*base.leaf_indices, leaf_index),
    )


def _refuse_index(ctx: Context, span: Span, name: str) -> None:
    mend = f"convert it: {name}_TO_INT(...)"
    ctx.report.error("L2006", "an index must be a whole number", span, f"this is {name}", help=mend)
