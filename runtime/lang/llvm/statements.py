"""Statements: blocks of LLVM code that fall through to the next statement unless something left them."""

from runtime.core.elementary import Kind
from runtime.lang import ir
from runtime.lang.llvm import loops, places
from runtime.lang.llvm.expressions import called, evaluate, type_of
from runtime.lang.llvm.rounds import Rounds, find_rounds
from runtime.lang.llvm.types import integer_constant, register_type
from runtime.lang.llvm.writer import TAG_VARIABLE, BodyWriter

_SWITCH_SPAN = 16
"""A CASE range up to so many values becomes single labels of a switch, a longer one a compare before it."""


def emit_block(out: BodyWriter, block: ir.Block) -> None:
    """The statements in order; what follows an Exit, Continue or Return can never run and is left out."""
    statements = block if out.round else find_rounds(block)
    for statement in statements:
        if not out.open:
            return
        if isinstance(statement, Rounds):
            _rounds(out, statement)
        else:
            emit_statement(out, statement)


def emit_statement(out: BodyWriter, node: ir.Statement) -> None:
    """One statement."""
    around, out.statement = out.statement, node
    _emit(out, node)
    out.statement = around


def _emit(out: BodyWriter, node: ir.Statement) -> None:
    match node:
        case ir.Assign():
            _assign(out, node)
        case ir.CallInstance():
            _call_instance(out, node)
        case ir.If():
            _if(out, node)
        case ir.Case():
            _case(out, node)
        case ir.For():
            loops.for_(out, node, emit_block)
        case ir.Loop():
            loops.loop(out, node, emit_block)
        case ir.Copy():
            _copy(out, node)
        case ir.Evaluate(value):
            called(out, value)
        case ir.Exit() | ir.Continue() | ir.Return():
            out.branch(_goal(out, node))
        case ir.Advance():
            out.advance(evaluate(out, node.amount), node.asked)


def _goal(out: BodyWriter, node: ir.Exit | ir.Continue | ir.Return) -> str:
    if isinstance(node, ir.Return):
        return out.exit
    return out.loops[-1].done if isinstance(node, ir.Exit) else out.loops[-1].following


def _rounds(out: BodyWriter, node: Rounds) -> None:
    """A repeated group as a loop. It ends by itself, so it takes nothing from the budget."""
    head, following, done = out.label("rounds"), out.label("following"), out.label("done")
    out.round, added, before = f"%{head}.i", f"%{head}.next", out.block
    out.branch(head)
    out.start(head)
    out.line(f"{out.round} = phi i64 [0, %{before}], [{added}, %{following}]")
    emit_block(out, node.block)
    out.branch(following)
    out.start(following)
    out.line(f"{added} = add i64 {out.round}, 1")
    out.branch_if(out.temp(f"icmp eq i64 {added}, {node.count}"), done, head)
    out.round = ""
    out.start(done)


def _assign(out: BodyWriter, node: ir.Assign) -> None:
    value = evaluate(out, node.value)
    if not node.target.may_be_bad:
        pointer = places.address(out, node.target, "", evaluate)
        places.store_at(out, node.type, value, pointer, places.tag_of(node.target))
        return
    if node.type.kind is Kind.REAL and node.target.followed is not None:
        value = places.quiet(out, node.type, value)
    done = out.label("done")
    pointer = places.address(out, node.target, done, evaluate)
    places.store_at(out, node.type, value, pointer, alignment=places.alignment_at(node.type, node.target))
    out.branch(done)
    out.start(done)


def _copy(out: BodyWriter, node: ir.Copy) -> None:
    done = out.label("done")
    source = places.address(out, node.source, done, evaluate)
    target = places.address(out, node.target, done, evaluate)
    out.line(
        f"call void @llvm.memmove.p0.p0.i64(ptr {target}, ptr {source}, i64 {node.size}, i1 false), {TAG_VARIABLE}"
    )
    out.branch(done)
    out.start(done)


def _call_instance(out: BodyWriter, node: ir.CallInstance) -> None:
    done = out.label("done")
    pointers = [places.address(out, place, done, evaluate) for place in (node.instance, *node.refs)]
    arguments = ", ".join(f"ptr {pointer}" for pointer in ("%app", *pointers))
    out.line(f'call void @"st.{node.body}"({arguments})')
    out.calls[node.body] += 1
    out.leave_when_cut(node.body)
    out.branch(done)
    out.start(done)


def _if(out: BodyWriter, node: ir.If) -> None:
    done = out.label("done")
    for condition, block in node.arms:
        then, otherwise = out.label("then"), out.label("else")
        out.branch_if(evaluate(out, condition), then, otherwise)
        out.start(then)
        emit_block(out, block)
        out.branch(done)
        out.start(otherwise)
    emit_block(out, node.otherwise)
    out.branch(done)
    out.start(done)


def _case(out: BodyWriter, node: ir.Case) -> None:
    """Long ranges are compared first (ranges never overlap, so the order is free), the rest is a switch."""
    selector = evaluate(out, node.selector)
    type_ = type_of(node.selector)
    integer, sign = register_type(type_), "s" if type_.is_signed else "u"
    labels = [out.label("arm") for _ in node.arms]
    singles: list[str] = []
    for label, arm in zip(labels, node.arms, strict=True):
        for low, high in arm.ranges:
            if high - low < _SWITCH_SPAN:
                values = (integer_constant(value, type_.bits) for value in range(low, high + 1))
                singles += [f"{integer} {value}, label %{label}" for value in values]
                continue
            reached = out.temp(f"icmp {sign}ge {integer} {selector}, {integer_constant(low, type_.bits)}")
            below = out.temp(f"icmp {sign}le {integer} {selector}, {integer_constant(high, type_.bits)}")
            other = out.label("other")
            out.branch_if(out.temp(f"and i1 {reached}, {below}"), label, other)
            out.start(other)
    _switch(out, node, f"{integer} {selector}", labels, singles)


def _switch(out: BodyWriter, node: ir.Case, selector: str, labels: list[str], singles: list[str]) -> None:
    otherwise, done = out.label("else"), out.label("done")
    out.line(f"switch {selector}, label %{otherwise} [ {' '.join(singles)} ]")
    out.open = False
    arms = [(label, arm.block) for label, arm in zip(labels, node.arms, strict=True)]
    for label, block in [*arms, (otherwise, node.otherwise)]:
        out.start(label)
        emit_block(out, block)
        out.branch(done)
    out.start(done)
