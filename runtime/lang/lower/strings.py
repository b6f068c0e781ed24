"""The standard's string functions (IEC 61131-3, 3rd edition, table 34; LANGUAGE.md rule 12)."""

from runtime.core.elementary import INT, LINT, MAX_CAPACITY, Elementary, Kind, string
from runtime.lang import ir, tree
from runtime.lang.lower.arguments import bind
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import joined, settled
from runtime.lang.lower.folding import converted
from runtime.lang.lower.signatures import STRINGS
from runtime.lang.semantics.types import Type, Unknown, name_of

_NUMBERS = frozenset({"L", "P"})

NAMES = frozenset(STRINGS)
"""The functions of this module."""


def lower(ctx: Context, node: tree.CallExpr, name: str, want: Type | None) -> Typed:
    """A call of a string function."""
    signature = STRINGS[name]
    bound = bind(ctx, node, name, inputs=signature, outputs=())
    if not bound.ok:
        return nothing(node.span)
    given = [n for n in signature if n.lower() in bound.inputs]
    least = 2 if name == "CONCAT" else len(signature)
    if len(given) < least or given != list(signature[: len(given)]):
        takes = ", ".join(signature[:4]) + (", ..." if name == "CONCAT" else "")
        message = f"{name} takes {takes}; {len(given)} given"
        ctx.report.error("L3007", message, node.span, "too few arguments")
        return nothing(node.span)
    values = [ctx.lower(bound.inputs[n.lower()], LINT if n in _NUMBERS else None) for n in given]
    texts = [v for n, v in zip(given, values, strict=True) if n not in _NUMBERS]
    kind = _meeting(ctx, name, texts)
    if kind is None:
        return nothing(node.span)
    args = [
        _number(ctx, name, v) if n in _NUMBERS else converted(v.expr, _own(v, kind)) if v.expr is not None else None
        for n, v in zip(given, values, strict=True)
    ]
    known = tuple(a for a in args if a is not None)
    if name in ("LEN", "FIND"):
        counts = want if isinstance(want, Elementary) and want.kind in (Kind.SIGNED, Kind.UNSIGNED) else INT
        made = converted(ir.Intrinsic(LINT, name, known), counts) if len(known) == len(args) else None
        return Typed(counts, node.span, made)
    capacities = [_own(v, kind).capacity for v in texts]
    room = string(min(sum(capacities), MAX_CAPACITY), wide=kind.width == 2)
    return Typed(room, node.span, ir.Intrinsic(room, name, known) if len(known) == len(args) else None)


def _own(value: Typed, kind: Elementary) -> Elementary:
    """A string keeps its type, a character becomes a string of one."""
    if isinstance(value.type, Elementary) and value.type.kind is Kind.TEXT:
        return value.type
    return string(1, wide=kind.width == 2)


def _meeting(ctx: Context, name: str, texts: list[Typed]) -> Elementary | None:
    """The string type of the arguments; None after a mistake."""
    kind: Elementary | None = None
    for value in texts:
        if isinstance(value.type, Unknown):
            return None
        own = value.type
        if not isinstance(own, Elementary) or own.kind not in (Kind.TEXT, Kind.CHAR):
            mend = f"convert it: {name_of(settled(value).type)}_TO_STRING(...)"
            ctx.report.error("L2001", f"{name} works on strings", value.span, f"this is {name_of(own)}", help=mend)
            return None
        own = own if own.kind is Kind.TEXT else string(1, wide=own.size == 2)
        kind = own if kind is None else joined(kind, own)
        if kind is None:
            message = f"{name} of STRING and WSTRING: they have no common type"
            mend = "convert one of them: STRING_TO_WSTRING(...)"
            ctx.report.error("L2002", message, value.span, f"this is {name_of(value.type)}", help=mend)
            return None
    return kind


def _number(ctx: Context, name: str, value: Typed) -> ir.Expr | None:
    if value.make is not None:
        return settled(value, LINT).expr
    if isinstance(value.type, Unknown) or value.expr is None:
        return None
    if isinstance(value.type, Elementary) and value.type.kind in (Kind.SIGNED, Kind.UNSIGNED):
        return converted(value.expr, LINT)
    ctx.report.error("L2001", f"{name} needs a whole number here", value.span, f"this is {name_of(value.type)}")
    return None
