"""The call of a user's FUNCTION: what it is given, by value and by reference."""

from dataclasses import dataclass, replace

from runtime.core.diagnostic import Label
from runtime.core.elementary import Elementary
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower.arguments import Bound, bind
from runtime.lang.lower.context import Compiled, Context, Given
from runtime.lang.lower.convert import fit
from runtime.lang.lower.passing import by_reference, types_given
from runtime.lang.lower.ref import Ref
from runtime.lang.semantics.classes import counterpart, family, implementers
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import alignment_of, name_of, size_of, storage_of
from runtime.lang.semantics.variables import VarSymbol


@dataclass(frozen=True, slots=True)
class Receiver:
    """What a method runs on: the instance at `instance` of type `this`, or what the interface value `subject` says.

    With `base`, `subject` is a reference to an instance of that block or of one that extends it.
    """

    this: PouSymbol | None
    instance: ir.Place | None = None
    subject: ir.Expr | None = None
    base: PouSymbol | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A call, and the statements that must come before it because it reads what they leave."""

    call: ir.Call | ir.Dispatch
    before: ir.Block = ()
    result: ir.Place | None = None

    @property
    def statements(self) -> list[ir.Statement]:
        """The call for what it does."""
        return [*self.before, ir.Evaluate(self.call)]

    @property
    def expression(self) -> ir.Expr:
        """The call for its value."""
        return ir.After(ir.type_of(self.call), self.before, self.call) if self.before else self.call


def call_function(
    ctx: Context,
    node: tree.CallExpr,
    found: PouSymbol,
    target: ir.Place | None = None,
    on: Receiver | None = None,
) -> Made | None:
    """The call of a function, or of a method `on` something; None after a mistake.

    A structure or array as result goes to `target`, else into the frame.
    """
    result = target
    if result is None and found.result is not None and storage_of(found.result) is None and size_of(found.result):
        result = ctx.scratch(size_of(found.result), alignment_of(found.result))
    bound = _bound(ctx, node, found)
    if bound is None:
        return None
    values = [_value(ctx, symbol, bound) for symbol in found.inputs if storage_of(symbol.type) is not None]
    got: dict[str, Ref] = {}
    refs = [
        result if symbol is found.result_symbol else _reference(ctx, node, found, symbol, bound, got)
        for symbol in found.refs
    ]
    before = tuple(statement for ref in got.values() for statement in ref.before)
    given = types_given(ctx, found.in_outs, [got.get(s.name.lower()) for s in found.in_outs])
    known_values = [v for v in values if v is not None]
    known_refs = [r for r in refs if r is not None]
    ready = len(known_values) == len(values) and len(known_refs) == len(refs)
    if on is not None and on.subject is not None:
        made: ir.Call | ir.Dispatch | None = _dispatch(ctx, node, found, on, known_values, known_refs, given)
    else:
        made = _direct(ctx, node, found, on, known_values, known_refs, given)
    return Made(made, before, result) if made is not None and ready else None


def _direct(
    ctx: Context,
    node: tree.CallExpr,
    found: PouSymbol,
    on: Receiver | None,
    values: list[ir.Expr],
    refs: list[ir.Place],
    given: Given,
) -> ir.Call | None:
    compiled = ctx.compile_body(found, node.callee.span, on.this if on is not None else None, given)
    if compiled is None:
        return None
    _account(ctx, node, [compiled])
    instance = on.instance if on is not None else None
    return ir.Call(_storage(found), compiled.body.name, tuple(values), tuple(refs), instance)


def _dispatch(
    ctx: Context,
    node: tree.CallExpr,
    found: PouSymbol,
    on: Receiver,
    values: list[ir.Expr],
    refs: list[ir.Place],
    given: Given,
) -> ir.Dispatch | None:
    """The call through an interface or a reference: an arm for each type that implements the one, extends the other."""
    arms: list[ir.DispatchArm] = []
    reached: list[Compiled] = []
    assert found.owner is not None
    assert on.subject is not None
    symbols, mark = ctx.scope.symbols, 0 if on.base is None else ctx.mark
    for number, block in implementers(symbols, found.owner) if on.base is None else family(symbols, on.base):
        method = counterpart(block, found)
        compiled = ctx.compile_body(method, node.callee.span, block, given) if method is not None else None
        if compiled is None or block.block is None:
            continue
        reached.append(compiled)
        arms.append(ir.DispatchArm(mark | number, compiled.body.name, block.block.size, block.block.alignment))
    _account(ctx, node, reached)
    site = ctx.site(FaultCode.BAD_REFERENCE, node.callee.span)
    end = ctx.quality_offset
    return ir.Dispatch(_storage(found), on.subject, tuple(arms), end, tuple(values), tuple(refs), site)


def _account(ctx: Context, node: tree.CallExpr, reached: list[Compiled]) -> None:
    """Charge the dearest of what the call may reach, and note what all of it assigns."""
    if reached:
        ctx.charge(max(reached, key=lambda c: c.cost))
        ctx.may_cut |= any(c.may_cut for c in reached)
    ctx.writes += [replace(w, span=node.callee.span) for c in reached for w in c.writes]


def _storage(found: PouSymbol) -> Elementary | None:
    return storage_of(found.result) if found.result is not None else None


def _bound(ctx: Context, node: tree.CallExpr, found: PouSymbol) -> Bound | None:
    inputs = [s for s in found.variables.values() if s in found.inputs or s in found.in_outs]
    bound = bind(ctx, node, found.name, inputs=[s.name for s in inputs], outputs=[s.name for s in found.outputs])
    if not bound.ok:
        return None
    missing = [s for s in inputs if s.name.lower() not in bound.inputs]
    if any(a.name is None for a in node.args) and missing:
        message = f"{found.name} takes {len(inputs)} arguments, {len(node.args)} given"
        mend = "the missing ones: " + ", ".join(s.name for s in missing)
        ctx.report.error("L3007", message, node.span, "too few arguments", help=mend)
        return None
    return bound


def _value(ctx: Context, symbol: VarSymbol, bound: Bound) -> ir.Expr | None:
    storage = storage_of(symbol.type)
    assert storage is not None
    given = bound.inputs.get(symbol.name.lower())
    if given is None:
        return ir.Const(storage, storage.unpack(symbol.initial))
    argument = ctx.lower(given, symbol.type)
    return fit(ctx, argument, symbol.type, Label(symbol.span, f"declared {name_of(symbol.type)} here"))


def _reference(
    ctx: Context,
    node: tree.CallExpr,
    found: PouSymbol,
    symbol: VarSymbol,
    bound: Bound,
    got: dict[str, Ref],
) -> ir.Place | None:
    key = symbol.name.lower()
    output = symbol in found.outputs
    given = (bound.outputs if output else bound.inputs).get(key)
    if given is None and symbol not in found.in_outs:
        fresh = ctx.scratch(size_of(symbol.type), alignment_of(symbol.type))
        ctx.frame[fresh.offset : fresh.offset + len(symbol.initial)] = symbol.initial
        return fresh
    must_write = output or symbol in found.in_outs
    ref = by_reference(ctx, node, found.name, symbol, given, must_write=must_write)
    if ref is None:
        return None
    got[key] = ref
    return ref.place
