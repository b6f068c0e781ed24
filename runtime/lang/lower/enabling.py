"""EN and ENO of calls (LANGUAGE.md rule 7; IEC 61131-3, 3rd edition, 6.6.1.5).

With EN FALSE nothing of the call happens: arguments are not evaluated, inputs and outputs keep their values, a result
is not assigned; where the result is part of an expression, the initial value of its type stands for it (the standard
leaves that to the implementer). With ENO connected, faults inside the call (its arguments included) clear ENO and are
not recorded. A callee that declares EN or ENO itself takes them as ordinary parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from runtime.core import appmemory
from runtime.core.elementary import BOOL, UDINT, ULINT, Elementary
from runtime.lang import ir, tree
from runtime.lang.lower import method, place
from runtime.lang.lower.condition import as_condition
from runtime.lang.lower.context import Context, Typed
from runtime.lang.semantics.types import (
    BlockType,
    alignment_of,
    default_bytes,
    name_of,
    same,
    size_of,
    storage_of,
)

_CATCHING = ir.Place(ir.Base.APP, appmemory.CATCHING)
_CAUGHT = ir.Place(ir.Base.APP, appmemory.CAUGHT)
_NAMES = ("en", "eno")


@dataclass(frozen=True, slots=True)
class Split:
    """A call without its EN and ENO, and those two."""

    call: tree.CallExpr
    en: tree.Expr | None
    eno: tree.Expr | None


@dataclass(frozen=True, slots=True)
class _Guard:
    """EN (`condition` None after a mistake) and where ENO goes."""

    has_en: bool
    condition: ir.Expr | None
    answer: ir.Place | None


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
    guard = _guard(ctx, parts)
    return _around(ctx, guard, make(), [])


def valued(ctx: Context, parts: Split, initial: bytes | None, make: Callable[[], Typed]) -> Typed:
    """What `make` gives for the call where it is a value: taken only with EN, and answered in ENO.

    `initial` is what a user's function's result begins with; a standard function's is the default of its type.
    """
    guard = _guard(ctx, parts)
    got = make()
    if got.place is not None and got.expr is None:
        fresh = _untouched(ctx, initial or default_bytes(got.type), alignment_of(got.type))
        held = ctx.scratch(size_of(got.type), alignment_of(got.type))
        taken = [*got.before, ir.Copy(held, got.place, size_of(got.type))]
        before = _around(ctx, guard, taken, [ir.Copy(held, fresh, size_of(got.type))])
        return Typed(got.type, got.span, place=held, before=tuple(before))
    storage = storage_of(got.type)
    if got.expr is not None and storage is not None:
        return Typed(got.type, got.span, _held(ctx, guard, storage, got.expr, initial or default_bytes(got.type)))
    make_literal = got.make
    if make_literal is None:
        return Typed(got.type, got.span)

    def made(target: Elementary) -> ir.Expr | None:
        value = make_literal(target)
        return _held(ctx, guard, target, value, default_bytes(target)) if value is not None else None

    return Typed(got.type, got.span, make=made)


def _held(ctx: Context, guard: _Guard, storage: Elementary, value: ir.Expr, initial: bytes) -> ir.Expr:
    """The value, kept in the frame: there its initial value lies when the call is not made."""
    held = ctx.scratch(storage.size, storage.alignment)
    otherwise: list[ir.Statement] = [ir.Assign(held, storage, ir.Const(storage, storage.unpack(initial)))]
    block = _around(ctx, guard, [ir.Assign(held, storage, value)], otherwise)
    return ir.After(storage, tuple(block), ir.Load(storage, held))


def _untouched(ctx: Context, content: bytes, alignment: int) -> ir.Place:
    """A structure or array in the frame that nobody assigns."""
    fresh = ctx.scratch(len(content), alignment)
    ctx.frame[fresh.offset : fresh.offset + len(content)] = content
    return fresh


def _guard(ctx: Context, parts: Split) -> _Guard:
    condition = as_condition(ctx, parts.en) if parts.en is not None else None
    answer = _answer(ctx, parts.eno) if parts.eno is not None else None
    return _Guard(parts.en is not None, condition, answer)


def _around(ctx: Context, guard: _Guard, made: list[ir.Statement], otherwise: list[ir.Statement]) -> list[ir.Statement]:
    """The statements, done only with EN, else `otherwise`; and answered in ENO."""
    answer = guard.answer
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
        otherwise = [*otherwise, ir.Assign(answer, BOOL, ir.Const(BOOL, value=False))]
    if not guard.has_en:
        return made
    return [ir.If(((guard.condition, tuple(made)),), tuple(otherwise))] if guard.condition is not None else []


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
