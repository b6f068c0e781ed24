"""Said conversions to and from strings. How a number or time looks as text is decided in ST (stdlib/*_as_text.st)."""

from runtime.core.diagnostic import Span
from runtime.core.elementary import INT, LINT, LREAL, STRING, ULINT, Elementary, Kind, string
from runtime.lang import ir
from runtime.lang.lower.context import Context
from runtime.lang.lower.folding import converted
from runtime.lang.lower.library import library_call

_REAL_DIGITS = {4: 7, 8: 15}
"""Significant digits of a REAL and of an LREAL that are always right."""
_PREFIX = {"TIME": "T#", "LTIME": "LT#", "DATE": "D#", "LDATE": "LD#"}


def text_conversion(ctx: Context, span: Span, expr: ir.Expr, source: Elementary, target: Elementary) -> ir.Expr | None:
    """The value as the target type; one of the two is a string type."""
    if source.kind in (Kind.TEXT, Kind.CHAR) and target.kind in (Kind.TEXT, Kind.CHAR):
        if source.kind is Kind.CHAR and source.size != target.width:
            expr, source = converted(expr, string(1, wide=source.size == 2)), string(1, wide=source.size == 2)
        if target.kind is Kind.CHAR and source.width != target.size:
            expr = converted(expr, string(source.capacity, wide=target.size == 2))
        return converted(expr, target)
    if target.kind is Kind.TEXT:
        made = _as_text(ctx, span, expr, source)
        return converted(made, target) if made is not None else None
    narrow = expr if source.width == 1 else converted(expr, string(source.capacity))
    return _from_text(ctx, span, narrow, target)


def _as_text(ctx: Context, span: Span, expr: ir.Expr, source: Elementary) -> ir.Expr | None:
    match source.kind:
        case Kind.BOOL:
            texts = tuple(ir.Const(STRING, t) for t in ("FALSE", "TRUE"))
            return ir.Intrinsic(STRING, "SEL", (expr, *texts))
        case Kind.REAL:
            digits = ir.Const(INT, _REAL_DIGITS[source.size])
            return library_call(ctx, span, "__LREAL_TO_STRING", converted(expr, LREAL), digits)
        case Kind.TIME | Kind.DATE:
            form = source.name.removeprefix("L")
            prefix = ir.Const(string(5), _PREFIX.get(source.name, f"{source.name}#"))
            return library_call(ctx, span, f"__{form}_TO_STRING", converted(expr, LINT), prefix)
        case Kind.SIGNED:
            return library_call(ctx, span, "__LINT_TO_STRING", converted(expr, LINT))
        case _:
            return library_call(ctx, span, "__ULINT_TO_STRING", converted(expr, ULINT))


def _from_text(ctx: Context, span: Span, expr: ir.Expr, target: Elementary) -> ir.Expr | None:
    match target.kind:
        case Kind.BOOL:
            return library_call(ctx, span, "__STRING_TO_BOOL", expr)
        case Kind.REAL:
            made = library_call(ctx, span, "__STRING_TO_LREAL", expr)
        case Kind.TIME | Kind.DATE:
            made = library_call(ctx, span, f"__STRING_TO_{target.name.removeprefix('L')}", expr)
        case _:
            made = library_call(ctx, span, "__STRING_TO_LINT", expr)
    return converted(made, target) if made is not None else None
