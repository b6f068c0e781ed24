"""Said conversions: X_TO_Y, TO_Y, X_TRUNC_Y, between elementary types and enumerations.

TIME goes to and from numbers in milliseconds (LANGUAGE.md rule 5). DWORD ↔ REAL and LWORD ↔ LREAL move the bits
unchanged (IEC 61131-3, 3rd edition, table 25), those of a NaN as of the one quiet NaN; every other conversion keeps
the number.
"""

import math

from runtime.core.elementary import BOOL, DATE, DT, LDATE, LDT, LINT, LREAL, LTOD, TIME, TOD, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower.arguments import only_argument
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import fit, settled
from runtime.lang.lower.folding import converted
from runtime.lang.lower.library import library_call
from runtime.lang.lower.text_conversion import text_conversion
from runtime.lang.semantics.types import Type, Unknown, name_of, storage_of

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


def conversion(
    ctx: Context, node: tree.CallExpr, name: str, source: Type | None, target: Type, *, truncate: bool
) -> Typed:
    """The call as IR. `source` None: whatever the argument is."""
    argument = only_argument(ctx, node, name)
    if argument is None:
        return nothing(node.span)
    given = ctx.lower(argument, source)
    if source is None:
        given = settled(given)
        if isinstance(given.type, Unknown):
            return Typed(target, node.span)
        source = given.type
    if storage_of(source) is None:
        message = f"{name} does not take {name_of(source)}"
        ctx.report.error("L2013", message, argument.span, f"this is {name_of(source)}")
        return nothing(node.span)
    expr = fit(ctx, given, source)
    from_storage, to_storage = storage_of(source), storage_of(target)
    assert from_storage is not None
    assert to_storage is not None
    if expr is None:
        return Typed(target, node.span)
    if truncate:
        return Typed(target, node.span, _truncated(ctx, node, expr, from_storage, to_storage))
    return Typed(target, node.span, _convert(ctx, node, expr, from_storage, to_storage))


def _truncated(
    ctx: Context, node: tree.CallExpr, expr: ir.Expr, source: Elementary, target: Elementary
) -> ir.Expr | None:
    if source.kind is not Kind.REAL or target.kind not in (Kind.SIGNED, Kind.UNSIGNED):
        ctx.report.error(
            "L2001", "TRUNC goes from a real to a whole number", node.span, f"{source.name} to {target.name}"
        )
        return None
    return ir.Intrinsic(target, "TRUNC", (expr,), ctx.site(FaultCode.NAN_TO_INTEGER, node.span))


def _convert(
    ctx: Context, node: tree.CallExpr, expr: ir.Expr, source: Elementary, target: Elementary
) -> ir.Expr | None:
    if source == target:
        return expr
    if Kind.TEXT in (source.kind, target.kind):
        return text_conversion(ctx, node.span, expr, source, target)
    if source.size == target.size and {source.kind, target.kind} == {Kind.BITS, Kind.REAL}:
        return moved_bits(ctx, expr, source, target)
    clocks = (Kind.TIME, Kind.DATE)
    if source.kind in clocks and target.kind in clocks:
        return _between_clocks(ctx, node, expr, source, target)
    site = ctx.site(FaultCode.NAN_TO_INTEGER, node.span) if source.kind is Kind.REAL else -1
    if target.kind in clocks:
        return _to_clock(expr, source, target, site)
    if source.kind in clocks and target != BOOL:
        return _from_clock(ctx, node, expr, source, target)
    return converted(expr, target, site)


def _unit_ns(kind: Elementary) -> int:
    """Nanoseconds of the customary unit (LANGUAGE.md rule 5)."""
    if kind.name.startswith("L"):
        return 1
    return _NS_PER_MS if kind in (TIME, TOD) else _NS_PER_S


def _to_clock(expr: ir.Expr, source: Elementary, target: Elementary, site: int) -> ir.Expr:
    unit = _unit_ns(target)
    if source.kind is Kind.REAL:
        return converted(ir.Binary(LREAL, "mul", converted(expr, LREAL), ir.Const(LREAL, float(unit))), target, site)
    return converted(ir.Binary(LINT, "mul", converted(expr, LINT), ir.Const(LINT, unit)), target)


def _from_clock(ctx: Context, node: tree.CallExpr, expr: ir.Expr, source: Elementary, target: Elementary) -> ir.Expr:
    unit = _unit_ns(source)
    if target.kind is Kind.REAL:
        return converted(ir.Binary(LREAL, "div", converted(expr, LREAL), ir.Const(LREAL, float(unit))), target)
    site = ctx.site(FaultCode.DIVISION_BY_ZERO, node.span)
    return converted(ir.Binary(LINT, "div", converted(expr, LINT), ir.Const(LINT, unit), site), target)


def _between_clocks(
    ctx: Context, node: tree.CallExpr, expr: ir.Expr, source: Elementary, target: Elementary
) -> ir.Expr | None:
    """A date and time as its date or its time of day; else the nanoseconds stay."""
    if source in (DT, LDT) and target in (DATE, LDATE, TOD, LTOD):
        name = "__DATE_OF" if target in (DATE, LDATE) else "__TOD_OF"
        made = library_call(ctx, node.span, name, converted(expr, LINT))
        return converted(made, target) if made is not None else None
    return converted(expr, target)


def moved_bits(ctx: Context, expr: ir.Expr, source: Elementary, target: Elementary) -> ir.Expr:
    """A call of a body that takes the value in as one type and gives it out as the other, from the same bytes."""
    compiled = bit_mover(source, target)
    ctx.bit_movers[compiled.name] = compiled
    ctx.cost += 1
    return ir.Call(target, compiled.name, (expr,))


def bit_mover(source: Elementary, target: Elementary) -> ir.Body:
    """The body for one pair of types; its name cannot be written in a program.

    Bits of a NaN are those of the one quiet NaN: which one an operation makes is the processor's choice.
    """
    parameter = ir.Parameter(source, 0)
    name = f"{source.name}_TO_{target.name}!"
    block: ir.Block = ()
    if source.kind is Kind.REAL:
        place = ir.Place(ir.Base.FRAME, 0)
        number = ir.Load(source, place)
        quiet = ir.Const(target, int.from_bytes(source.codec.pack(math.nan), "little"))
        block = (ir.If(((ir.Compare("ne", number, number), (ir.Assign(place, target, quiet),)),)),)
    origins = (None,) * len(tuple(ir.walk(block)))
    return ir.Body(name, "FUNCTION", block, bytes(source.size), False, (parameter,), result=target, origins=origins)
