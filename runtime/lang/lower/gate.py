"""The body of a task with SINGLE (semantics/gate.py says when it lets its programs run)."""

from runtime.core import appmemory
from runtime.core.elementary import BOOL, TIME
from runtime.lang import ir
from runtime.lang.lower.condition import as_condition
from runtime.lang.lower.context import Context
from runtime.lang.semantics.symbols import Gate, PouSymbol

_NOW = ir.Load(TIME, ir.Place(ir.Base.APP, appmemory.NOW_NS))
_DT = ir.Place(ir.Base.APP, appmemory.DT_NS)
_FIRST_SCAN = ir.Place(ir.Base.APP, appmemory.FIRST_SCAN)


def gate(ctx: Context, pou: PouSymbol, what: Gate) -> tuple[ir.Statement, ...]:
    """Look at SINGLE; at its edge, or when the interval has passed, run the programs."""
    trigger = as_condition(ctx, what.trigger)
    if trigger is None:
        return ()
    now, seen, ran, last = (_own(pou, name) for name in ("now", "seen", "ran", "last"))
    since = ir.Binary(TIME, "sub", _NOW, ir.Load(TIME, last))
    due: ir.Expr = ir.Binary(BOOL, "and", ir.Load(BOOL, now), _not(ir.Load(BOOL, seen)))
    if what.interval_ns:
        passed = ir.Compare("ge", since, ir.Const(TIME, what.interval_ns))
        fresh = ir.Binary(BOOL, "or", passed, _not(ir.Load(BOOL, ran)))
        due = ir.Binary(BOOL, "or", due, ir.Binary(BOOL, "and", fresh, _not(ir.Load(BOOL, now))))
    block: list[ir.Statement] = [
        ir.Assign(_FIRST_SCAN, BOOL, _not(ir.Load(BOOL, ran))),
        ir.If(((ir.Load(BOOL, ran), (ir.Assign(_DT, TIME, since),)),)),
        ir.Assign(last, TIME, _NOW),
        ir.Assign(ran, BOOL, ir.Const(BOOL, value=True)),
    ]
    for called, offset in what.calls:
        compiled = ctx.compile_body(called, pou.tree.span, None, ())
        if compiled is not None:
            ctx.charge(compiled)
            ctx.writes += compiled.writes
            block.append(ir.CallInstance(compiled.body.name, ir.Place(ir.Base.APP, offset)))
    turn = ir.Assign(seen, BOOL, ir.Load(BOOL, now))
    return (ir.Assign(now, BOOL, trigger), ir.If(((due, (turn, *block)),), (turn,)))


def _own(pou: PouSymbol, name: str) -> ir.Place:
    found = pou.variables[name].place
    assert found is not None
    return found


def _not(value: ir.Expr) -> ir.Expr:
    return ir.Unary(BOOL, "not", value)
