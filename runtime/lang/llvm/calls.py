"""Calls of functions and methods, direct and through an interface."""

from collections.abc import Callable

from runtime.core import appmemory
from runtime.core.elementary import Elementary, Kind
from runtime.lang import ir
from runtime.lang.ir.pointer import HIGH_BIT, LOW_BIT, OFFSET_BIT
from runtime.lang.llvm import places
from runtime.lang.llvm.texts import text_room
from runtime.lang.llvm.types import register_type
from runtime.lang.llvm.writer import LIKELY, BodyWriter

TypeOf = Callable[[ir.Expr], Elementary]


def call(out: BodyWriter, node: ir.Call, evaluate: places.Evaluate, type_of: TypeOf) -> str:
    """A call of a body; the type's default when a by-reference argument has a bad index."""
    values = [f"{register_type(type_of(value))} {evaluate(out, value)}" for value in node.values]
    passed = (*((node.instance,) if node.instance is not None else ()), *node.refs)
    checked = any(ref.may_be_bad for ref in passed)
    bad, join = (out.label("bad"), out.label("join")) if checked else ("", "")
    pointers = [f"ptr {places.address(out, ref, bad, evaluate)}" for ref in passed]
    instance = pointers[: len(passed) - len(node.refs)]
    register = _emit(out, node.type, node.body, [*instance, *values, *pointers[len(instance) :]])
    if not checked:
        return register
    called = out.block
    out.branch(join)
    out.start(bad)
    out.branch(join)
    out.start(join)
    if not node.type:
        return register
    result = register_type(node.type)
    return out.phi(result, (register, called), (places.default_of(out, node.type), bad))


def dispatch(out: BodyWriter, node: ir.Dispatch, evaluate: places.Evaluate, type_of: TypeOf) -> str:
    """A switch over the type's number, checked first, with the instance's offset; then a switch over the calls."""
    subject = evaluate(out, node.subject)
    bounds: tuple[str, str] | None = None
    if type_of(node.subject) == ir.POINTER:
        number, offset = places.part_of(out, subject, 0), places.part_of(out, subject, OFFSET_BIT)
        bounds = places.part_of(out, subject, LOW_BIT), places.part_of(out, subject, HIGH_BIT)
    else:
        number, offset = out.temp(f"lshr i64 {subject}, 32"), out.temp(f"and i64 {subject}, {(1 << 32) - 1}")
    go, unset, skip, join = out.label("go"), out.label("unset"), out.label("skip"), out.label("join")
    checks = [out.label("check") for _ in node.arms]
    _switch(out, number, unset, node.arms, checks)
    for arm, label in zip(node.arms, checks, strict=True):
        out.start(label)
        good = _holds(out, offset, arm, node.end)
        if bounds is not None:
            good = _is_within(out, offset, arm, bounds, node.end, good)
        out.branch_if(good, go, unset, LIKELY)
    out.start(unset)
    out.record_fault(node.site)
    out.branch(skip)
    out.start(go)
    instance = f"ptr {out.temp(f'getelementptr inbounds i8, ptr %app, i64 {offset}')}"
    values = [f"{register_type(type_of(value))} {evaluate(out, value)}" for value in node.values]
    refs = [f"ptr {places.address(out, ref, skip, evaluate)}" for ref in node.refs]
    labels = [out.label("call") for _ in node.arms]
    _switch(out, number, skip, node.arms, labels)
    incoming: list[tuple[str, str]] = []
    for arm, label in zip(node.arms, labels, strict=True):
        out.start(label)
        register = _emit(out, node.type, arm.body, [instance, *values, *refs])
        incoming.append((register, out.block))
        out.branch(join)
    out.start(skip)
    out.branch(join)
    out.start(join)
    if not node.type:
        return ""
    return out.phi(register_type(node.type), *incoming, (places.default_of(out, node.type), skip))


def _emit(out: BodyWriter, type_: Elementary | None, body: str, arguments: list[str]) -> str:
    """The call instruction; a string comes back in room of the caller's."""
    is_text = type_ is not None and type_.kind is Kind.TEXT
    room = text_room(out, type_) if type_ is not None and is_text else ""
    given = [f"ptr {room}"] if is_text else []
    result = register_type(type_) if type_ and not is_text else "void"
    text = f'call {result} @"st.{body}"({", ".join(["ptr %app", *arguments, *given])})'
    out.calls[body] += 1
    register = room if result == "void" else out.temp(text)
    if result == "void":
        out.line(text)
    out.leave_when_cut(body)
    return register


def _switch(out: BodyWriter, number: str, otherwise: str, arms: tuple[ir.DispatchArm, ...], labels: list[str]) -> None:
    cases = " ".join(f"i64 {arm.number}, label %{label}" for arm, label in zip(arms, labels, strict=True))
    out.line(f"switch i64 {number}, label %{otherwise} [ {cases} ]")
    out.open = False


def _holds(out: BodyWriter, offset: str, arm: ir.DispatchArm, end: int) -> str:
    """Whether an instance of the arm's type may lie at the offset."""
    from_start = out.temp(f"sub i64 {offset}, {appmemory.HEADER_SIZE}")
    room = max(end - arm.size - appmemory.HEADER_SIZE + 1, 0)
    inside = out.temp(f"icmp ult i64 {from_start}, {room}")
    odd = out.temp(f"and i64 {offset}, {arm.alignment - 1}")
    return out.temp(f"and i1 {inside}, {out.temp(f'icmp eq i64 {odd}, 0')}")


def _is_within(out: BodyWriter, offset: str, arm: ir.DispatchArm, bounds: tuple[str, str], end: int, good: str) -> str:
    """Whether a pointer's bounds hold the instance as well, and are themselves within what a program may touch."""
    low, high = bounds
    behind = out.temp(f"add i64 {offset}, {arm.size}")
    for condition in (
        f"icmp uge i64 {low}, {appmemory.HEADER_SIZE}",
        f"icmp uge i64 {offset}, {low}",
        f"icmp ule i64 {behind}, {high}",
        f"icmp ule i64 {high}, {end}",
    ):
        good = out.temp(f"and i1 {good}, {out.temp(condition)}")
    return good
