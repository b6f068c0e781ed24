"""Calls: of functions as values and as statements, and of function-block instances."""

from dataclasses import replace

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import LINT
from runtime.lang import ir, tree
from runtime.lang.constants import evaluate
from runtime.lang.lower import expression, place, standard
from runtime.lang.lower.arguments import Bound, bind
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import fit
from runtime.lang.symbols import PouSymbol, VarSymbol
from runtime.lang.types import (
    BlockType,
    Type,
    alignment_of,
    contains_block,
    name_of,
    same,
    size_of,
    storage_of,
)


def value(ctx: Context, node: tree.CallExpr, want: Type | None) -> Typed:
    """A call used as a value."""
    callee = node.callee
    if isinstance(callee, tree.Name):
        found = _function(ctx, callee)
        if found is not None:
            made = _call_function(ctx, node, found, None)
            return _as_value(ctx, node, found, made)
        symbol = ctx.scope.variable(callee.key)
        if symbol is None:
            result = standard.call(ctx, node, callee, want)
            if result is not None:
                return result
    _refuse_callee(ctx, node)
    return nothing(node.span)


def statement(ctx: Context, node: tree.CallExpr) -> list[ir.Statement]:
    """A call as a statement."""
    callee = node.callee
    if isinstance(callee, tree.Name) and (found := _function(ctx, callee)) is not None:
        made = _call_function(ctx, node, found, None)
        return [ir.Evaluate(made)] if made is not None else []
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
    return _call_instance(ctx, node, ref, ref.type)


def assign_aggregate(ctx: Context, node: tree.CallExpr, target: place.Ref) -> list[ir.Statement] | None:
    """`target := F(...)` where F gives a structure or array; None when the callee is no such function."""
    if not isinstance(node.callee, tree.Name):
        return None
    found = _function(ctx, node.callee)
    if found is None or found.result is None or storage_of(found.result) is not None or not size_of(found.result):
        return None
    if not same(found.result, target.type):
        message = f"{name_of(found.result)} does not fit into {name_of(target.type)}"
        ctx.report.error("L2007", message, node.span, f"this is {name_of(found.result)}", target.declared)
        return []
    made = _call_function(ctx, node, found, target.place)
    return [ir.Evaluate(made)] if made is not None else []


# ---- functions ----


def _function(ctx: Context, callee: tree.Name) -> PouSymbol | None:
    found = ctx.scope.symbols.pous.get(callee.key)
    shadow = ctx.scope.own.get(callee.key)
    if found is None or found.kind != "FUNCTION" or (shadow is not None and shadow.section != "RESULT"):
        return None
    ctx.scope.symbols.declare(found)
    return found


def _as_value(ctx: Context, node: tree.CallExpr, found: PouSymbol, made: ir.Call | None) -> Typed:
    if found.result is None:
        message = f"{found.name} gives no result"
        label = Label(found.tree.name.span, "declared without a type")
        ctx.report.error("L2012", message, node.span, "used as a value", label)
        return nothing(node.span)
    if storage_of(found.result) is None and size_of(found.result):
        message = f"{found.name} gives {name_of(found.result)}, which must be assigned first"
        ctx.report.error("L2013", message, node.span, "used within an expression", help="assign it to a variable")
        return nothing(node.span)
    return Typed(found.result, node.span, made)


def _call_function(ctx: Context, node: tree.CallExpr, found: PouSymbol, result: ir.Place | None) -> ir.Call | None:
    """The call; `result` is where an aggregate result goes."""
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
    values: list[ir.Expr | None] = []
    refs: list[ir.Place | None] = []
    for symbol in found.inputs:
        if (storage := storage_of(symbol.type)) is None:
            continue
        given = bound.inputs.get(symbol.name.lower())
        if given is None:
            values.append(ir.Const(storage, storage.unpack(symbol.initial)))
        else:
            argument = expression.lower(ctx, given, symbol.type)
            values.append(fit(ctx, argument, symbol.type, Label(symbol.span, f"declared {name_of(symbol.type)} here")))
    for symbol in found.refs:
        if symbol is found.result_symbol:
            refs.append(result)
        else:
            refs.append(_function_ref(ctx, node, found, symbol, bound))
    compiled = ctx.compile_body(found, node.callee.span)
    known_values = [v for v in values if v is not None]
    known_refs = [r for r in refs if r is not None]
    if compiled is None or len(known_values) < len(values) or len(known_refs) < len(refs):
        return None
    ctx.charge(compiled)
    ctx.writes += [replace(w, span=node.callee.span) for w in compiled.writes]
    storage = storage_of(found.result) if found.result is not None else None
    return ir.Call(storage, found.name, tuple(known_values), tuple(known_refs))


def _function_ref(
    ctx: Context, node: tree.CallExpr, found: PouSymbol, symbol: VarSymbol, bound: Bound
) -> ir.Place | None:
    key = symbol.name.lower()
    if symbol in found.in_outs:
        return _by_reference(ctx, node, found.name, symbol, bound.inputs.get(key), must_write=True)
    if symbol in found.outputs:
        given = bound.outputs.get(key)
        if given is None:
            return ctx.scratch(size_of(symbol.type), alignment_of(symbol.type))
        return _by_reference(ctx, node, found.name, symbol, given, must_write=True)
    given = bound.inputs.get(key)
    if given is None:
        fresh = ctx.scratch(size_of(symbol.type), alignment_of(symbol.type))
        ctx.frame[fresh.offset : fresh.offset + len(symbol.initial)] = symbol.initial
        return fresh
    return _by_reference(ctx, node, found.name, symbol, given, must_write=False)


def _by_reference(
    ctx: Context, node: tree.CallExpr, callee: str, symbol: VarSymbol, given: tree.Expr | None, *, must_write: bool
) -> ir.Place | None:
    if given is None:
        message = f"'{symbol.name}' of {callee} must be given"
        label = Label(symbol.span, f"declared {symbol.section} here")
        ctx.report.error("L3007", message, node.span, "not given in this call", label)
        return None
    ref = place.refer(ctx, given)
    if ref is None:
        return None
    if not same(ref.type, symbol.type):
        label = Label(symbol.span, f"declared {name_of(symbol.type)} here")
        message = f"'{symbol.name}' needs a variable of exactly {name_of(symbol.type)}"
        ctx.report.error("L2008", message, given.span, f"this is {name_of(ref.type)}", label)
        return None
    if must_write and not place.writable(ctx, ref):
        return None
    return ref.place


# ---- function blocks ----


def _call_instance(ctx: Context, node: tree.CallExpr, ref: place.Ref, kind: BlockType) -> list[ir.Statement]:
    found = ctx.scope.symbols.pous[kind.name.lower()]
    ctx.scope.symbols.declare(found)
    if found.kind != "FUNCTION_BLOCK":
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
    prologue, instance = _hoisted(ctx, ref.place, many=len(node.args) > 0)
    before = [s for symbol in found.inputs for s in _give(ctx, symbol, kind, instance, bound)]
    refs = (
        [
            _by_reference(ctx, node, found.name, s, bound.inputs.get(s.name.lower()), must_write=True)
            for s in found.in_outs
        ]
        if bound.ok
        else []
    )
    after = [s for symbol in found.outputs for s in _take(ctx, symbol, kind, instance, bound)]
    compiled = ctx.compile_body(found, node.callee.span)
    if compiled is None or instance is None or any(r is None for r in refs):
        return []
    ctx.charge(compiled)
    ctx.writes += [replace(w, span=node.callee.span) for w in compiled.writes]
    run = ir.CallInstance(found.name, instance, tuple(r for r in refs if r is not None))
    return [*prologue, *before, run, *after]


def _hoisted(ctx: Context, instance: ir.Place | None, *, many: bool) -> tuple[list[ir.Statement], ir.Place | None]:
    """The instance's address with its indices evaluated once, into the frame, when it is used several times."""
    if instance is None or not instance.indices or not many:
        return [], instance
    made: list[ir.Statement] = []
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
    target = place.moved(instance, member.offset) if instance is not None else None
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
    source = place.moved(instance, kind.by_name[symbol.name.lower()].offset)
    storage, target_storage = storage_of(symbol.type), storage_of(target.type)
    if storage is None or target_storage is None:
        if not same(symbol.type, target.type):
            _refuse_copy(ctx, given.span, symbol.type, target)
            return []
        return [ir.Copy(target.place, source, size_of(symbol.type))]
    out = Typed(symbol.type, given.span, ir.Load(storage, source))
    taken = fit(ctx, out, target.type, target.declared)
    return [ir.Assign(target.place, target_storage, taken)] if taken is not None else []


def store(ctx: Context, target: ir.Place | None, kind: Type, given: tree.Expr, *declared: Label) -> list[ir.Statement]:
    """`target := given` for a target of any type; nothing after a mistake."""
    got = expression.lower(ctx, given, kind)
    storage = storage_of(kind)
    if storage is not None:
        expr = fit(ctx, got, kind, *declared)
        if expr is None or target is None:
            return []
        folded = evaluate(expr) if isinstance(expr, ir.Convert | ir.Unary) else None
        return [ir.Assign(target, storage, expr if folded is None else ir.Const(storage, folded))]
    if not size_of(kind) or (not size_of(got.type) and got.make is None):
        return []
    if not same(got.type, kind):
        message = f"{name_of(got.type)} does not fit into {name_of(kind)}"
        ctx.report.error("L2007", message, given.span, f"this is {name_of(got.type)}", *declared)
        return []
    if contains_block(kind):
        mend = "copy the values it needs, or pass the instance as VAR_IN_OUT"
        ctx.report.error("L2009", "instances cannot be copied", given.span, f"this is {name_of(kind)}", help=mend)
        return []
    return [ir.Copy(target, got.place, size_of(kind))] if target is not None and got.place is not None else []


def _refuse_copy(ctx: Context, span: Span, source: Type, target: place.Ref) -> None:
    message = f"{name_of(source)} does not fit into {name_of(target.type)}"
    ctx.report.error("L2007", message, span, f"this is {name_of(target.type)}", target.declared)


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
    ctx.report.error(
        "L3008", f"{name_of(ref.type)} cannot be called", callee.span, "not a function or instance", ref.declared
    )


def _some_output(kind: BlockType) -> str:
    return ", ".join(f".{m.name}" for m in kind.members if m.section == "VAR_OUTPUT") or "it has none"
