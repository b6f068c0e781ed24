"""Initial values: from what a declaration says to the bytes before the first scan."""

from runtime.core.diagnostic import Label, Span
from runtime.lang import tree
from runtime.lang.lower import expression, taking
from runtime.lang.lower.context import Context
from runtime.lang.lower.convert import fit
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.symbols import suggest_of
from runtime.lang.semantics.types import (
    ArrayType,
    BlockType,
    StructType,
    Type,
    Unknown,
    default_bytes,
    name_of,
    pack,
    size_of,
    storage_of,
)


def initial_bytes(ctx: Context, kind: Type, init: tree.Init | None, *declared: Label) -> bytes:
    """A value of the type as bytes; the type's default after a mistake was reported."""
    default = default_bytes(kind)
    if init is None or isinstance(kind, Unknown):
        return default
    if storage_of(kind) is not None:
        return _single(ctx, kind, init, default, declared)
    if isinstance(kind, ArrayType):
        return _array(ctx, kind, init, default)
    assert isinstance(kind, StructType | BlockType)
    return _fields(ctx, kind, init, default)


def _single(ctx: Context, kind: Type, init: tree.Init, default: bytes, declared: tuple[Label, ...]) -> bytes:
    if isinstance(init, tree.FieldsInit | tree.ItemsInit):
        _refuse(ctx, init.span, kind, "a single value")
        return default
    address = address_call(init)
    if address is not None:
        mend = "assign it in the body; a single pointer may begin with it in VAR of a PROGRAM or FUNCTION_BLOCK"
        ctx.report.error("L5001", "an address is no constant", init.span, "known when the program runs", help=mend)
        return default
    storage = storage_of(kind)
    assert storage is not None
    expr = fit(ctx, expression.lower(ctx, init, kind), kind, *declared)
    if expr is None:
        return default
    value = evaluate(expr)
    if value is None:
        mend = "assign it in the body, or use constants only"
        ctx.report.error("L5001", "an initial value must be a constant", init.span, "not known here", help=mend)
        return default
    return pack(storage, value)


def address_call(init: tree.Init | None) -> tree.CallExpr | None:
    """The ADR(…) or REF(…) that an initial value is; None when it is something else."""
    while isinstance(init, tree.Group):
        init = init.inner
    if not isinstance(init, tree.CallExpr) or not isinstance(init.callee, tree.Name):
        return None
    return init if init.callee.key in taking.NAMES else None


def _array(ctx: Context, kind: ArrayType, init: tree.Init, default: bytes) -> bytes:
    if not isinstance(init, tree.ItemsInit):
        if not isinstance(init, tree.Missing):
            _refuse(ctx, init.span, kind, "[value, 3(value), ...]")
        return default
    memory = bytearray(default)
    whole, kind = kind, _row_by_row(kind, init)
    stride, position = kind.stride, 0
    for count, item in (_repetition(ctx, kind, *item) for item in init.items):
        if position + count > kind.count:
            message = f"{name_of(whole)} has {kind.count} elements"
            ctx.report.error("L5006", message, item.span, f"this is element {kind.count + 1} or later")
            break
        memory[position * stride : (position + count) * stride] = initial_bytes(ctx, kind.element, item) * count
        position += count
    return bytes(memory)


def _row_by_row(kind: ArrayType, init: tree.ItemsInit) -> ArrayType:
    """An array of several dimensions as one of all its elements, unless its rows are in brackets of their own."""
    if kind.dimensions == 1 or any(isinstance(item, tree.ItemsInit) for _, item in init.items):
        return kind
    element, count = kind.element, kind.count
    for _ in range(kind.dimensions - 1):
        assert isinstance(element, ArrayType)
        count *= element.count
        element = element.element
    return ArrayType(element, 0, count - 1)


def _repetition(ctx: Context, kind: ArrayType, count: int, item: tree.Init) -> tuple[int, tree.Init]:
    """`N(0)` with a constant N repeats as `3(0)` does, though it reads like a call."""
    if not isinstance(item, tree.CallExpr) or not isinstance(item.callee, tree.Name) or len(item.args) != 1:
        return count, item
    symbol = ctx.scope.variable(item.callee.key)
    if symbol is None or isinstance(symbol.value, float | None) or item.args[0].name is not None:
        return count, item
    return max(0, min(int(symbol.value), kind.count + 1)), item.args[0].value


def _fields(ctx: Context, kind: StructType | BlockType, init: tree.Init, default: bytes) -> bytes:
    if not isinstance(init, tree.FieldsInit):
        if not isinstance(init, tree.Missing):
            _refuse(ctx, init.span, kind, "(field := value, ...)")
        return default
    memory = bytearray(default)
    seen: dict[str, Span] = {}
    for name, value in init.fields:
        member = kind.by_name.get(name.key)
        if member is None or member.section not in ("STRUCT", "VAR_INPUT", "VAR_OUTPUT"):
            known = [m.name for m in kind.members if m.section in ("STRUCT", "VAR_INPUT", "VAR_OUTPUT")]
            message = f"{kind.name} has no field '{name.text}'"
            if name.key not in ctx.scope.symbols.lost:
                ctx.report.error("L3003", message, name.span, "unknown", help=suggest_of(name.text, known))
            continue
        if name.key in seen:
            label = Label(seen[name.key], "given here already")
            ctx.report.error("L3006", f"'{name.text}' is given twice", name.span, "a second time", label)
        seen[name.key] = name.span
        label = Label(member.span, f"declared {name_of(member.type)} here")
        value_bytes = initial_bytes(ctx, member.type, value, label)
        memory[member.offset : member.offset + size_of(member.type)] = value_bytes
    return bytes(memory)


def _refuse(ctx: Context, span: Span, kind: Type, shape: str) -> None:
    message = f"this is no initial value for {name_of(kind)}"
    ctx.report.error("L5006", message, span, "wrong shape", help=f"write {shape}")
