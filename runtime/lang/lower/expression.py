"""Expressions to IR with their types. Literals stay flexible until their context gives them a type."""

from runtime.core.diagnostic import Label
from runtime.core.elementary import BOOL, LINT, LREAL, REAL, TIME, UDINT, UINT, ULINT, USINT, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.constants import evaluate
from runtime.lang.literals import read_literal
from runtime.lang.lower import call, place
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import common, converted, fit, literal_of, settled
from runtime.lang.lower.time_arithmetic import time_arithmetic
from runtime.lang.rules import negative_power
from runtime.lang.symbols import suggest
from runtime.lang.types import ANY_INT, ANY_REAL, UNKNOWN, EnumType, Flexible, Type, Unknown, name_of, storage_of

_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "MOD": "mod"}
_COMPARE = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_LOGIC = {"AND": "and", "OR": "or", "XOR": "xor"}


def lower(ctx: Context, node: tree.Expr, want: Type | None = None) -> Typed:
    """The expression as IR. `want` is the type the context would like: a hint, not a conversion."""
    match node:
        case tree.Literal():
            return _literal(ctx, node)
        case tree.Group():
            return lower(ctx, node.inner, want)
        case tree.Unary():
            return _unary(ctx, node, want)
        case tree.Binary():
            return _binary(ctx, node, want)
        case tree.CallExpr():
            return call.value(ctx, node, want)
        case tree.Name() | tree.Field() | tree.Subscript():
            return _variable(ctx, node, want)
        case tree.Missing():
            return nothing(node.span)


def condition(ctx: Context, node: tree.Expr) -> ir.Expr | None:
    """A BOOL for IF, WHILE, UNTIL."""
    value = lower(ctx, node, BOOL)
    if value.type == BOOL or isinstance(value.type, Unknown):
        return value.expr
    mend = "compare it: ... <> 0" if storage_of(value.type) or isinstance(value.type, Flexible) else ""
    ctx.report.error("L2003", "a condition must be BOOL", node.span, f"this is {name_of(value.type)}", help=mend)
    return None


# ---- leaves ----


def _literal(ctx: Context, node: tree.Literal) -> Typed:
    read = read_literal(node.text)
    if read.problem:
        ctx.report.error("L1008", f"{node.text} cannot be read", node.span, read.problem)
        return nothing(node.span)
    if isinstance(read.type, Elementary):
        return Typed(read.type, node.span, ir.Const(read.type, read.value))
    if isinstance(read.type, Flexible):
        return literal_of(ctx, read.value, node.span, node.text)
    symbols = ctx.scope.symbols
    kind = symbols.resolve_type(read.prefix.lower())
    if not isinstance(kind, EnumType):
        if read.prefix.lower() not in symbols.lost and kind is not UNKNOWN:
            names = [t.name.text for t in symbols.type_trees.values()]
            message = f"{read.prefix} is not an enumeration or a type with literals"
            ctx.report.error("L3002", message, node.span, "unknown type", help=suggest(read.prefix, names))
        return nothing(node.span)
    return _enum_value(ctx, kind, read.label, node)


def _enum_value(ctx: Context, kind: EnumType, label: str, node: tree.Literal | tree.Field) -> Typed:
    value = kind.value(label)
    if value is None:
        mend = suggest(label, [n for n, _ in kind.labels])
        defined = Label(kind.span, f"{kind.name} is defined here")
        ctx.report.error("L3001", f"{kind.name} has no value '{label}'", node.span, "unknown value", defined, help=mend)
        return Typed(UNKNOWN, node.span)
    return Typed(kind, node.span, ir.Const(kind.base, value))


def _variable(ctx: Context, node: tree.Name | tree.Field | tree.Subscript, want: Type | None) -> Typed:
    if isinstance(node, tree.Name) and ctx.scope.variable(node.key) is None:
        owners = ctx.scope.symbols.enums_with(node.key)
        if owners:
            return _bare_label(ctx, node, owners, want)
    if isinstance(node, tree.Field) and isinstance(node.base, tree.Name) and not ctx.scope.variable(node.base.key):
        kind = ctx.scope.symbols.resolve_type(node.base.key)
        if isinstance(kind, EnumType):
            return _enum_value(ctx, kind, node.name.text, node)
    ref = place.refer(ctx, node)
    if ref is None:
        return nothing(node.span)
    storage = storage_of(ref.type)
    if storage is None:
        return Typed(ref.type, node.span, place=ref.place)
    if ref.place is None:
        assert ref.root.value is not None
        return Typed(ref.type, node.span, ir.Const(storage, ref.root.value))
    return Typed(ref.type, node.span, ir.Load(storage, ref.place), ref.place)


def _bare_label(ctx: Context, node: tree.Name, owners: list[EnumType], want: Type | None) -> Typed:
    kind = owners[0]
    if len(owners) > 1:
        if not isinstance(want, EnumType) or want not in owners:
            names = " or ".join(f"{o.name}#{node.text}" for o in owners)
            message = f"'{node.text}' is a value of more than one enumeration"
            ctx.report.error("L3014", message, node.span, "which one?", help=f"say {names}")
            return nothing(node.span)
        kind = want
    value = kind.value(node.text)
    assert value is not None
    return Typed(kind, node.span, ir.Const(kind.base, value))


# ---- operators ----


def _unary(ctx: Context, node: tree.Unary, want: Type | None) -> Typed:
    value = lower(ctx, node.operand, want)
    if isinstance(value.type, Unknown):
        return nothing(node.span)
    if node.op == "NOT":
        return _not(ctx, node, value)
    if value.make is not None:
        return _negated_literal(ctx, node, value)
    kind = value.type
    allowed = (
        (Kind.SIGNED, Kind.REAL, Kind.TIME) if node.op == "-" else (Kind.SIGNED, Kind.UNSIGNED, Kind.REAL, Kind.TIME)
    )
    if not isinstance(kind, Elementary) or kind.kind not in allowed:
        mend = (
            "convert it to a signed type first" if isinstance(kind, Elementary) and kind.kind is Kind.UNSIGNED else ""
        )
        _refuse_operand(ctx, node.op, value, help=mend)
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
        _refuse_operand(ctx, "NOT", value)
        return nothing(node.span)
    _warn_integer_logic(ctx, node, "NOT", value.type)
    expr = ir.Unary(value.type, "not", value.expr) if value.expr is not None else None
    return Typed(value.type, node.span, expr)


def _binary(ctx: Context, node: tree.Binary, want: Type | None) -> Typed:
    chain = _flatten(node)
    first = chain[0]
    if first.op in _COMPARE and _is_bare_label(ctx, first.left) and not _is_bare_label(ctx, first.right):
        hint: Type | None = lower(ctx, first.right).type  # `AUTO = mode` asks the right side which AUTO is meant
    else:
        hint = _hint(first, want)
    left = lower(ctx, first.left, hint)
    for link in chain:
        hint = left.type if isinstance(left.type, Elementary | EnumType) else _hint(link, want)
        left = _operate(ctx, link, left, lower(ctx, link.right, hint), want)
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


def _operate(ctx: Context, node: tree.Binary, left: Typed, right: Typed, want: Type | None) -> Typed:
    if isinstance(left.type, Unknown) or isinstance(right.type, Unknown):
        return Typed(BOOL, node.span) if node.op in _COMPARE else nothing(node.span)
    if node.op in _COMPARE:
        return _compare(ctx, node, left, right)
    if node.op in ("AND_THEN", "OR_ELSE"):
        return _short_circuit(ctx, node, left, right)
    if node.op == "**":
        negative_power.check(ctx.report, node)
        return power(ctx, node, left, right, want)
    if node.op in _LOGIC:
        return _logic(ctx, node, left, right)
    if TIME in (left.type, right.type):
        return time_arithmetic(ctx, node, left, right)
    return _arithmetic(ctx, node, left, right, want)


def _arithmetic(ctx: Context, node: tree.Binary, left: Typed, right: Typed, want: Type | None) -> Typed:
    kind = common([left, right], want)
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
    _warn_integer_logic(ctx, node, node.op, kind)
    a, b = fit(ctx, left, kind), fit(ctx, right, kind)
    if a is None or b is None:
        return Typed(kind, node.span)
    return Typed(kind, node.span, ir.Binary(kind, op, a, b))  # type: ignore[arg-type]  # op comes from _LOGIC's literals


def _short_circuit(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed:
    for value in (left, right):
        if value.type != BOOL:
            _refuse_operand(ctx, node.op, value)
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
    if storage is None or kind is None or (ordered and (storage == BOOL or isinstance(kind, EnumType))):
        refuse_pair(ctx, node, left, right, kind)
        return Typed(BOOL, node.span)
    a, b = fit(ctx, left, kind), fit(ctx, right, kind)
    if a is None or b is None:
        return Typed(BOOL, node.span)
    return Typed(BOOL, node.span, ir.Compare(_COMPARE[node.op], a, b))  # type: ignore[arg-type]  # _COMPARE's literals


def power(ctx: Context, node: tree.Expr, base: Typed, exponent: Typed, want: Type | None) -> Typed:
    """`base ** exponent`, also EXPT: in REAL unless a part of it is LREAL; the exponent may be a whole number."""
    values = [base, exponent]
    for value in values:
        kind = value.type
        if isinstance(kind, Flexible) or (
            isinstance(kind, Elementary) and kind.kind in (Kind.REAL, Kind.SIGNED, Kind.UNSIGNED)
        ):
            continue
        _refuse_operand(ctx, "**", value)
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


# ---- words ----

_UNSIGNED = (USINT, UINT, UDINT, ULINT)


def _warn_integer_logic(ctx: Context, node: tree.Unary | tree.Binary, op: str, kind: Elementary) -> None:
    if kind.kind in (Kind.SIGNED, Kind.UNSIGNED):
        bits = {1: "BYTE", 2: "WORD", 4: "DWORD", 8: "LWORD"}[kind.size]
        mend = f"say so: {kind.name}_TO_{bits}(...)"
        ctx.report.warning("L9006", f"{op} works on the bits of {kind.name}", node.span, "whole numbers", help=mend)


def _refuse_operand(ctx: Context, op: str, value: Typed, *, help: str = "") -> None:
    kind = name_of(value.type)
    ctx.report.error("L2001", f"{op} does not take {kind}", value.span, f"this is {kind}", help=help)


def refuse_pair(ctx: Context, node: tree.Binary, left: Typed, right: Typed, kind: Type | None) -> None:
    """Report an operation on two types that do not go together, or that it does not take."""
    a, b = name_of(left.type), name_of(right.type)
    more = Label(right.span, f"this is {b}")
    if kind is not None:
        ctx.report.error("L2001", f"{node.op} does not take {name_of(kind)}", left.span, f"this is {a}", more)
        return
    mend = ""
    if isinstance(left.type, EnumType) or isinstance(right.type, EnumType):
        mend = "an enumeration is compared with values of the same enumeration only"
    elif isinstance(left.type, Elementary) and isinstance(right.type, Elementary):
        mend = f"convert one of them: {a}_TO_{b}(...) or {b}_TO_{a}(...)"
    ctx.report.error(
        "L2002", f"{node.op} of {a} and {b}: they have no common type", left.span, f"this is {a}", more, help=mend
    )
