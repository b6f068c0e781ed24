"""Statements to IR."""

from dataclasses import replace

from runtime.core.diagnostic import Span
from runtime.core.elementary import BOOL, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.diagnostics.rules import case_labels, for_control
from runtime.lang.lower import call, enabling, expression, interface, method, origins, passing, place, test_statement
from runtime.lang.lower.condition import as_condition
from runtime.lang.lower.context import Context, Typed
from runtime.lang.lower.convert import fit, literal_of, settled
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.types import EnumType, InterfaceType, Type, Unknown, name_of, size_of, storage_of, value_of

_TRUE = ir.Const(BOOL, value=True)


def block(ctx: Context, statements: tree.Block) -> ir.Block:
    """A list of statements."""
    lowered: list[ir.Statement] = []
    for written in statements:
        made = _statement(ctx, written)
        origins.note(ctx, written, made)
        lowered += made
    return tuple(lowered)


def _statement(ctx: Context, node: tree.Statement) -> list[ir.Statement]:
    match node:
        case tree.Assign():
            return _assign(ctx, node)
        case tree.Attempt():
            return _attempt(ctx, node)
        case tree.CallStatement():
            own = test_statement.is_test_statement(ctx, node.call)
            return test_statement.lower(ctx, node.call) if own else call.statement(ctx, node.call)
        case tree.If():
            return _if(ctx, node)
        case tree.Case():
            return _case(ctx, node)
        case tree.For():
            return _for(ctx, node)
        case tree.While():
            return _while(ctx, node)
        case tree.Repeat():
            return _repeat(ctx, node)
        case tree.Jump():
            return _jump(ctx, node)
        case tree.Broken():
            return []


def _assign(ctx: Context, node: tree.Assign) -> list[ir.Statement]:
    whole = node.value
    while isinstance(whole, tree.Group):
        whole = whole.inner
    parts = enabling.split(ctx, whole) if isinstance(whole, tree.CallExpr) else None
    if parts is not None:
        return enabling.guarded(ctx, parts, lambda: _assign(ctx, replace(node, value=parts.call)))
    called = method.write_property(ctx, node.target, node.value)
    if called is not None:
        return called
    target = place.refer(ctx, node.target)
    if target is None:
        expression.lower(ctx, node.value)  # its own mistakes are worth reporting
        return []
    for_control.check(ctx, target)
    may = place.writable(ctx, target)
    if isinstance(node.value, tree.CallExpr):
        made = call.assign_aggregate(ctx, node.value, target)
        if made is not None:
            return made
    made = passing.assign(ctx, target, node.value)
    return made if may else []


def _attempt(ctx: Context, node: tree.Attempt) -> list[ir.Statement]:
    target = place.refer(ctx, node.target)
    value = expression.lower(ctx, node.value)
    if target is None or target.place is None or not place.writable(ctx, target):
        return []
    if not isinstance(target.type, InterfaceType):
        message = f"?= assigns an interface, not {name_of(target.type)}"
        ctx.report.error("L7009", message, node.target.span, f"this is {name_of(target.type)}", target.declared)
        return []
    return list(interface.attempt(ctx, node, target.type, target.place, value))


def _if(ctx: Context, node: tree.If) -> list[ir.Statement]:
    arms = [(as_condition(ctx, condition) or _TRUE, block(ctx, inner)) for condition, inner in node.arms]
    return [ir.If(tuple(arms), block(ctx, node.otherwise))]


def _case(ctx: Context, node: tree.Case) -> list[ir.Statement]:
    selector = settled(expression.lower(ctx, node.selector))
    kind = selector.type
    storage = storage_of(kind)
    if not isinstance(kind, Unknown) and (
        storage is None or not storage.is_integer or storage.kind in (Kind.TIME, Kind.DATE)
    ):
        mend = "compare with IF" if storage is not None else ""
        message = "CASE needs a whole number, a bit string or an enumeration"
        ctx.report.error("L2010", message, selector.span, f"this is {name_of(kind)}", help=mend)
        kind, storage = Unknown(), None
    arms: list[ir.CaseArm] = []
    taken: list[case_labels.Taken] = []
    for arm in node.arms:
        found = [_label(ctx, label, kind) for label in arm.labels]
        ranges = [r for r in found if r is not None]
        taken += [
            case_labels.Taken(r[0], r[1], label.span, _label_name(kind, r[0]))
            for label, r in zip(arm.labels, found, strict=True)
            if r is not None
        ]
        arms.append(ir.CaseArm(tuple(ranges), block(ctx, arm.block)))
    case_labels.check(ctx.report, taken)
    block(ctx, node.stray)
    otherwise = block(ctx, node.otherwise)
    return [ir.Case(selector.expr, tuple(arms), otherwise)] if selector.expr is not None else []


def _label(ctx: Context, label: tree.Label, kind: Type) -> tuple[int, int] | None:
    low = _label_value(ctx, label.low, kind)
    high = low if label.high is None else _label_value(ctx, label.high, kind)
    if low is None or high is None:
        return None
    if low > high:
        message = f"the range {low}..{high} is empty"
        ctx.report.error("L5004", message, label.span, "first value above the last", help="write the smaller one first")
        return None
    return low, high


def _label_name(kind: Type, value: int) -> str:
    if not isinstance(kind, EnumType):
        return ""
    return next((name for name, number in kind.labels if number == value), "")


def _label_value(ctx: Context, node: tree.Expr, kind: Type) -> int | None:
    got = expression.lower(ctx, node, kind)
    if isinstance(kind, Unknown):
        return None
    expr = fit(ctx, got, kind)
    if expr is None:
        return None
    value = evaluate(expr)
    if value is None:
        ctx.report.error("L5001", "a CASE label must be a constant", node.span, "this varies")
        return None
    return int(value)


# ---- loops ----


def _for(ctx: Context, node: tree.For) -> list[ir.Statement]:
    control = place.refer(ctx, node.control)
    kind: Type = value_of(control.type) if control is not None else Unknown()
    if control is not None and not _counts(kind):
        if size_of(kind):
            message = "FOR counts with a whole number"
            ctx.report.error("L2011", message, control.span, f"this is {name_of(kind)}", control.declared)
        kind = Unknown()
    if control is not None:
        for_control.check(ctx, control)
        if not place.writable(ctx, control):
            kind = Unknown()
    start = _bound(ctx, node.start, kind)
    end = _bound(ctx, node.end, kind)
    step = _bound(ctx, node.step, kind) if node.step else _one(ctx, node.span, kind)
    if step is not None and node.step is not None and evaluate(step) == 0:
        ctx.report.error("L5001", "FOR with a step of 0 never moves", node.step.span, "this is 0")
    if control is not None:
        ctx.controls.append(control.root)
    inner, cost = _loop_body(ctx, node.block)
    if control is not None:
        ctx.controls.pop()
    if control is None or control.place is None or start is None or end is None or step is None:
        return []
    storage = storage_of(kind)
    assert storage is not None
    site_step = ctx.site(FaultCode.FOR_STEP_ZERO, node.span)
    site_budget = ctx.site(FaultCode.BUDGET_EXCEEDED, node.span)
    return [ir.For(control.place, storage, start, end, step, inner, cost, site_step, site_budget)]


def _counts(kind: Type) -> bool:
    return isinstance(kind, Elementary) and kind.kind in (Kind.SIGNED, Kind.UNSIGNED)


def _bound(ctx: Context, node: tree.Expr, kind: Type) -> ir.Expr | None:
    got = expression.lower(ctx, node, kind)
    return fit(ctx, got, kind) if not isinstance(kind, Unknown) else None


def _one(ctx: Context, span: Span, kind: Type) -> ir.Expr | None:
    one: Typed = literal_of(ctx, 1, span, "1")
    return one.make(kind) if isinstance(kind, Elementary) and one.make is not None else None


def _loop_body(ctx: Context, statements: tree.Block) -> tuple[ir.Block, int]:
    """The block and its straight-line cost; what is inside a loop is not part of the cost around it."""
    outer, ctx.cost = ctx.cost, 0
    ctx.loops += 1
    ctx.may_cut = True
    inner = block(ctx, statements)
    ctx.loops -= 1
    cost, ctx.cost = ctx.cost, outer
    return inner, 1 + cost


def _while(ctx: Context, node: tree.While) -> list[ir.Statement]:
    outer, ctx.cost = ctx.cost, 0
    condition = as_condition(ctx, node.condition)
    condition_cost, ctx.cost = ctx.cost, outer
    inner, cost = _loop_body(ctx, node.block)
    if condition is None:
        return []
    stop = ir.If(((ir.Unary(BOOL, "not", condition), (ir.Exit(),)),))
    site = ctx.site(FaultCode.BUDGET_EXCEEDED, node.span)
    return [ir.Loop((stop, *inner), (), cost + condition_cost, site)]


def _repeat(ctx: Context, node: tree.Repeat) -> list[ir.Statement]:
    inner, cost = _loop_body(ctx, node.block)
    outer, ctx.cost = ctx.cost, 0
    until = as_condition(ctx, node.until)
    until_cost, ctx.cost = ctx.cost, outer
    if until is None:
        return []
    stop = ir.If(((until, (ir.Exit(),)),))
    site = ctx.site(FaultCode.BUDGET_EXCEEDED, node.span)
    return [ir.Loop(inner, (stop,), cost + until_cost, site)]


def _jump(ctx: Context, node: tree.Jump) -> list[ir.Statement]:
    if node.word == "RETURN":
        return [ir.Return()]
    if ctx.loops == 0:
        mend = "use RETURN to leave the POU" if node.word == "EXIT" else ""
        ctx.report.error(
            "L3015", f"{node.word} outside a loop", node.span, "no FOR, WHILE or REPEAT around it", help=mend
        )
        return []
    return [ir.Exit() if node.word == "EXIT" else ir.Continue()]
