"""The statements that only a TEST has: assertions, ADVANCE, ADVANCE_SCANS, SET_QUALITY.

An assertion that fails leaves its number and both sides in the header of application memory and ends the test.
"""

from collections.abc import Callable, Sequence

from runtime.core import appmemory
from runtime.core.elementary import BOOL, ELEMENTARY, LINT, LREAL, TIME, Elementary
from runtime.core.fault import FaultCode
from runtime.core.quality import Quality
from runtime.lang import ir, tree
from runtime.lang.lower import expression, place
from runtime.lang.lower.arguments import bind
from runtime.lang.lower.condition import as_condition
from runtime.lang.lower.context import Context
from runtime.lang.lower.convert import fit
from runtime.lang.lower.folding import converted
from runtime.lang.lower.signatures import TEST_STATEMENTS
from runtime.lang.semantics.symbols import suggest
from runtime.lang.semantics.types import EnumType, leaves_of, storage_of
from runtime.lang.testing.testcase import FAULT_CODES, Assertion

_BYTE = ELEMENTARY["BYTE"]
_COMPARE = ("=", "<>", "<", "<=", ">", ">=")


def is_test_statement(ctx: Context, node: tree.CallExpr) -> bool:
    """Whether a call is one of a test's own statements, in a test."""
    return ctx.in_test and isinstance(node.callee, tree.Name) and node.callee.key in TEST_STATEMENTS


def lower(ctx: Context, node: tree.CallExpr) -> list[ir.Statement]:
    """One of a test's own statements."""
    assert isinstance(node.callee, tree.Name)
    key, parameters = node.callee.key, TEST_STATEMENTS[node.callee.key]
    bound = bind(ctx, node, node.callee.text.upper(), inputs=parameters, outputs=())
    if not bound.ok:
        return []
    given = [bound.inputs.get(name.lower()) for name in parameters]
    told = [argument for argument in given if argument is not None]
    if len(told) < len(parameters):
        missing = ", ".join(name for name, argument in zip(parameters, given, strict=True) if argument is None)
        ctx.report.error("L3007", f"{node.callee.text.upper()} lacks {missing}", node.span, "not given here")
        return []
    return _LOWER[key](ctx, node, told)


# ---- assertions ----


def _assert(ctx: Context, node: tree.CallExpr, args: Sequence[tree.Expr]) -> list[ir.Statement]:
    condition = args[0]
    while isinstance(condition, tree.Group):
        condition = condition.inner
    if isinstance(condition, tree.Binary) and condition.op in _COMPARE:
        return _compared(ctx, node, condition)
    holds = as_condition(ctx, condition)
    return _unless(ctx, holds, (), Assertion(*_place(node), _text(condition))) if holds is not None else []


def _assert_eq(ctx: Context, node: tree.CallExpr, args: Sequence[tree.Expr]) -> list[ir.Statement]:
    return _compared(ctx, node, tree.Binary(args[0].span, "=", node.span, args[0], args[1]))


def _compared(ctx: Context, node: tree.CallExpr, compare: tree.Binary) -> list[ir.Statement]:
    """Both sides are evaluated once and kept, so that a failure can show them."""
    holds = as_condition(ctx, compare)
    if holds is None:
        return []
    left, right = _text(compare.left), _text(compare.right)
    told = Assertion(*_place(node), f"{left} {compare.op} {right}")
    if not isinstance(holds, ir.Compare):
        return _unless(ctx, holds, (), told)
    kind = ir.type_of(holds.left)
    if kind.size > LINT.size:
        return _unless(ctx, holds, (), told)
    labels = next((t.labels for side in (compare.left, compare.right) if (t := _enumeration(ctx, side))), ())
    told = Assertion(*_place(node), told.text, kind, labels, left, right, compare.op)
    kept, sides = _kept(ctx, kind, (holds.left, holds.right))
    return kept + _unless(ctx, ir.Compare(holds.op, *sides), sides, told)


def _assert_near(ctx: Context, node: tree.CallExpr, args: Sequence[tree.Expr]) -> list[ir.Statement]:
    shown = expression.lower(ctx, args[0], LREAL)
    kind = TIME if shown.type == TIME else LREAL
    values = [fit(ctx, shown if arg is args[0] else expression.lower(ctx, arg, kind), kind) for arg in args]
    made = [value for value in values if value is not None]
    if len(made) < len(args):
        return []
    kept, (left, right, tolerance) = _kept(ctx, kind, made)
    number = LINT if kind == TIME else LREAL
    away = ir.Intrinsic(number, "ABS", (converted(ir.Binary(kind, "sub", left, right), number),))
    holds = ir.Compare("le", away, converted(tolerance, number))
    texts = [_text(arg) for arg in args]
    text = f"{texts[0]} within {texts[2]} of {texts[1]}"
    told = Assertion(*_place(node), text, kind, (), texts[0], texts[1], "near")
    return kept + _unless(ctx, holds, (left, right, tolerance), told)


def _kept(ctx: Context, kind: Elementary, values: Sequence[ir.Expr]) -> tuple[list[ir.Statement], list[ir.Expr]]:
    places = [ctx.scratch(kind.size, kind.size) for _ in values]
    kept: list[ir.Statement] = [ir.Assign(at, kind, value) for at, value in zip(places, values, strict=True)]
    return kept, [ir.Load(kind, at) for at in places]


def _unless(ctx: Context, holds: ir.Expr, sides: Sequence[ir.Expr], told: Assertion) -> list[ir.Statement]:
    """When the condition does not hold: note which assertion it was and its sides, and end the test."""
    ctx.assertions.append(told)
    number = ir.Const(LINT, len(ctx.assertions))
    notes: list[ir.Statement] = [ir.Assign(ir.Place(ir.Base.APP, appmemory.TEST_FAILED), LINT, number)]
    words = (appmemory.TEST_LEFT, appmemory.TEST_RIGHT, appmemory.TEST_TOLERANCE)
    if told.type is not None:
        notes += [ir.Assign(ir.Place(ir.Base.APP, at), told.type, v) for at, v in zip(words, sides, strict=False)]
    return [ir.If(((ir.Unary(BOOL, "not", holds), (*notes, ir.Return())),))]


def _enumeration(ctx: Context, node: tree.Expr) -> EnumType | None:
    if not isinstance(node, tree.Name | tree.Field | tree.Subscript):
        return None
    kind = expression.lower(ctx, node).type
    return kind if isinstance(kind, EnumType) else None


def _place(node: tree.CallExpr) -> tuple[str, int, int]:
    return node.span.source.name, node.span.line, node.callee.span.column


def _text(node: tree.Expr) -> str:
    """An expression as it was written (its first line)."""
    span = node.span
    return span.source.line(span.line)[span.column - 1 :][: span.length].strip()


def _assert_fault(ctx: Context, node: tree.CallExpr, args: Sequence[tree.Expr]) -> list[ir.Statement]:
    """Whoever runs the test knows which faults were recorded."""
    code = args[0]
    known = FaultCode.__members__
    name = code.text.upper() if isinstance(code, tree.Name) else ""
    if name not in known:
        mend = suggest(name, known) or "there is " + ", ".join(known)
        ctx.report.error("L3001", f"there is no fault '{_text(code)}'", code.span, "not a fault", help=mend)
        return []
    ctx.assertions.append(Assertion(*_place(node), f"a fault {name}"))
    ctx.may_cut = True
    amount = len(ctx.assertions) * FAULT_CODES + known[name]
    return [ir.Advance(ir.Const(LINT, amount), ir.Asked.FAULT)]


# ---- time and inputs ----


def _advance(ctx: Context, _: tree.CallExpr, args: Sequence[tree.Expr]) -> list[ir.Statement]:
    duration = fit(ctx, expression.lower(ctx, args[0], TIME), TIME)
    ctx.may_cut = True
    return [ir.Advance(converted(duration, LINT), ir.Asked.DURATION)] if duration is not None else []


def _advance_scans(ctx: Context, _: tree.CallExpr, args: Sequence[tree.Expr]) -> list[ir.Statement]:
    count = fit(ctx, expression.lower(ctx, args[0], LINT), LINT)
    ctx.may_cut = True
    return [ir.Advance(count, ir.Asked.SCANS)] if count is not None else []


def _set_quality(ctx: Context, _: tree.CallExpr, args: Sequence[tree.Expr]) -> list[ir.Statement]:
    """A quality for a tag or all tags of a structure, as of a reading that is taken now."""
    ref, level = place.refer(ctx, args[0]), _level(ctx, args[1])
    if ref is None or level is None:
        return []
    if ref.leaf < 0 or (ref.leaf_indices and storage_of(ref.type) is None):
        mend = "take one element of it, or a whole VAR_GLOBAL" if ref.leaf >= 0 else "only VAR_GLOBAL has qualities"
        ctx.report.error("L3017", "SET_QUALITY needs a tag", ref.span, "not a tag", ref.declared, help=mend)
        return []
    now = ir.Load(TIME, ir.Place(ir.Base.APP, appmemory.NOW_NS))
    made: list[ir.Statement] = []
    for leaf in range(ref.leaf, ref.leaf + leaves_of(ref.type)):
        stamps = tuple(ir.Index(i.value, i.low, i.high, i.stride * TIME.size, i.site) for i in ref.leaf_indices)
        made.append(ir.Assign(ir.Place(ir.Base.APP, ctx.quality_offset + leaf, ref.leaf_indices), _BYTE, level))
        made.append(ir.Assign(ir.Place(ir.Base.APP, ctx.stamp_offset + leaf * TIME.size, stamps), TIME, now))
    return made


def _level(ctx: Context, node: tree.Expr) -> ir.Expr | None:
    if isinstance(node, tree.Name) and node.text.upper() in Quality.__members__ and not ctx.scope.variable(node.key):
        return ir.Const(_BYTE, int(Quality[node.text.upper()]))
    return fit(ctx, expression.lower(ctx, node, _BYTE), _BYTE)


_LOWER: dict[str, Callable[[Context, tree.CallExpr, Sequence[tree.Expr]], list[ir.Statement]]] = {
    "assert": _assert,
    "assert_eq": _assert_eq,
    "assert_near": _assert_near,
    "assert_fault": _assert_fault,
    "advance": _advance,
    "advance_scans": _advance_scans,
    "set_quality": _set_quality,
}
