"""The standard's functions: numeric, selection, shift, conversion; and the named extensions on time and quality."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from runtime.core.elementary import (
    BOOL,
    BYTE,
    DINT,
    DWORD,
    ELEMENTARY,
    LINT,
    LREAL,
    LWORD,
    REAL,
    ULINT,
    WORD,
    Elementary,
    Kind,
)
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower import bcd, bounds, endian, functional, quality, sizeof, strings, valid
from runtime.lang.lower.arguments import bind
from runtime.lang.lower.arithmetic import power
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.conversion import conversion
from runtime.lang.lower.convert import common, fit, flexible_fits, settled, warn_bits, way
from runtime.lang.lower.folding import converted
from runtime.lang.lower.signatures import CLOCK, FIXED, PARAMETERS, REALS, SHIFTS, VARIADIC
from runtime.lang.semantics.symbols import suggest
from runtime.lang.semantics.types import (
    ANY_INT,
    ANY_REAL,
    EnumType,
    Flexible,
    Type,
    Unknown,
    name_of,
    storage_of,
)
from runtime.lang.syntax import habits

_CONVERSION = re.compile(r"(?:(\w+?)_)?(TO|TRUNC)_(\w+)\Z")
_TRUNC_TARGETS = (DINT, LINT)


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    node: tree.CallExpr
    args: tuple[tree.Expr, ...]
    want: Type | None


def exists(ctx: Context, callee: tree.Name) -> bool:
    """True when a standard function has this name."""
    name = callee.text.upper()
    return name in PARAMETERS or _conversion_of(ctx, name) is not None


def nearest(ctx: Context, callee: tree.Name) -> str:
    """Help for an unknown function."""
    word = callee.text.upper()
    if word in habits.FUNCTIONS:
        return habits.FUNCTIONS[word]
    if habits.TYPES.get(word, word) in ELEMENTARY:
        return f"convert with TO_{habits.TYPES.get(word, word)}(...)"
    symbols = ctx.scope.symbols
    functions = [p.name for p in symbols.pous.values() if p.kind == "FUNCTION"]
    instances = [s.name for s in ctx.scope.own.values()]
    known = [*functions, *instances, *(n for n in PARAMETERS if n not in bcd.NAMES)]
    return suggest(callee.text, known) or "declare an instance in VAR, or write a FUNCTION of this name"


def call(ctx: Context, node: tree.CallExpr, callee: tree.Name, want: Type | None) -> Typed | None:
    """A call of a standard function; None when there is none of this name."""
    name = callee.text.upper()
    if name == sizeof.NAME:
        return sizeof.lower(ctx, node)
    if name in bounds.NAMES:
        return bounds.lower(ctx, node, name)
    if name in functional.NAMES:
        return functional.lower(ctx, node, name, want)
    if name in quality.NAMES:
        return quality.lower(ctx, node, name)
    if name in strings.NAMES:
        return strings.lower(ctx, node, name, want)
    for names, lower in ((bcd.NAMES, bcd.lower), (endian.NAMES, endian.lower), (valid.NAMES, valid.lower)):
        if name in names:
            return lower(ctx, node, name)
    target = _conversion_of(ctx, name)
    if target is not None:
        return conversion(ctx, node, name, target[0], target[1], truncate="TRUNC_" in name)
    if name not in FIXED and name not in VARIADIC:
        return None
    arguments = _arguments(ctx, node, name)
    if arguments is None:
        return nothing(node.span)
    return _HANDLERS[name](ctx, _Call(name, node, arguments, want))


def _conversion_of(ctx: Context, name: str) -> tuple[Type | None, Type] | None:
    """(source or None, target) when the name is X_TO_Y, TO_Y or X_TRUNC_Y."""
    found = _CONVERSION.match(name)
    if found is None or (found[2] == "TRUNC" and not found[1]):
        return None
    source = ELEMENTARY.get(found[1]) or ctx.scope.symbols.resolve_type(found[1].lower()) if found[1] else None
    target = ELEMENTARY.get(found[3]) or ctx.scope.symbols.resolve_type(found[3].lower())
    scalars = (Elementary, EnumType)
    if not isinstance(target, scalars) or (found[1] and not isinstance(source, scalars)):
        return None
    return source, target


def _arguments(ctx: Context, node: tree.CallExpr, name: str) -> tuple[tree.Expr, ...] | None:
    names = FIXED.get(name) or VARIADIC.get(name, ())
    bound = bind(ctx, node, name, inputs=names, outputs=())
    if not bound.ok:
        return None
    given = [n for n in names if n.lower() in bound.inputs]
    least = {"MIN": 2, "MAX": 2, "MUX": 3}.get(name, len(names))
    gap = next((n for n, g in zip(names, given, strict=False) if n != g), None)
    if len(given) < least or gap is not None:
        takes = ", ".join(names) if name not in VARIADIC else ", ".join(names[:3]) + ", ..."
        message = f"{name} takes {takes}; {len(given)} given" if takes else f"{name} takes nothing"
        ctx.report.error("L3007", message, node.span, "too few arguments")
        return None
    return tuple(bound.inputs[n.lower()] for n in given)


# ---- handlers ----


def _clock(_ctx: Context, call: _Call) -> Typed:
    kind, offset = CLOCK[call.name]
    return Typed(kind, call.node.span, ir.Load(kind, ir.Place(ir.Base.APP, offset)))


def _on_common(ctx: Context, call: _Call, operands: list[Typed], lead: tuple[ir.Expr, ...] = ()) -> Typed:
    """An intrinsic whose operands and result have one type; literals only: still flexible."""
    span = call.node.span
    kind = common(operands, call.want)
    if isinstance(kind, Unknown):
        return nothing(span)
    if isinstance(kind, Flexible):

        def make(target: Elementary) -> ir.Expr | None:
            parts = [o.make(target) for o in operands if o.make is not None]
            made = tuple(p for p in parts if p is not None)
            return ir.Intrinsic(target, call.name, (*lead, *made)) if len(made) == len(parts) else None

        return Typed(kind, span, make=make)
    storage = storage_of(kind) if kind is not None else None
    if storage is None or kind is None:
        kinds = [name_of(o.type) for o in operands]
        message = f"{call.name} of {', '.join(kinds)}: they have no common type"
        code = "L2002" if len(set(kinds)) > 1 else "L2013"
        ctx.report.error(code, message, operands[0].span, f"this is {kinds[0]}")
        return nothing(span)
    parts = [fit(ctx, o, kind) for o in operands]
    made = tuple(p for p in parts if p is not None)
    return Typed(kind, span, ir.Intrinsic(storage, call.name, (*lead, *made)) if len(made) == len(parts) else None)


def _selection(ctx: Context, call: _Call) -> Typed:
    operands = _operands(ctx, call, call.args)
    result = _on_common(ctx, call, operands)
    storage = storage_of(result.type)
    if storage is not None and isinstance(result.type, EnumType):
        message = f"{call.name} does not take {name_of(result.type)}"
        ctx.report.error("L2001", message, operands[0].span, f"this is {name_of(result.type)}")
        return nothing(call.node.span)
    return result


def _operands(ctx: Context, call: _Call, args: tuple[tree.Expr, ...]) -> list[Typed]:
    hint, operands = call.want, []
    for arg in args:
        operands.append(ctx.lower(arg, hint))
        if isinstance(operands[-1].type, Elementary | EnumType):
            hint = operands[-1].type
    return operands


def _absolute(ctx: Context, call: _Call) -> Typed:
    result = _on_common(ctx, call, _operands(ctx, call, call.args))
    if isinstance(result.type, Elementary) and result.type.kind not in (
        Kind.SIGNED,
        Kind.UNSIGNED,
        Kind.REAL,
        Kind.TIME,
    ):
        ctx.report.error("L2001", f"ABS does not take {result.type.name}", call.node.span, "not a number")
        return nothing(call.node.span)
    return result


def _move(ctx: Context, call: _Call) -> Typed:
    return ctx.lower(call.args[0], call.want)


def _sel(ctx: Context, call: _Call) -> Typed:
    gate = ctx.lower(call.args[0], BOOL)
    operands = _operands(ctx, call, call.args[1:])
    lead = fit(ctx, gate, BOOL)
    return _on_common(ctx, call, operands, (lead,)) if lead is not None else nothing(call.node.span)


def _mux(ctx: Context, call: _Call) -> Typed:
    lead = _whole(ctx, call, ctx.lower(call.args[0], LINT))
    operands = _operands(ctx, call, call.args[1:])
    return _on_common(ctx, call, operands, (lead,)) if lead is not None else nothing(call.node.span)


def _whole(ctx: Context, call: _Call, number: Typed) -> ir.Expr | None:
    """A whole number as LINT, for a position or count."""
    if number.make is not None and number.type is ANY_INT:
        return number.make(LINT)
    if isinstance(number.type, Unknown):
        return None
    if isinstance(number.type, Elementary) and number.type.kind in (Kind.SIGNED, Kind.UNSIGNED, Kind.BITS):
        if number.type.kind is Kind.BITS:
            warn_bits(ctx, number.span, number.type, LINT)
        if number.expr is None:
            return None
        if number.type in (ULINT, LWORD):
            clipped = ir.Intrinsic(ULINT, "MIN", (converted(number.expr, ULINT), ir.Const(ULINT, LINT.maximum)))
            return converted(clipped, LINT)
        return converted(number.expr, LINT)
    message = f"{call.name} needs a whole number here"
    ctx.report.error("L2001", message, number.span, f"this is {name_of(number.type)}")
    return None


def _real(ctx: Context, call: _Call) -> Typed:
    """A function of reals: in LREAL when an argument is, in REAL else; whole numbers widen."""
    operands = _operands(ctx, call, call.args)
    if any(isinstance(o.type, Unknown) for o in operands):
        return nothing(call.node.span)
    kind = common(operands, call.want)
    if isinstance(kind, Flexible):
        result = _on_common(ctx, call, operands)
        make = result.make
        assert make is not None

        def real(target: Elementary) -> ir.Expr | None:
            own = target if target.kind is Kind.REAL else LREAL
            return make(own)

        return Typed(ANY_REAL, call.node.span, make=real)
    if isinstance(kind, Elementary) and kind.kind in (Kind.SIGNED, Kind.UNSIGNED):
        kind = call.want if isinstance(call.want, Elementary) and call.want.kind is Kind.REAL else _holding(kind)
    if not isinstance(kind, Elementary) or kind.kind is not Kind.REAL:
        message = f"{call.name} needs a real number"
        ctx.report.error("L2001", message, operands[0].span, f"this is {name_of(operands[0].type)}")
        return nothing(call.node.span)
    parts = [fit(ctx, o, kind) for o in operands]
    made = tuple(p for p in parts if p is not None)
    return Typed(kind, call.node.span, ir.Intrinsic(kind, call.name, made) if len(made) == len(parts) else None)


def _holding(kind: Elementary) -> Elementary:
    return REAL if way(kind, REAL) == "widen" else LREAL


def _expt(ctx: Context, call: _Call) -> Typed:
    base = ctx.lower(call.args[0], call.want)
    exponent = ctx.lower(call.args[1])
    if isinstance(base.type, Unknown) or isinstance(exponent.type, Unknown):
        return nothing(call.node.span)
    return power(ctx, call.node, base, exponent, call.want)


def _trunc(ctx: Context, call: _Call) -> Typed:
    number = settled(ctx.lower(call.args[0]), LREAL)
    if isinstance(number.type, Unknown):
        return nothing(call.node.span)
    if not isinstance(number.type, Elementary) or number.type.kind is not Kind.REAL:
        message = "TRUNC needs a real number"
        ctx.report.error("L2001", message, number.span, f"this is {name_of(number.type)}")
        return nothing(call.node.span)
    want = call.want if isinstance(call.want, Elementary) and call.want.kind in (Kind.SIGNED, Kind.UNSIGNED) else DINT
    if number.expr is None:
        return Typed(want, call.node.span)
    site = ctx.site(FaultCode.NAN_TO_INTEGER, call.node.span)
    return Typed(want, call.node.span, ir.Intrinsic(want, "TRUNC", (number.expr,), site))


def _shift(ctx: Context, call: _Call) -> Typed:
    bits = ctx.lower(call.args[0], call.want)
    count = _whole(ctx, call, ctx.lower(call.args[1], LINT))
    if isinstance(bits.type, Unknown):
        return nothing(call.node.span)
    if bits.make is not None:
        fitting = isinstance(call.want, Elementary) and call.want.kind is Kind.BITS and flexible_fits(bits, call.want)
        bits = settled(bits, call.want if fitting else ELEMENTARY["DWORD"])
    whole = bits.type
    if isinstance(whole, Elementary) and whole.kind in (Kind.SIGNED, Kind.UNSIGNED):
        strings_of_bits = {1: BYTE, 2: WORD, 4: DWORD, 8: LWORD}
        kind = strings_of_bits[whole.size]
        mend = f"say so: {whole.name}_TO_{kind.name}(...)"
        text = f"{call.name} works on the bits of {whole.name}"
        if call.name == "SHR" and whole.kind is Kind.SIGNED:
            text, kind = f"SHR of {whole.name} fills up with the sign", whole  # libraries halve numbers with it
        ctx.report.warning("L9006", text, bits.span, "whole numbers", help=mend)
        if bits.expr is None or count is None:
            return Typed(whole, call.node.span)
        shifted = ir.Intrinsic(kind, call.name, (converted(bits.expr, kind), count))
        return Typed(whole, call.node.span, converted(shifted, whole))
    if not isinstance(bits.type, Elementary) or bits.type.kind is not Kind.BITS:
        mend = f"convert it: {name_of(bits.type)}_TO_WORD(...)" if isinstance(bits.type, Elementary) else ""
        message = f"{call.name} works on bit strings"
        ctx.report.error("L2001", message, bits.span, f"this is {name_of(bits.type)}", help=mend)
        return nothing(call.node.span)
    if bits.expr is None or count is None:
        return Typed(bits.type, call.node.span)
    return Typed(bits.type, call.node.span, ir.Intrinsic(bits.type, call.name, (bits.expr, count)))


_HANDLERS: dict[str, Callable[[Context, _Call], Typed]] = {
    **dict.fromkeys(REALS | {"ATAN2"}, _real),
    **dict.fromkeys(SHIFTS, _shift),
    **dict.fromkeys(CLOCK, _clock),
    **dict.fromkeys(("MIN", "MAX", "LIMIT"), _selection),
    "ABS": _absolute,
    "MOVE": _move,
    "SEL": _sel,
    "MUX": _mux,
    "EXPT": _expt,
    "TRUNC": _trunc,
}
