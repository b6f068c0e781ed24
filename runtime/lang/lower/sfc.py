"""A sequential function chart to IR (LANGUAGE.md rule 18; IEC 61131-3, 3rd edition, 6.7).

An evaluation: times of active steps go on; transitions are decided on the flags as they are, in order of priority, each
only if its steps are active and none of them was taken by an earlier one; the steps of those that pass are cleared,
then those behind them are set; then each action's ACTION_CONTROL runs; then the actions that it asks for: first those
of steps that have ended (final scans and P0), then the others, both in order of declaration. So what a step leaves
behind does not undo what the next one does.

The first evaluation passes no transition: the standard wants what a step does to have spread through the POU before
its transitions are tested (6.7.5), and the initial steps have done nothing yet.

An action may hold a chart (6.7.4: its body is an FB_Body). That one is evaluated while the action goes on, right behind
its ACTION_CONTROL. Else its steps wait, their times with them: they keep their flags, but ask for no action.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import Literal

from runtime.core import appmemory
from runtime.core.diagnostic import Label
from runtime.core.elementary import BOOL, TIME
from runtime.lang import ir, tree
from runtime.lang.diagnostics.rules import sfc_initial_step, sfc_passable, sfc_reached, sfc_safe, sfc_unused_action
from runtime.lang.lower import expression, place, statement
from runtime.lang.lower.condition import as_condition
from runtime.lang.lower.context import Context
from runtime.lang.lower.convert import fit
from runtime.lang.lower.ref import moved
from runtime.lang.semantics.chart import CONTROL, QUALIFIERS, Action, Chart, Step, Transition
from runtime.lang.semantics.markings import explore
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import BlockType, StructType, Unknown, name_of
from runtime.lang.semantics.variables import VarSymbol

_TRUE, _FALSE = ir.Const(BOOL, value=True), ir.Const(BOOL, value=False)
_NOW = ir.Load(TIME, ir.Place(ir.Base.APP, appmemory.NOW_NS))


def chart(ctx: Context, pou: PouSymbol, found: Chart) -> ir.Block:
    """The statements that evaluate a chart once."""
    evaluated = _evaluated(ctx, found)
    if found.sound:
        sfc_unused_action.check(ctx.report, found)
    controls = [made for action in _in_order(ctx, found) for made in (*_control(ctx, action), *_inner(ctx, action))]
    calls = [(action, call) for action in found.actions.values() if (call := _call(ctx, pou, action)) is not None]
    ending = [_run(_load(action.control, "ends"), call) for action, call in calls]
    running_on = [_run(_goes_on(action), call) for action, call in calls]
    return (*evaluated, *controls, *ending, *running_on)


def _evaluated(ctx: Context, found: Chart) -> ir.Block:
    """One evaluation of the steps and transitions of a chart."""
    if found.sound:
        _check(ctx, found)
    running, last = _field(found.state, "running"), _field(found.state, "last")
    begun = ir.If(((ir.Load(BOOL, running), _evolution(ctx, found)),))
    return begun, ir.Assign(running, BOOL, _TRUE), ir.Assign(last, TIME, _NOW)


def _inner(ctx: Context, action: Action) -> ir.Block:
    """The chart inside of an action, evaluated while that goes on."""
    if action.chart is None:
        return ()
    evaluated = _evaluated(ctx, action.chart)
    if action.control is None:
        return ()
    waiting = ir.Assign(_field(action.chart.state, "running"), BOOL, _FALSE)
    return (ir.If(((_goes_on(action), evaluated),), (waiting,)),)


def _in_order(ctx: Context, found: Chart) -> list[Action]:
    """The actions, each behind those whose charts' steps name it; refused where that goes round in a circle."""
    ordered: list[Action] = []
    under_way: list[Action] = []

    def add(action: Action) -> None:
        if action in ordered:
            return
        if action in under_way:
            name = action.name
            label = next(use.step.tree.name.span for use in action.uses if use.step.inside in under_way)
            message = f"action '{name.text}' is asked for by a step of its own chart"
            mend = "an action's chart names other actions, and those do not lead back to it"
            ctx.report.error("L6002", message, label, "this step names it in the end", help=mend)
            return
        under_way.append(action)
        for use in action.uses:
            if use.step.inside is not None:
                add(use.step.inside)
        under_way.pop()
        if action not in ordered:
            ordered.append(action)

    for action in found.actions.values():
        add(action)
    return ordered


def _check(ctx: Context, found: Chart) -> None:
    if not sfc_initial_step.check(ctx.report, found):
        return
    explored = explore(found)
    sfc_reached.check(ctx.report, found)
    if explored.whole:
        sfc_passable.check(ctx.report, found, explored)
    sfc_safe.check(ctx.report, explored)


# ---- steps and transitions ----


def _evolution(ctx: Context, found: Chart) -> ir.Block:
    elapsed = ir.Binary(TIME, "sub", _NOW, ir.Load(TIME, _field(found.state, "last")))
    made: list[ir.Statement] = []
    for step in found.steps.values():
        time = _field(step.symbol, "t")
        more = ir.Assign(time, TIME, ir.Binary(TIME, "add", ir.Load(TIME, time), elapsed))
        made.append(ir.If(((_active(step), (more,)),)))
    passed: list[tuple[Transition, ir.Place]] = []
    for transition in found.decided:
        condition = as_condition(ctx, transition.tree.condition)
        passes = ctx.scratch(BOOL.size, BOOL.size)
        rivals = [flag for other, flag in passed if set(other.sources) & set(transition.sources)]
        may = [*map(_active, transition.sources), *(ir.Unary(BOOL, "not", ir.Load(BOOL, flag)) for flag in rivals)]
        passed.append((transition, passes))
        if condition is not None and may:
            made.append(ir.If(((_joined("and", may), (ir.Assign(passes, BOOL, condition),)),)))
    cleared = [_on(flag, [_set(step, _FALSE) for step in t.sources]) for t, flag in passed]
    activated = [_on(flag, [s for step in t.targets for s in _activate(step)]) for t, flag in passed]
    return (*made, *cleared, *activated)


def _on(flag: ir.Place, block: Iterable[ir.Statement]) -> ir.Statement:
    return ir.If(((ir.Load(BOOL, flag), tuple(block)),))


def _set(step: Step, value: ir.Const) -> ir.Statement:
    return ir.Assign(_field(step.symbol, "x"), BOOL, value)


def _activate(step: Step) -> tuple[ir.Statement, ...]:
    return _set(step, _TRUE), ir.Assign(_field(step.symbol, "t"), TIME, ir.Const(TIME, 0))


def _active(step: Step) -> ir.Expr:
    return ir.Load(BOOL, _field(step.symbol, "x"))


def _acts(step: Step) -> ir.Expr:
    """The step is active and asks for its actions: in the chart of an action, only while that goes on."""
    if step.inside is None or step.inside.control is None:
        return _active(step)
    return _joined("and", [_active(step), _goes_on(step.inside)])


# ---- actions ----


def _control(ctx: Context, action: Action) -> list[ir.Statement]:
    """The action's ACTION_CONTROL with its inputs, and where its outputs go."""
    if action.control is None:
        return []
    made: list[ir.Statement] = []
    for qualifier in QUALIFIERS:
        active = [_acts(use.step) for use in action.uses if use.qualifier == qualifier]
        if active:
            made.append(ir.Assign(_field(action.control, qualifier.lower()), BOOL, _joined("or", active)))
    for use in action.uses:
        for indicator in use.indicators:
            place.refer(ctx, indicator)
        if use.time is not None and (time := fit(ctx, expression.lower(ctx, use.time, TIME), TIME)) is not None:
            preset = ir.Assign(_field(action.control, "t"), TIME, time)
            made.append(ir.If(((_acts(use.step), (preset,)),)))
    compiled = ctx.compile_body(ctx.scope.symbols.pous[CONTROL], action.name.span, None, ())
    assert compiled is not None, "the library's block calls no block of the user"
    ctx.charge(compiled)
    assert action.control.place is not None
    made.append(ir.CallInstance(compiled.body.name, action.control.place))
    q, a, pulse = (_load(action.control, output) for output in ("q", "a", "pulse"))
    if action.flags is not None:
        flags = ir.Assign(_field(action.flags, "q"), BOOL, q), ir.Assign(_field(action.flags, "a"), BOOL, a)
        return [*made, *flags]
    target = _boolean(ctx, action)
    return [*made, ir.Assign(target, BOOL, ir.Binary(BOOL, "or", q, pulse))] if target is not None else made


def _boolean(ctx: Context, action: Action) -> ir.Place | None:
    """The BOOL variable that is the action."""
    name = action.name
    symbol = ctx.scope.variable(name.key)
    if symbol is None:
        if name.key not in ctx.scope.symbols.lost:
            mend = ctx.scope.nearest(name.text)
            message = f"there is no action '{name.text}'"
            if not mend.startswith("did you mean"):
                mend = f"write ACTION {name.text}: ... END_ACTION, or declare a BOOL variable of this name"
            ctx.report.error("L6005", message, name.span, "neither an ACTION nor a variable", help=mend)
        return None
    ref = place.refer(ctx, tree.Name(name.span, name.text))
    if ref is None or isinstance(ref.type, Unknown):
        return None
    if ref.type != BOOL:
        label = Label(symbol.span, f"declared {name_of(ref.type)} here")
        message = f"'{name.text}' cannot be an action"
        mend = "an action is an ACTION of this POU or a BOOL variable"
        ctx.report.error("L6005", message, name.span, f"this is {name_of(ref.type)}", label, help=mend)
        return None
    return ref.place if place.writable(ctx, ref) else None


def _call(ctx: Context, pou: PouSymbol, action: Action) -> ir.Statement | None:
    """The action's statements as a body of their own on the same instance: RETURN in them ends the action only."""
    node = action.tree
    if node is None:
        return None
    mixed = next((s for s in node.body if node.nested and not isinstance(s, tree.Broken)), None)
    if mixed is not None:
        label = Label(node.nested[0].span, "the SFC begins here")
        mend = "put the statements into an ACTION of their own"
        ctx.report.error("L6001", "statements beside an SFC", mixed.span, "a statement", label, help=mend)
    inner = replace(ctx, frame=bytearray(pou.frame), cost=0, may_cut=False, loops=0, controls=[])
    block = statement.block(inner, node.body)
    if action.control is None or node.nested:
        return None
    heir = f"@{ctx.this.name}" if ctx.this is not None and ctx.this is not pou else ""
    given = "".join(f"&{number}={name_of(kind)}" for number, kind in ctx.given)
    name = f"{pou.name}:{node.name.text}{heir}{given}"
    body = ir.Body(name, "FUNCTION_BLOCK", block, bytes(inner.frame), inner.may_cut, refs=len(pou.refs))
    ctx.action_bodies[name] = body
    ctx.cost += 1 + inner.cost  # it runs once at most: what has ended does not go on
    ctx.may_cut |= inner.may_cut
    refs = tuple(ir.Place(ir.Base.REF, 0, param=number) for number in range(len(pou.refs)))
    return ir.CallInstance(name, ir.Place(ir.Base.SELF, 0), refs)


def _run(condition: ir.Expr, call: ir.Statement) -> ir.Statement:
    return ir.If(((condition, (call,)),))


def _goes_on(action: Action) -> ir.Expr:
    """The action is asked for, and not by what has ended."""
    return ir.Binary(BOOL, "and", _load(action.control, "a"), ir.Unary(BOOL, "not", _load(action.control, "ends")))


# ---- leaves ----


def _field(symbol: VarSymbol, name: str) -> ir.Place:
    """A field of a variable that the chart made."""
    kind = symbol.type
    assert isinstance(kind, StructType | BlockType)
    assert symbol.place is not None
    return moved(symbol.place, kind.by_name[name].offset)


def _load(symbol: VarSymbol | None, name: str) -> ir.Expr:
    assert symbol is not None, "only actions that steps name are called"
    return ir.Load(BOOL, _field(symbol, name))


def _joined(op: Literal["and", "or"], parts: list[ir.Expr]) -> ir.Expr:
    """Several conditions as one."""
    return reduce(lambda left, right: ir.Binary(BOOL, op, left, right), parts)
