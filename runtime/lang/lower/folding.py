"""Conversions that the compiler adds: folded for constants."""

from runtime.core.elementary import Elementary
from runtime.lang import ir
from runtime.lang.semantics.constants import evaluate


def converted(expr: ir.Expr, target: Elementary, site: int = -1) -> ir.Expr:
    """A conversion as IR, folded for constants, left out where the type is that already."""
    if not isinstance(expr, ir.Compare | ir.ShortCircuit | ir.Reachable) and expr.type == target:
        return expr
    result = ir.Convert(target, expr, site)
    value = evaluate(result) if isinstance(expr, ir.Const) else None
    return result if value is None else ir.Const(target, value)
