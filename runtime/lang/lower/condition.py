"""What IF, WHILE, UNTIL, EN and a transition ask."""

from runtime.core.elementary import BOOL
from runtime.lang import ir, tree
from runtime.lang.lower.context import Context
from runtime.lang.semantics.types import Flexible, Unknown, name_of, storage_of


def as_condition(ctx: Context, node: tree.Expr) -> ir.Expr | None:
    """The expression as a BOOL; None after a mistake was reported."""
    value = ctx.lower(node, BOOL)
    if value.type == BOOL or isinstance(value.type, Unknown):
        return value.expr
    mend = "compare it: ... <> 0" if storage_of(value.type) or isinstance(value.type, Flexible) else ""
    ctx.report.error("L2003", "a condition must be BOOL", node.span, f"this is {name_of(value.type)}", help=mend)
    return None
