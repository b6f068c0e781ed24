"""IS_VALID of a real number, IS_VALID_BCD of a bit string (IEC 61131-3, 3rd edition, table 39)."""

from runtime.core.elementary import BOOL, LWORD, Elementary, Kind
from runtime.lang import ir, tree
from runtime.lang.lower.arguments import only_argument
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import settled
from runtime.lang.lower.folding import converted
from runtime.lang.lower.library import library_call
from runtime.lang.lower.signatures import VALID
from runtime.lang.semantics.types import Unknown, name_of

NAMES = frozenset(VALID)
"""The functions of this module."""


def lower(ctx: Context, node: tree.CallExpr, name: str) -> Typed:
    """A call: FALSE for NaN and the infinities, and for bits that hold a digit above 9."""
    given = only_argument(ctx, node, name)
    if given is None:
        return nothing(node.span)
    value = settled(ctx.lower(given))
    kind, wanted = value.type, Kind.REAL if name == "IS_VALID" else Kind.BITS
    if not isinstance(kind, Elementary) or kind.kind is not wanted:
        if not isinstance(kind, Unknown):
            ctx.report.error("L2001", f"{name} does not take {name_of(kind)}", value.span, f"this is {name_of(kind)}")
        return nothing(node.span)
    if value.expr is None:
        return Typed(BOOL, node.span)
    if wanted is Kind.REAL:  # 0.0 times a finite number is 0.0, times anything else it is NaN
        zero = ir.Const(kind, 0.0)
        return Typed(BOOL, node.span, ir.Compare("eq", ir.Binary(kind, "mul", value.expr, zero), zero))
    return Typed(BOOL, node.span, library_call(ctx, node.span, "__IS_BCD", converted(value.expr, LWORD)))
