"""Calls: of functions as values and as statements, and of function-block instances."""

from functools import partial

from runtime.core.diagnostic import Label, Span
from runtime.lang import ir, tree
from runtime.lang.lower import enabling, method, place, standard, taking
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.function import Made, Receiver, call_function
from runtime.lang.lower.instance import call_instance
from runtime.lang.lower.ref import Ref
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import (
    UNKNOWN,
    ArrayType,
    BlockType,
    Type,
    name_of,
    same,
    size_of,
    storage_of,
    value_of,
)


def value(ctx: Context, node: tree.CallExpr, want: Type | None) -> Typed:
    """A call used as a value."""
    found, on = _callable(ctx, node.callee)
    parts = enabling.split(ctx, node)
    if parts is None:
        return _value(ctx, node, want, found, on)
    symbol = found.result_symbol if found is not None else None
    initial = symbol.initial if symbol is not None else None
    return enabling.valued(ctx, parts, initial, lambda: _value(ctx, parts.call, want, found, on))


def _value(ctx: Context, node: tree.CallExpr, want: Type | None, found: PouSymbol | None, on: Receiver | None) -> Typed:
    callee = node.callee
    if found is not None:
        return _as_value(ctx, node, found, on)
    if isinstance(callee, tree.Name):
        symbol = ctx.scope.variable(callee.key)
        if callee.key in taking.NAMES and (symbol is None or not isinstance(symbol.type, BlockType)):
            return taking.take(ctx, node)
        if symbol is None:
            result = standard.call(ctx, node, callee, want)
            if result is not None:
                return result
    _refuse_callee(ctx, node)
    return nothing(node.span)


def statement(ctx: Context, node: tree.CallExpr) -> list[ir.Statement]:
    """A call as a statement."""
    parts = enabling.split(ctx, node)
    if parts is not None:
        return enabling.guarded(ctx, parts, lambda: statement(ctx, parts.call))
    callee = node.callee
    based = method.call_base(ctx, node)
    if based is not None:
        return based
    found, on = _callable(ctx, callee)
    if found is not None:
        made = call_function(ctx, node, found, None, on)
        return made.statements if made is not None else []
    if isinstance(callee, tree.Name) and ctx.scope.variable(callee.key) is None and standard.exists(ctx, callee):
        if standard.call(ctx, node, callee, None) is not None:
            message = f"the result of {callee.text} is not used"
            ctx.report.error("L2012", message, node.span, "does nothing", help="assign it: variable := ...")
        return []
    if isinstance(callee, tree.Name) and ctx.scope.variable(callee.key) is None:
        _refuse_callee(ctx, node)
        return []
    ref = place.refer(ctx, callee)
    if ref is None or (size_of(ref.type) == 0 and not isinstance(ref.type, BlockType)):
        return []
    if not isinstance(ref.type, BlockType):
        _refuse_callee(ctx, node)
        return []
    return call_instance(ctx, node, ref, ref.type)


def assign_aggregate(ctx: Context, node: tree.CallExpr, target: Ref) -> list[ir.Statement] | None:
    """`target := F(...)` where F gives a structure or array; None when the callee is no such function."""
    found, on = _callable(ctx, node.callee)
    if found is None or found.result is None or storage_of(found.result) is not None or not size_of(found.result):
        return None
    if not same(found.result, target.type):
        message = f"{name_of(found.result)} does not fit into {name_of(target.type)}"
        ctx.report.error("L2007", message, node.span, f"this is {name_of(found.result)}", target.declared)
        return []
    made = call_function(ctx, node, found, target.place, on)
    return made.statements if made is not None else []


# ---- functions and methods ----


def _callable(ctx: Context, callee: tree.Expr) -> tuple[PouSymbol | None, Receiver | None]:
    """The method or function a callee names."""
    reached = method.find(ctx, callee)
    if reached is not None:
        return reached.method, reached.on
    return (_function(ctx, callee) if isinstance(callee, tree.Name) else None), None


def _function(ctx: Context, callee: tree.Name) -> PouSymbol | None:
    found = ctx.scope.symbols.pous.get(callee.key)
    shadow = ctx.scope.own.get(callee.key)
    if found is None or found.kind != "FUNCTION" or (shadow is not None and shadow.section != "RESULT"):
        return None
    if ctx.pou is not None and ctx.pou.library and not found.library:
        return None  # the standard's own blocks mean the standard's functions, whatever a program calls its own
    ctx.scope.symbols.declare(found)
    return found


def _as_value(ctx: Context, node: tree.CallExpr, found: PouSymbol, on: Receiver | None = None) -> Typed:
    made = call_function(ctx, node, found, None, on)
    if found.result is None:
        message = f"{found.path} gives no result"
        label = Label(found.tree.name.span, "declared without a type")
        ctx.report.error("L2012", message, node.span, "used as a value", label)
        return nothing(node.span)
    return result(found, made, node.span)


def result(found: PouSymbol | None, made: Made | None, span: Span) -> Typed:
    """What a call gives, as a value; unknown when there is nothing to call."""
    if found is None or found.result is None:
        return Typed(UNKNOWN, span)
    if made is None or (made.result is None and made.call.type is None):  # the type itself was a mistake
        return Typed(value_of(found.result), span)
    if made.result is not None:
        return Typed(found.result, span, place=made.result, before=tuple(made.statements))
    return Typed(value_of(found.result), span, made.expression)


def result_of(ctx: Context, node: tree.CallExpr) -> Ref | None:
    """The structure or array a call gives, to be reached into: `f(x).y`; None after a mistake."""
    found, on = _callable(ctx, node.callee)
    if found is None or found.result_symbol is None or storage_of(found.result_symbol.type) is not None:
        ctx.report.error("L2008", "a variable is needed here", node.span, "this is a value")
        return None
    parts = enabling.split(ctx, node)
    call = parts.call if parts is not None else node
    make = partial(_as_value, ctx, call, found, on)
    got = enabling.valued(ctx, parts, found.result_symbol.initial, make) if parts is not None else make()
    if got.place is None:
        return None
    reason = f"this is the result of {found.path}, not a variable"
    return Ref(found.result_symbol.type, node.span, found.result_symbol, got.place, reason, before=got.before)


def _refuse_callee(ctx: Context, node: tree.CallExpr) -> None:
    callee = node.callee
    if isinstance(callee, tree.Missing):
        return
    if isinstance(callee, tree.Name) and ctx.scope.variable(callee.key) is None:
        found = ctx.scope.symbols.pous.get(callee.key)
        if found is None:
            mend = standard.nearest(ctx, callee)
            place.unknown_name(ctx, callee, help=mend)
            return
        mend = "declare an instance in VAR and call that" if found.kind == "FUNCTION_BLOCK" else ""
        message = f"{found.kind} {found.name} cannot be called by its type"
        ctx.report.error("L3008", message, callee.span, f"a {found.kind}", help=mend)
        return
    ref = place.refer(ctx, callee)
    if ref is None or not size_of(ref.type):
        return
    if isinstance(ref.type, BlockType):
        mend = f"call it in a statement of its own, then read its outputs ({_some_output(ref.type)})"
        ctx.report.error("L2012", "the call of an instance has no value", node.span, "used as a value", help=mend)
        return
    mend = "an element is named with brackets: list[1]" if isinstance(ref.type, ArrayType) else ""
    message = f"{name_of(ref.type)} cannot be called"
    ctx.report.error("L3008", message, callee.span, "not a function or instance", ref.declared, help=mend)


def _some_output(kind: BlockType) -> str:
    return ", ".join(f".{m.name}" for m in kind.members if m.section == "VAR_OUTPUT") or "it has none"
