"""Values of interface variables: an instance, another interface, or NULL; compared and tried (`?=`)."""

from runtime.core.diagnostic import Label
from runtime.core.elementary import BOOL, LINT, ULINT
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.ir.pointer import MARK_BIT, OFFSET_BIT
from runtime.lang.lower.context import Context, Typed
from runtime.lang.semantics.classes import implementers, interfaces_of, number_of
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import NULL, BlockType, InterfaceType, Type, Unknown, name_of

NONE = ir.Const(ULINT, 0)
_ALL_BUT_MARK = (1 << 8 * ir.POINTER.size) - (1 << 32) + (1 << MARK_BIT) - 1


def held(ctx: Context, value: Typed, target: InterfaceType, *declared: Label) -> ir.Expr | None:
    """The value as an interface variable holds it; None after saying why it cannot."""
    if value.type is NULL:
        return NONE
    interface = _symbol(ctx, target)
    if isinstance(value.type, InterfaceType):
        if interface in interfaces_of(_symbol(ctx, value.type)):
            return value.expr
        mend = f"try it at run time: variable ?= {name_of(value.type)} value"
        message = f"not every {name_of(value.type)} is {_an(target)}"
        ctx.report.error("L7009", message, value.span, f"this is {name_of(value.type)}", *declared, help=mend)
        return None
    if isinstance(value.type, BlockType):
        number = _number(ctx, value.type, interface)
        block = ctx.scope.symbols.pous[value.type.name.lower()]
        if value.lead is not None and interface in interfaces_of(block):
            return _as_interface(value.lead)
        if number and value.place is not None:
            site = ctx.site(FaultCode.BAD_REFERENCE, value.span)
            return ir.Locate(value.place, number, ctx.quality_offset, site)
        if number or (block.has("ABSTRACT") and interface in interfaces_of(block)):
            return None  # in the text of an ABSTRACT block, or of what is given one: it stands for what extends it
    message = f"{name_of(value.type)} does not implement {target.name}"
    ctx.report.error("L7009", message, value.span, f"this is {name_of(value.type)}", *declared)
    return None


def compare(ctx: Context, node: tree.Binary, left: Typed, right: Typed) -> Typed | None:
    """`=` and `<>` of interfaces and NULL; None when neither side is one."""
    sides = (left.type, right.type)
    kind = next((t for t in sides if isinstance(t, InterfaceType)), None)
    if kind is None:
        return None
    if node.op not in ("=", "<>"):
        message = f"{node.op} does not take an interface"
        ctx.report.error("L2001", message, node.op_span, "an order", help="use = or <>")
        return Typed(BOOL, node.span)
    values = [v.expr if isinstance(v.type, InterfaceType) else held(ctx, v, kind) for v in (left, right)]
    if values[0] is None or values[1] is None:
        return Typed(BOOL, node.span)
    return Typed(BOOL, node.span, ir.Compare("eq" if node.op == "=" else "ne", values[0], values[1]))


def attempt(ctx: Context, node: tree.Attempt, target: InterfaceType, place: ir.Place, value: Typed) -> ir.Block:
    """`target ?= value`: the value where its type implements the target's interface, else NULL."""
    if isinstance(value.type, Unknown):
        return ()
    if value.type is NULL or isinstance(value.type, BlockType):
        fits = value.type is not NULL and _number(ctx, value.type, _symbol(ctx, target))
        expr = held(ctx, value, target) if fits else NONE
        return (ir.Assign(place, ULINT, expr),) if expr is not None else ()
    if not isinstance(value.type, InterfaceType) or value.expr is None:
        message = f"?= takes an interface, not {name_of(value.type)}"
        ctx.report.error("L7009", message, node.value.span, f"this is {name_of(value.type)}")
        return ()
    taken = ctx.scratch(ULINT.size, ULINT.size)
    number = ir.Intrinsic(ULINT, "SHR", (ir.Load(ULINT, taken), ir.Const(LINT, 32)))
    ranges = tuple((n, n) for n, _ in implementers(ctx.scope.symbols, _symbol(ctx, target)))
    arm = ir.CaseArm(ranges, (ir.Assign(place, ULINT, ir.Load(ULINT, taken)),))
    refused = (ir.Assign(place, ULINT, NONE),)
    choose: ir.Statement = ir.Case(number, (arm,), refused) if ranges else refused[0]
    return (ir.Assign(taken, ULINT, value.expr), choose)


def _symbol(ctx: Context, kind: InterfaceType) -> PouSymbol:
    found = ctx.scope.symbols.pous[kind.name.lower()]
    ctx.scope.symbols.declare(found)
    return found


def _number(ctx: Context, kind: Type, interface: PouSymbol) -> int:
    """The number of a block's type; 0 when it does not implement the interface."""
    assert isinstance(kind, BlockType)
    block = ctx.scope.symbols.pous[kind.name.lower()]
    return number_of(ctx.scope.symbols, block) if interface in interfaces_of(block) else 0


def _as_interface(reference: ir.Expr) -> ir.Expr:
    """A reference to an instance as an interface variable holds it: the number above the offset, without the mark."""
    bare = ir.Binary(ir.POINTER, "and", reference, ir.Const(ir.POINTER, _ALL_BUT_MARK))
    return ir.Convert(ULINT, ir.Intrinsic(ir.POINTER, "ROL", (bare, ir.Const(LINT, 8 * ir.POINTER.size - OFFSET_BIT))))


def _an(kind: InterfaceType) -> str:
    return f"an {kind.name}" if kind.name[:1].upper() in "AEIOU" else f"a {kind.name}"
