"""Functions that say what an operator says: ADD, GT, AND, ADD_TIME (IEC 61131-3, 3rd edition, tables 29, 30, 33, 35).

They become the operator, so that types, faults and results are the operator's. The functions on dates and times that
have no operator (CONCAT_DATE, DAY_OF_WEEK, ...) are here too; SPLIT_DATE and its kind are ST (stdlib/).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise

from runtime.core.elementary import BOOL, LINT, LTOD, TOD, Elementary, Kind
from runtime.lang import ir, tree
from runtime.lang.lower import operators
from runtime.lang.lower.arguments import bind
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import settled
from runtime.lang.lower.folding import converted
from runtime.lang.lower.library import library_call
from runtime.lang.lower.signatures import FORMS, MADE, PARAMETERS
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.types import EnumType, Type, Unknown, name_of, storage_of

NAMES = frozenset({*FORMS, *MADE})
"""The functions of this module."""


def lower(ctx: Context, node: tree.CallExpr, name: str, want: Type | None) -> Typed:
    """A call of such a function."""
    if name in MADE:
        return _made(ctx, node, name)
    form = FORMS[name]
    bound = bind(ctx, node, name, inputs=PARAMETERS[name], outputs=())
    if not bound.ok:
        return nothing(node.span)
    args = list(bound.inputs.values())
    if len(args) < 2:
        message = f"{name} takes IN1, IN2{', ...' if form.most > 2 else ''}; {len(args)} given"
        ctx.report.error("L3007", message, node.span, "too few arguments")
        return nothing(node.span)
    if form.chain and len(args) > 2:
        return _chain(ctx, node, form.op, args)
    return operators.binary(ctx, _folded(node, form.op, args), want)


def _chain(ctx: Context, node: tree.CallExpr, op: str, args: Sequence[tree.Expr]) -> Typed:
    """`GT(a, b, c)`: `a > b AND b > c`, with each operand evaluated once."""
    links: list[ir.Expr | None] = []
    left = ctx.lower(args[0])
    for before, arg in pairwise(args):
        hint = left.type if isinstance(left.type, Elementary | EnumType) else None
        right, again = _held(ctx, ctx.lower(arg, hint), is_last=arg is args[-1])
        links.append(operators.compare(ctx, _operator(node, op, before, arg), left, right).expr)
        left = again
    known = [link for link in links if link is not None]
    if len(known) < len(links):
        return Typed(BOOL, node.span)
    return Typed(BOOL, node.span, reduce(lambda a, b: ir.Binary(BOOL, "and", a, b), known))


def _held(ctx: Context, value: Typed, *, is_last: bool) -> tuple[Typed, Typed]:
    """An operand of two comparisons: evaluated in the first one, and kept for the second."""
    storage = storage_of(value.type)
    if is_last or value.expr is None or storage is None or evaluate(value.expr) is not None:
        return value, value
    kept = ctx.scratch(storage.size, storage.alignment)
    loaded = ir.Load(storage, kept)
    return replace(value, expr=ir.After(storage, (ir.Assign(kept, storage, value.expr),), loaded)), replace(
        value, expr=loaded
    )


def _folded(node: tree.CallExpr, op: str, args: Sequence[tree.Expr]) -> tree.Binary:
    made = _operator(node, op, args[0], args[1])
    for arg in args[2:]:
        made = _operator(node, op, made, arg)
    return made


def _operator(node: tree.CallExpr, op: str, left: tree.Expr, right: tree.Expr) -> tree.Binary:
    return tree.Binary(node.span, op, node.callee.span, left, right)


def _made(ctx: Context, node: tree.CallExpr, name: str) -> Typed:
    names, result = MADE[name]
    bound = bind(ctx, node, name, inputs=names, outputs=())
    if not bound.ok:
        return nothing(node.span)
    if len(bound.inputs) < len(names):
        message = f"{name} takes {', '.join(names)}; {len(bound.inputs)} given"
        ctx.report.error("L3007", message, node.span, "too few arguments")
        return nothing(node.span)
    values = [_nanoseconds_or_number(ctx, name, bound.inputs[n.lower()]) for n in names]
    if any(v is None for v in values):
        return Typed(result, node.span)
    parts = [v for v in values if v is not None]
    if name in ("CONCAT_DATE_TOD", "CONCAT_DATE_LTOD"):
        made: ir.Expr | None = ir.Binary(LINT, "add", parts[0], parts[1])
    elif name == "DAY_OF_WEEK":
        made = library_call(ctx, node.span, "__DAY_OF_WEEK", parts[0])
    else:
        day = library_call(ctx, node.span, "__DAY_NS", *parts[:3]) if result not in (TOD, LTOD) else None
        clock = library_call(ctx, node.span, "__CLOCK_NS", *parts[-4:]) if name != "CONCAT_DATE" else None
        made = day if clock is None else clock if day is None else ir.Binary(LINT, "add", day, clock)
    return Typed(result, node.span, converted(made, result) if made is not None else None)


def _nanoseconds_or_number(ctx: Context, name: str, node: tree.Expr) -> ir.Expr | None:
    value = settled(ctx.lower(node), LINT)
    kinds = (Kind.SIGNED, Kind.UNSIGNED, Kind.DATE)
    if not isinstance(value.type, Elementary) or value.type.kind not in kinds:
        if not isinstance(value.type, Unknown):
            message = f"{name} does not take {name_of(value.type)}"
            ctx.report.error("L2001", message, value.span, f"this is {name_of(value.type)}")
        return None
    return converted(value.expr, LINT) if value.expr is not None else None
