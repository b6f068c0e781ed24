"""Calls of the functions that the compiler itself needs; they are ST (stdlib/), and their names begin with `__`."""

from runtime.core.diagnostic import Span
from runtime.lang import ir
from runtime.lang.lower.context import Context
from runtime.lang.semantics.types import storage_of


def library_call(ctx: Context, span: Span, name: str, *values: ir.Expr) -> ir.Expr | None:
    """The call of `name` with values of exactly its parameters' types; None after a mistake."""
    if ctx.pou is None:
        mend = "write the value, or assign it in the body"
        ctx.report.error("L5001", "this conversion is no constant", span, "not known here", help=mend)
        return None
    found = ctx.scope.symbols.pous[name.lower()]
    ctx.scope.symbols.declare(found)
    compiled = ctx.compile_body(found, span, None, ())
    if compiled is None or found.result is None:
        return None
    ctx.charge(compiled)
    return ir.Call(storage_of(found.result), compiled.body.name, values)
