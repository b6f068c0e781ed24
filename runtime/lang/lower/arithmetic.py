"""Arithmetic: + - * / MOD on numbers, and powers. Two literals stay flexible."""

from runtime.core.elementary import LINT, LREAL, REAL, UDINT, UINT, ULINT, USINT, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import common, fit, joined, settled
from runtime.lang.lower.folding import converted
from runtime.lang.lower.mismatch import refuse_operand, refuse_pair
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.types import ANY_INT, ANY_REAL, Flexible, Type
from runtime.lang.syntax.literals import fits

_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "MOD": "mod"}
_UNSIGNED = (USINT, UINT, UDINT, ULINT)


def arithmetic(ctx: Context, node: tree.Binary, left: Typed, right: Typed, want: Type | None) -> Typed:
    """`left op right` of two numbers, at their common type."""
    kind = _holding(common([left, right], want), left, right)
    op = _ARITHMETIC[node.op]
    numeric = (Kind.SIGNED, Kind.UNSIGNED) if op == "mod" else (Kind.SIGNED, Kind.UNSIGNED, Kind.REAL)
    if isinstance(kind, Elementary) and kind.kind is Kind.BITS:
        kind = next(t for t in _UNSIGNED if t.size == kind.size)  # published libraries count with bit strings
        if right.make is None or left.make is None:
            return _made(ctx, node, op, kind, left, right)
    if isinstance(kind, Flexible):
        return _flexible_arithmetic(ctx, node, op, kind, left, right)
    if not isinstance(kind, Elementary) or kind.kind not in numeric:
        refuse_pair(ctx, node, left, right, kind)
        return nothing(node.span)
    return _made(ctx, node, op, kind, left, right)


def _holding(kind: Type | None, left: Typed, right: Typed) -> Type | None:
    """The common type, or a wider one where a literal does not fit into it: INT * 60000 is DINT."""
    for value in (left, right):
        if value.type is not ANY_INT or not isinstance(kind, Elementary) or value.number is None:
            continue
        if kind.kind in (Kind.SIGNED, Kind.UNSIGNED) and not fits(kind, value.number):
            wider = settled(value).type
            kind = joined(kind, wider) or kind if isinstance(wider, Elementary) else kind
    return kind


def _made(ctx: Context, node: tree.Binary, op: str, kind: Elementary, left: Typed, right: Typed) -> Typed:
    a, b = fit(ctx, left, kind), fit(ctx, right, kind)
    if a is None or b is None:
        return Typed(kind, node.span)
    return Typed(kind, node.span, arithmetic_node(ctx, node, op, kind, a, b))


def arithmetic_node(ctx: Context, node: tree.Binary, op: str, kind: Elementary, a: ir.Expr, b: ir.Expr) -> ir.Expr:
    """An arithmetic operation; a constant divisor of 0 is reported at once."""
    site = -1
    if op in ("div", "mod") and kind.kind is not Kind.REAL:
        site = ctx.site(FaultCode.DIVISION_BY_ZERO, node.op_span)
        if evaluate(b) == 0:
            ctx.report.error("L5001", "division by zero", node.right.span, "this is 0")
    return ir.Binary(kind, op, a, b, site)  # type: ignore[arg-type]  # op comes from _ARITHMETIC's literals


def _flexible_arithmetic(ctx: Context, node: tree.Binary, op: str, kind: Flexible, left: Typed, right: Typed) -> Typed:
    if op == "mod" and kind is ANY_REAL:
        refuse_pair(ctx, node, left, right, kind)
        return nothing(node.span)
    make_left, make_right = left.make, right.make
    assert make_left is not None
    assert make_right is not None

    def make(target: Elementary) -> ir.Expr | None:
        own = LINT if op == "mod" and target.kind is Kind.REAL else target
        a, b = make_left(own), make_right(own)
        if a is None or b is None:
            return None
        made = arithmetic_node(ctx, node, op, own, a, b)
        return made if own is target else converted(made, target)

    return Typed(kind, node.span, make=make)


def power(ctx: Context, node: tree.Expr, base: Typed, exponent: Typed, want: Type | None) -> Typed:
    """`base ** exponent`, also EXPT: in REAL unless a part of it is LREAL; the exponent may be a whole number."""
    values = [base, exponent]
    for value in values:
        kind = value.type
        if isinstance(kind, Flexible) or (
            isinstance(kind, Elementary) and kind.kind in (Kind.REAL, Kind.SIGNED, Kind.UNSIGNED)
        ):
            continue
        refuse_operand(ctx, "**", value)
        return nothing(node.span)
    if all(v.make is not None for v in values):
        make_base, make_exponent = base.make, exponent.make
        assert make_base is not None
        assert make_exponent is not None

        def make(target: Elementary) -> ir.Expr | None:
            own = target if target.kind is Kind.REAL else LREAL
            a, b = make_base(own), make_exponent(own)
            return ir.Intrinsic(own, "EXPT", (a, b)) if a is not None and b is not None else None

        return Typed(ANY_REAL, node.span, make=make)
    reals = [v.type for v in values if isinstance(v.type, Elementary) and v.type.kind is Kind.REAL]
    hint = want if isinstance(want, Elementary) and want.kind is Kind.REAL else LREAL
    kind = LREAL if LREAL in reals else REAL if reals else hint
    parts = [_as_real(v, kind) for v in values]
    made = tuple(p for p in parts if p is not None)
    return Typed(kind, node.span, ir.Intrinsic(kind, "EXPT", made) if len(made) == 2 else None)


def _as_real(value: Typed, kind: Elementary) -> ir.Expr | None:
    if value.make is not None:
        return value.make(kind)
    return converted(value.expr, kind) if value.expr is not None and value.type != kind else value.expr
