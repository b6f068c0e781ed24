"""Calls of function-block instances."""

from dataclasses import replace

from runtime.core.diagnostic import Label
from runtime.core.elementary import LINT, UDINT
from runtime.lang import ir, tree
from runtime.lang.lower import place
from runtime.lang.lower.arguments import Bound, bind
from runtime.lang.lower.context import Compiled, Context, Given, Typed
from runtime.lang.lower.convert import fit
from runtime.lang.lower.passing import by_reference, into, refuse_copy, store, types_given
from runtime.lang.lower.ref import Ref, moved, steady, touched
from runtime.lang.semantics.classes import family
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.types import BlockType, name_of, same, size_of, storage_of, value_of
from runtime.lang.semantics.variables import VarSymbol


def call_instance(ctx: Context, node: tree.CallExpr, ref: Ref, kind: BlockType) -> list[ir.Statement]:
    """A call of the instance `ref`: inputs, in-outs, the body, outputs."""
    found = ctx.scope.symbols.pous[kind.name.lower()]
    ctx.scope.symbols.declare(found)
    if found.kind != "FUNCTION_BLOCK" and not ctx.in_test:
        ctx.report.error("L3008", f"a {found.kind} cannot be called", node.span, "a call", ref.declared)
        return []
    inputs = [s for s in found.variables.values() if s in found.inputs or s in found.in_outs]
    bound = bind(
        ctx,
        node,
        found.name,
        inputs=[s.name for s in inputs],
        outputs=[s.name for s in found.outputs],
        private=[k for k, s in found.variables.items() if s.section == "VAR"],
    )
    aligned = steady(ref.place, kind) if ref.place is not None else None
    prologue, instance = hoisted(ctx, aligned, many=len(node.args) > 0 or place.led_to(ctx, ref) is not None)
    before = [s for symbol in found.inputs for s in _give(ctx, symbol, kind, instance, bound)]
    refs = (
        [
            by_reference(ctx, node, found.name, s, bound.inputs.get(s.name.lower()), must_write=True)
            for s in found.in_outs
        ]
        if bound.ok
        else []
    )
    after = [s for symbol in found.outputs for s in _take(ctx, symbol, kind, instance, bound)]
    given = types_given(ctx, found.in_outs, refs) if bound.ok else ()
    places = tuple(r.place for r in refs if r is not None and r.place is not None)
    if instance is None or any(r is None for r in refs):
        ctx.compile_body(found, node.callee.span, None, ())
        return []
    called = _called(ctx, node, ref, found, instance, places, given)
    if called is None:
        return []
    block = (*before, called, *after)
    if len(block) == 1 or not instance.may_be_bad:
        return [*prologue, *block]
    # One bad index is one fault, and skips inputs, call and outputs together.
    return [*prologue, ir.If(((ir.Reachable(instance), block),))]


def _called(
    ctx: Context,
    node: tree.CallExpr,
    ref: Ref,
    found: PouSymbol,
    instance: ir.Place,
    places: tuple[ir.Place, ...],
    given: Given,
) -> ir.Statement | None:
    """The body of the instance's own type: known here, or (a reference to a base) told by the reference."""
    lead = instance.followed.pointer if place.led_to(ctx, ref) is not None and instance.followed is not None else None
    known = place.block_of(ctx, ref)
    reached: list[Compiled] = []

    def call(block: PouSymbol) -> ir.CallInstance | None:
        own = block if len(block.in_outs) == len(found.in_outs) else found
        compiled = ctx.compile_body(own, node.callee.span, None, given)
        if compiled is None or block.block is None:
            return None
        reached.append(compiled)
        at = touched(instance, block.block) if lead is not None else instance
        return ir.CallInstance(compiled.body.name, steady(at, block.block), places)

    made: ir.Statement | None = call(known)
    if lead is not None and made is not None:
        others = [(ctx.mark | n, call(b)) for n, b in family(ctx.scope.symbols, known) if b is not known]
        arms = tuple(ir.CaseArm(((n, n),), (other,)) for n, other in others if other is not None)
        made = ir.Case(ir.Convert(UDINT, lead), arms, (made,))
    if reached:
        ctx.charge(max(reached, key=lambda c: c.cost))
        ctx.may_cut |= any(c.may_cut for c in reached)
    ctx.writes += [replace(w, span=node.callee.span) for c in reached for w in c.writes]
    return made


def hoisted(ctx: Context, instance: ir.Place | None, *, many: bool) -> tuple[list[ir.Statement], ir.Place | None]:
    """The instance's address with its indices evaluated once, into the frame, when it is used several times."""
    if instance is None or not instance.may_be_bad or not many:
        return [], instance
    made: list[ir.Statement] = []
    if instance.followed is not None:
        held = ctx.scratch(ir.POINTER.size, ir.POINTER.alignment)
        made.append(ir.Assign(held, ir.POINTER, instance.followed.pointer))
        instance = replace(instance, followed=replace(instance.followed, pointer=ir.Load(ir.POINTER, held)))
    indices: list[ir.Index] = []
    for index in instance.indices:
        fresh = ctx.scratch(LINT.size, LINT.size)
        made.append(ir.Assign(fresh, LINT, index.value))
        indices.append(replace(index, value=ir.Load(LINT, fresh)))
    return made, replace(instance, indices=tuple(indices))


def _give(
    ctx: Context, symbol: VarSymbol, kind: BlockType, instance: ir.Place | None, bound: Bound
) -> list[ir.Statement]:
    given = bound.inputs.get(symbol.name.lower())
    if given is None:
        return []
    member = kind.by_name[symbol.name.lower()]
    target = moved(instance, member.offset) if instance is not None else None
    label = Label(symbol.span, f"declared {name_of(symbol.type)} here")
    return store(ctx, target, symbol.type, given, label)


def _take(
    ctx: Context, symbol: VarSymbol, kind: BlockType, instance: ir.Place | None, bound: Bound
) -> list[ir.Statement]:
    given = bound.outputs.get(symbol.name.lower())
    if given is None:
        return []
    target = place.refer(ctx, given)
    if target is None or not place.writable(ctx, target) or instance is None or target.place is None:
        return []
    source = moved(instance, kind.by_name[symbol.name.lower()].offset)
    storage, target_storage = storage_of(symbol.type), storage_of(target.type)
    if storage is None or target_storage is None:
        if not same(symbol.type, target.type):
            refuse_copy(ctx, given.span, symbol.type, target)
            return []
        return [ir.Copy(target.place, source, size_of(symbol.type))]
    out = Typed(value_of(symbol.type), given.span, ir.Load(storage, source))
    taken = fit(ctx, out, target.type, target.declared)
    return into(ctx, target, taken) if taken is not None else []
