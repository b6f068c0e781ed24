"""Implicit conversion (LANGUAGE.md rule 6): what fits silently, what with a warning, and what must be said."""

from typing import Literal

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import DINT, ELEMENTARY, LINT, LREAL, REAL, ULINT, Elementary, Kind
from runtime.lang import ir
from runtime.lang.lower import interface, reference
from runtime.lang.lower.context import Context, Typed
from runtime.lang.lower.folding import converted
from runtime.lang.semantics.constants import evaluate_number
from runtime.lang.semantics.types import (
    ANY_INT,
    ANY_REAL,
    ArrayType,
    EnumType,
    Flexible,
    InterfaceType,
    RefType,
    SubrangeType,
    Type,
    Unknown,
    name_of,
    same,
    storage_of,
)
from runtime.lang.syntax.literals import as_real, fits

_REAL_HOLDS_BITS = {4: 16, 8: 32}
"""Widest integer that fits without loss into REAL (24 bit of mantissa) and LREAL (53)."""

Way = Literal["same", "widen", "warn"]


def way(source: Elementary, target: Elementary) -> Way | None:
    """How a value gets from one elementary type to another by itself; None when it must be said."""
    if source == target:
        return "same"
    a, b = source.kind, target.kind
    if Kind.TEXT in (a, b):
        return "widen" if a in (Kind.TEXT, Kind.CHAR) and b is Kind.TEXT and source.width == target.width else None
    if a in (Kind.TIME, Kind.DATE):
        return "widen" if target.name == f"L{source.name}" else None
    match (a, b):
        case (
            (Kind.SIGNED, Kind.SIGNED)
            | (Kind.UNSIGNED, Kind.UNSIGNED)
            | (Kind.BITS, Kind.BITS)
            | (
                Kind.UNSIGNED,
                Kind.SIGNED,
            )
        ):
            return "widen" if source.size < target.size else None
        case (Kind.SIGNED | Kind.UNSIGNED, Kind.REAL):
            if source.bits <= _REAL_HOLDS_BITS[target.size]:
                return "widen"
            return "warn" if source == DINT else None
        case (Kind.REAL, Kind.REAL):
            return "widen" if source.size < target.size else None
        case (Kind.BITS, Kind.SIGNED | Kind.UNSIGNED) | (Kind.SIGNED | Kind.UNSIGNED, Kind.BITS):
            return "warn" if source.size <= target.size else None
        case _:
            return None


def joined(left: Elementary, right: Elementary) -> Elementary | None:
    """The smallest type both operands get to by themselves."""
    if left.kind is right.kind is Kind.TEXT and left.width == right.width:
        return max(left, right, key=lambda t: t.size)
    if way(left, right):
        return right
    if way(right, left):
        return left
    candidates = [t for t in ELEMENTARY.values() if t.kind is Kind.SIGNED or t is LREAL]
    return next((t for t in candidates if way(left, t) == "widen" and way(right, t) == "widen"), None)


def common(operands: list[Typed], want: Type | None) -> Type | None:
    """The type operands meet in: elementary, an enumeration, still flexible, or None when there is none."""
    known = [o.type for o in operands if not isinstance(o.type, Flexible)]
    if any(isinstance(t, Unknown) for t in known):
        return next(t for t in known if isinstance(t, Unknown))
    has_real = any(o.type is ANY_REAL for o in operands)
    if not known:
        return ANY_REAL if has_real else ANY_INT
    first = known[0]
    if isinstance(first, EnumType):
        return first if all(t is first for t in known) and len(known) == len(operands) else None
    result: Elementary | None = None
    for kind in known:
        if not isinstance(kind, Elementary):
            return None
        result = kind if result is None else joined(result, kind)
        if result is None:
            return None
    assert result is not None
    if has_real and result.kind in (Kind.SIGNED, Kind.UNSIGNED):
        if isinstance(want, Elementary) and want.kind is Kind.REAL and way(result, want):
            return want
        return REAL if way(result, REAL) == "widen" else LREAL
    return result


def fit(ctx: Context, value: Typed, target: Type, *declared: Label) -> ir.Expr | None:
    """The value as the target's type, or None after saying why not. For single values; `declared` are more labels."""
    if isinstance(target, Unknown) or isinstance(value.type, Unknown):
        return None
    if isinstance(target, SubrangeType):
        return _within(ctx, fit(ctx, value, target.base, *declared), target, value.span, declared)
    if isinstance(target, InterfaceType):
        return interface.held(ctx, value, target, *declared)
    if isinstance(target, RefType):
        return reference.held(ctx, value, target, *declared)
    if isinstance(target, Elementary) and target.kind is Kind.CHAR and (code := _character(value, target)) is not None:
        return code
    if isinstance(value.type, RefType) and (number := reference.as_number(ctx, value, target)) is not None:
        return number
    storage = storage_of(target)
    if value.make is not None and isinstance(target, Elementary):
        if flexible_fits(value, target):
            return value.make(target)
        _refuse(ctx, value, target, declared)
        return None
    if same(value.type, target):
        return value.expr
    source = value.type if isinstance(value.type, Elementary) else None
    how = way(source, storage) if source and storage and isinstance(target, Elementary) else None
    if how is None or source is None or storage is None:
        _refuse(ctx, value, target, declared)
        return None
    if how == "warn":
        warn_bits(ctx, value.span, source, storage)
    return converted(value.expr, storage) if value.expr is not None else None


def _character(value: Typed, target: Elementary) -> ir.Expr | None:
    """A literal of one character as CHAR or WCHAR."""
    literal = value.expr
    if not isinstance(literal, ir.Const) or literal.type.kind is not Kind.TEXT or literal.type.width != target.size:
        return None
    text = str(literal.value)
    return ir.Const(target, ord(text)) if len(text) == 1 else None


def _within(
    ctx: Context, expr: ir.Expr | None, target: SubrangeType, span: Span, declared: tuple[Label, ...]
) -> ir.Expr | None:
    """A constant for a subrange must be in it; the rest is checked when the program runs (passing.py)."""
    value = evaluate_number(expr)
    if value is None or target.low <= value <= target.high:
        return expr
    message = f"{value} is outside {target.low}..{target.high}"
    ctx.report.error("L5005", message, span, "this value", *declared)
    return None


def flexible_fits(value: Typed, target: Elementary) -> bool:
    """True when a literal of this sort may take the type (whether its value fits is another matter)."""
    if target.kind in (Kind.TIME, Kind.DATE, Kind.CHAR, Kind.TEXT):
        return False
    return value.type is ANY_INT or target.kind is Kind.REAL


def settled(value: Typed, want: Type | None = None) -> Typed:
    """A literal without a type as the type the context would like, else DINT, LINT, ULINT or LREAL."""
    if value.make is None:
        return value
    storage = want if isinstance(want, Elementary) and flexible_fits(value, want) else None
    if storage is None:
        storage = LREAL
        if value.type is ANY_INT:
            number = int(value.number or 0)
            storage = DINT if fits(DINT, number) else LINT if fits(LINT, number) else ULINT
    return Typed(storage, value.span, value.make(storage), number=value.number)


def literal_of(ctx: Context, number: float, span: Span, text: str) -> Typed:
    """A number whose type its context decides."""

    def make(target: Elementary) -> ir.Expr | None:
        if target.kind is Kind.REAL:
            real = as_real(target, number)
            if real is not None:
                return ir.Const(target, real)
        elif fits(target, number):
            return ir.Const(target, bool(number) if target.kind is Kind.BOOL else number)
        bounds = "" if target.kind is Kind.REAL else f"{target.name} holds {target.minimum} to {target.maximum}"
        bounds = "BOOL holds 0 and 1" if target.kind is Kind.BOOL else bounds
        ctx.report.error("L5005", f"{text} does not fit into {target.name}", span, "this value", help=bounds)
        return None

    kind = ANY_REAL if isinstance(number, float) else ANY_INT
    return Typed(kind, span, make=make, number=number)


def _refuse(ctx: Context, value: Typed, target: Type, declared: tuple[Label, ...]) -> None:
    source = name_of(value.type)
    message = f"{source} does not fit into {name_of(target)}"
    mend = _help(value.type, target, declared)
    literal = value.span.source.line(value.span.line)[value.span.column - 1 : value.span.column]
    if literal == '"' and storage_of(target) is not None and name_of(target).startswith("STRING"):
        mend = "a STRING stands in single quotes: '…'"
    ctx.report.error("L2007", message, value.span, f"this is {source}", *declared, help=mend)


def _help(source: Type, target: Type, declared: tuple[Label, ...]) -> str:
    if isinstance(source, Flexible) and isinstance(target, Elementary) and target.kind is Kind.TIME:
        return "write a time: T#5s, T#100ms"
    if source is ANY_REAL:
        return f"write a whole number, or say how to round: TO_{name_of(target)}(...) or TRUNC(...)"
    if isinstance(source, Flexible):
        return f"name one of the values of {name_of(target)}" if isinstance(target, EnumType) else ""
    if isinstance(source, RefType):
        return "follow it to its value with ^"
    if isinstance(source, ArrayType) and isinstance(target, Elementary):
        return "name an element: one index for each dimension"
    from_storage, to_storage = storage_of(source), storage_of(target)
    if from_storage is None or to_storage is None:
        return ""
    call = f"{name_of(source).partition('[')[0]}_TO_{name_of(target).partition('[')[0]}(...)"
    if to_storage.kind is Kind.BOOL:
        return "compare it: ... <> 0" if isinstance(source, Elementary) else ""
    name = declared[0].span.source.line(declared[0].span.line)[declared[0].span.column - 1 :] if declared else ""
    name = name[: declared[0].span.length].split(":")[0].split(",")[0].strip() if declared else ""
    return f"say so: {call}" + (f", or declare {name} as {name_of(source)}" if name.isidentifier() else "")


def warn_bits(ctx: Context, span: Span, source: Elementary, target: Elementary) -> None:
    """Warn about a conversion that is made because published libraries rely on it (LANGUAGE.md rule 6)."""
    if target.kind is Kind.REAL:
        message = f"{source.name} to {target.name} loses digits beyond 16777216"
    else:
        message = f"{source.name} is taken as {target.name} bit for bit"
    mend = f"say so: {source.name}_TO_{target.name}(...)"
    ctx.report.warning("L9001", message, span, f"this is {source.name}", help=mend)
