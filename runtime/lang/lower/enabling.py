"""EN and ENO of calls (language.md rule 7; IEC 61131-3, 3rd edition, 6.6.1.5).

With EN FALSE nothing of the call happens: arguments are not evaluated, inputs and outputs keep their values, a result
is not assigned. With ENO connected, faults inside the call (its arguments included) clear ENO and are not recorded.
A callee that declares EN or ENO itself takes them as ordinary parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from runtime.core import appmemory
from runtime.core.elementary import BOOL, UDINT, ULINT
from runtime.lang import ir, tree
from runtime.lang.lower import expression, method, place
from runtime.lang.lower.context import Context
from runtime.lang.semantics.types import BlockType, name_of, same

_CATCHING = ir.Place(ir.Base.APP, appmemory.CATCHING)
_CAUGHT = ir.Place(ir.Base.APP, appmemory.CAUGHT)
_NAMES = ("en", "eno")


@dataclass(frozen=True, slots=True)
class Split:
    """A call without its EN and ENO, and those two."""

    call: tree.CallExpr
    en: tree.Expr | None
    eno: tree.Expr | None


def split(ctx: Context, node: tree.CallExpr) -> Split | None:
    """The call taken apart; None when it has neither EN nor ENO, or its callee declares them itself."""
    own = [a for a in node.args if a.name is not None and a.name.key in _NAMES]
    own = [a for a in own if a.is_output == (a.name is not None and a.name.key == "eno")]
    if not own or _declares(ctx, node.callee, {a.name.key for a in own if a.name is not None}):
        return None
    given = {a.name.key: a.value for a in own if a.name is not None}
    rest = tuple(a for a in node.args if a not in own)
    unnamed = next((a for a in rest if a.name is None), None)
    if unnamed is not None:
        span, mend = unnamed.value.span, "name all arguments, or none"
        ctx.report.error("L3007", "named and unnamed arguments are mixed", span, "this one has no name", help=mend)
    return Split(replace(node, args=rest), given.get("en"), given.get("eno"))


def guarded(ctx: Context, parts: Split, make: Callable[[], list[ir.Statement]]) -> list[ir.Statement]:
    """What `make` gives for the call, done only with EN, and answered in ENO."""
    condition = expression.condition(ctx, parts.en) if parts.en is not None else None
    answer = _answer(ctx, parts.eno) if parts.eno is not None else None
    made = make()
    refused: list[ir.Statement] = []
    if answer is not None:
        before = ctx.scratch(ULINT.size, ULINT.size)
        unchanged = ir.Compare("eq", ir.Load(ULINT, _CAUGHT), ir.Load(ULINT, before))
        made = [
            ir.Assign(before, ULINT, ir.Load(ULINT, _CAUGHT)),
            _counted("add"),
            *made,
            _counted("sub"),
            ir.Assign(answer, BOOL, unchanged),
        ]
        refused = [ir.Assign(answer, BOOL, ir.Const(BOOL, value=False))]
    if parts.en is None:
        return made
    return [ir.If(((condition, tuple(made)),), tuple(refused))] if condition is not None else []


def _counted(op: str) -> ir.Statement:
    one = ir.Const(UDINT, 1)
    return ir.Assign(_CATCHING, UDINT, ir.Binary(UDINT, op, ir.Load(UDINT, _CATCHING), one))  # type: ignore[arg-type]  # add or sub


def _answer(ctx: Context, node: tree.Expr) -> ir.Place | None:
    ref = place.refer(ctx, node)
    if ref is None or not place.writable(ctx, ref):
        return None
    if not same(ref.type, BOOL):
        message = f"ENO needs a BOOL, this is {name_of(ref.type)}"
        ctx.report.error("L2007", message, node.span, f"this is {name_of(ref.type)}", ref.declared)
        return None
    return ref.place


def _declares(ctx: Context, callee: tree.Expr, keys: set[str]) -> bool:
    """True when the callee has parameters of these names."""
    symbols = ctx.scope.symbols
    reached = method.find(ctx, callee)
    pou = symbols.pous.get(callee.key) if isinstance(callee, tree.Name) else None
    if reached is not None:
        pou = reached.method
    elif pou is None or pou.kind != "FUNCTION":
        is_instance = not isinstance(callee, tree.Name) or ctx.scope.variable(callee.key) is not None
        ref = place.refer(ctx, callee) if is_instance else None
        pou = symbols.pous.get(ref.type.name.lower()) if ref is not None and isinstance(ref.type, BlockType) else None
    if pou is None:
        return False
    symbols.declare(pou)
    return bool(keys & pou.variables.keys())
