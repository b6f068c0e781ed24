"""Operators: which meaning an operator has for the types of its operands."""

from dataclasses import replace

from runtime.core.elementary import BOOL, BYTE, DINT, DWORD, INT, LINT, LREAL, WORD, Elementary, Kind
from runtime.lang import ir, tree
from runtime.lang.diagnostics.rules import negative_power
from runtime.lang.lower import interface, reference
from runtime.lang.lower.arithmetic import arithmetic, power
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import common, fit, literal_of, settled, warn_bits
from runtime.lang.lower.folding import converted
from runtime.lang.lower.mismatch import refuse_operand, refuse_pair, warn_integer_logic
from runtime.lang.lower.time_arithmetic import time_arithmetic
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.types import ANY_INT, ANY_REAL, EnumType, Flexible, RefType, Type, Unknown, storage_of

_COMPARE = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_LOGIC = {"AND": "and", "OR": "or", "XOR": "xor"}
_NEGATED = {BYTE: INT, WORD: DINT, DWORD: LINT}
"""What a bit string is negated as: published libraries count down so, and mean a number below zero."""
LONGEST_CHAIN = 1000
"""Operands in a row (`a + b + c + …`); both back ends recurse over them."""


def unary(ctx: Context, node: tree.Unary, want: Type | None) -> Typed:
    """`-a`, `+a`, `NOT a`."""
    value = ctx.lower(node.operand, want)
    if isinstance(value.type, Unknown):
        return nothing(node.span)
    if node.op == "NOT":
        return _not(ctx, node, value)
    if value.make is not None:
        return _negated_literal(ctx, node, value)
    if node.op == "-" and isinstance(value.type, Elementary) and value.type in _NEGATED:
        wide = _NEGATED[value.type]
        warn_bits(ctx, node.operand.span, value.type, wide)
        value = replace(value, type=wide, expr=converted(value.expr, wide) if value.expr is not None else None)
    kind = value.type
    allowed = (
        (Kind.SIGNED, Kind.REAL, Kind.TIME) if node.op == "-" else (Kind.SIGNED, Kind.UNSIGNED, Kind.REAL, Kind.TIME)
    )
    if not isinstance(kind, Elementary) or kind.kind not in allowed:
        mend = (
            "convert it to a signed type first" if isinstance(kind, Elementary) and kind.kind is Kind.UNSIGNED else ""
        )
        refuse_operand(ctx, node.op, value, help=mend)
        return nothing(node.span)
    if node.op == "+" or value.expr is None:
        return Typed(kind, node.span, value.expr)
    result: ir.Expr = ir.Unary(kind, "neg", value.expr)
    folded = evaluate(result)
    return Typed(kind, node.span, ir.Const(kind, folded) if folded is not None else result)


def _negated_literal(ctx: Context, node: tree.Unary, value: Typed) -> Typed:
    if value.number is not None:
        number = -value.number if node.op == "-" else value.number
        return literal_of(ctx, number, node.span, str(number))
    make = value.make
    assert make is not None
    if node.op == "+":
        return value

    def negated(target: Elementary) -> ir.Expr | None:
        inner = make(target)
        return ir.Unary(target, "neg", inner) if inner is not None else None

    return Typed(value.type, node.span, make=negated)


def _not(ctx: Context, node: tree.Unary, value: Typed) -> Typed:
    if value.make is not None and value.type is ANY_INT:
        make = value.make

        def inverted(target: Elementary) -> ir.Expr | None:
            inner = make(target)
            return ir.Unary(target, "not", inner) if inner is not None and target.kind is not Kind.REAL else None

        return Typed(ANY_INT, node.span, make=inverted)
    if not isinstance(value.type, Elementary) or value.type.kind not in (
        Kind.BOOL,
        Kind.BITS,
        Kind.SIGNED,
        Kind.UNSIGNED,
    ):
        refuse_operand(ctx, "NOT", value)
        return nothing(node.span)
    warn_integer_logic(ctx, node, "NOT", value.type)
    expr = ir.Unary(value.type, "not", value.expr) if value.expr is not None else None
    return Typed(value.type, node.span, expr)


def binary(ctx: Context, node: tree.Binary, want: Type | None) -> Typed:
    """`a op b`, and chains of it from the left."""
    chain = _flatten(node)
    if len(chain) > LONGEST_CHAIN:
        message = f"more than {LONGEST_CHAIN} operands in a row"
        ctx.report.error("L1009", message, chain[0].span, "begins here", help="split it up")
        return nothing(node.span)
    first = chain[0]
    if first.op in _COMPARE and _is_bare_label(ctx, first.left) and not _is_bare_label(ctx, first.right):
        hint: Type | None = ctx.lower(first.right).type  # `AUTO = mode`: the right side knows which AUTO
    else:
        hint = _hint(first, want)
    left = ctx.lower(first.left, hint)
    for link in chain:
        hint = left.type if isinstance(left.type, Elementary | EnumType) else _hint(link, want)
        left = _operate(ctx, link, left, ctx.lower(link.right, hint), want)
    return left


def _is_bare_label(ctx: Context, node: tree.Expr) -> bool:
    return (
        isinstance(node, tree.Name)
        and node.key in ctx.scope.symbols.label_owners
        and ctx.scope.variable(node.key) is None
    )


def _flatten(node: tree.Binary) -> list[tree.Binary]:
    """A chain of left operands, innermost first: `a + b + c + …` may be long without being deep."""
    chain = [node]
    while isinstance(chain[-1].left, tree.Binary):
        chain.append(chain[-1].left)
    return chain[::-1]


def _hint(node: tree.Binary, want: Type | None) -> Type | None:
    return None if node.op in _COMPARE else BOOL if node.op in ("AND_THEN", "OR_ELSE") else want


def compare(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    """A comparison of two operands that are lowered already; `node` says what is compared, and where."""
    assert node.op in _COMPARE
    return _operate(ctx, node, left, right, None)


def _operate(ctx: Context, node: tree.Binary, left: Typed, right: Typed, want: Type | None) -> Typed:
    if isinstance(left.type, Unknown) or isinstance(right.type, Unknown):
        return Typed(BOOL, node.span) if node.op in _COMPARE else nothing(node.span)
    if isinstance(left.type, RefType) or isinstance(right.type, RefType):
        return reference.operate(ctx, node, left, right, _COMPARE)
    if node.op in _COMPARE:
        return interface.compare(ctx, node, left, right) or _compare(ctx, node, left, right)
    if node.op in ("AND_THEN", "OR_ELSE"):
        return _short_circuit(ctx, node, left, right)
    if node.op == "**":
        negative_power.check(ctx.report, node)
        return power(ctx, node, left, right, want)
    if node.op in _LOGIC:
        return _logic(ctx, node, left, right)
    if any(isinstance(v.type, Elementary) and v.type.kind in (Kind.TIME, Kind.DATE) for v in (left, right)):
        return time_arithmetic(ctx, node, left, right)
    return arithmetic(ctx, node, left, right, want)


def _logic(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    op = _LOGIC[node.op]
    kind = common([left, right], None)
    if kind is ANY_INT:
        make_left, make_right = left.make, right.make
        assert make_left is not None
        assert make_right is not None

        def make(target: Elementary) -> ir.Expr | None:
            a, b = make_left(target), make_right(target)
            if a is None or b is None or target.kind is Kind.REAL:
                return None
            return ir.Binary(target, op, a, b)  # type: ignore[arg-type]  # op comes from _LOGIC's literals

        return Typed(kind, node.span, make=make)
    if not isinstance(kind, Elementary) or kind.kind not in (Kind.BOOL, Kind.BITS, Kind.SIGNED, Kind.UNSIGNED):
        refuse_pair(ctx, node, left, right, kind)
        return nothing(node.span)
    warn_integer_logic(ctx, node, node.op, kind)
    a, b = fit(ctx, left, kind), fit(ctx, right, kind)
    if a is None or b is None:
        return Typed(kind, node.span)
    return Typed(kind, node.span, ir.Binary(kind, op, a, b))  # type: ignore[arg-type]  # op comes from _LOGIC's literals


def _short_circuit(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    for value in (left, right):
        if value.type != BOOL:
            refuse_operand(ctx, node.op, value)
            return nothing(node.span)
    if left.expr is None or right.expr is None:
        return Typed(BOOL, node.span)
    op = "and_then" if node.op == "AND_THEN" else "or_else"
    return Typed(BOOL, node.span, ir.ShortCircuit(op, left.expr, right.expr))  # type: ignore[arg-type]  # one of two


def _compare(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    kind = common([left, right], None)
    if isinstance(kind, Flexible):
        number = max(abs(left.number or 0), abs(right.number or 0))
        meeting = LREAL if kind is ANY_REAL else settled(literal_of(ctx, number, node.span, "")).type
        kind = meeting
    storage = storage_of(kind) if kind is not None else None
    ordered = node.op not in ("=", "<>")
    if storage is None or kind is None or (ordered and isinstance(kind, EnumType)):
        refuse_pair(ctx, node, left, right, kind)
        return Typed(BOOL, node.span)
    a, b = fit(ctx, left, kind), fit(ctx, right, kind)
    if a is None or b is None:
        return Typed(BOOL, node.span)
    return Typed(BOOL, node.span, ir.Compare(_COMPARE[node.op], a, b))  # type: ignore[arg-type]  # _COMPARE's literals
