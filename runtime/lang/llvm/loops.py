"""The two loops of the IR. Both charge the budget before each round."""

from runtime.core.elementary import Elementary
from runtime.lang import ir
from runtime.lang.llvm import places
from runtime.lang.llvm.expressions import evaluate
from runtime.lang.llvm.types import register_type
from runtime.lang.llvm.writer import BodyWriter, EmitBlock, LoopLabels


def loop(out: BodyWriter, node: ir.Loop, emit_block: EmitBlock) -> None:
    """WHILE and REPEAT: rounds of `block` and `after` until one of them exits."""
    head = out.label("loop")
    labels = LoopLabels(following=out.label("after"), done=out.label("done"))
    out.branch(head)
    out.start(head)
    out.charge(node.cost, node.site)
    out.loops.append(labels)
    emit_block(out, node.block)
    out.branch(labels.following)
    out.start(labels.following)
    emit_block(out, node.after)
    out.loops.pop()
    out.branch(head)
    out.start(labels.done)


def for_(out: BodyWriter, node: ir.For, emit_block: EmitBlock) -> None:
    """FOR: bounds once, the control variable read anew each round, the end found without leaving its range."""
    labels = LoopLabels(following=out.label("step"), done=out.label("done"))
    start, end, step = (evaluate(out, bound) for bound in (node.start, node.end, node.step))
    integer = register_type(node.type)
    out.fault_unless(out.temp(f"icmp ne {integer} {step}, 0"), node.site_step, labels.done)
    control = places.address(out, node.control, labels.done, evaluate)
    places.store_at(out, node.type, start, control, alignment=places.alignment_at(node.type, node.control))
    head, body = out.label("for"), out.label("body")
    out.branch(head)
    out.start(head)
    now = places.load_at(out, node.type, control, node.control)
    out.branch_if(_not_past(out, node.type, now, end, step), body, labels.done)
    out.start(body)
    out.charge(node.cost, node.site_budget)
    out.loops.append(labels)
    emit_block(out, node.block)
    out.loops.pop()
    out.branch(labels.following)
    out.start(labels.following)
    _advance(out, node, control, step, head=head, done=labels.done)
    out.start(labels.done)


def _not_past(out: BodyWriter, type_: Elementary, now: str, end: str, step: str) -> str:
    """Whether `now` has not gone past `end` in the direction of the step."""
    integer = register_type(type_)
    if not type_.is_signed:
        return out.temp(f"icmp ule {integer} {now}, {end}")
    upward = out.temp(f"icmp sgt {integer} {step}, 0")
    below = out.temp(f"icmp sle {integer} {now}, {end}")
    above = out.temp(f"icmp sge {integer} {now}, {end}")
    return out.temp(f"select i1 {upward}, i1 {below}, i1 {above}")


def _advance(out: BodyWriter, node: ir.For, control: str, step: str, *, head: str, done: str) -> None:
    """Add the step and go round again, unless the sum leaves the type's range."""
    integer, sign = register_type(node.type), "s" if node.type.is_signed else "u"
    pair, stored = f"{{ {integer}, i1 }}", out.label("next")
    now = places.load_at(out, node.type, control, node.control)
    added = out.temp(f"call {pair} @llvm.{sign}add.with.overflow.{integer}({integer} {now}, {integer} {step})")
    out.branch_if(out.temp(f"extractvalue {pair} {added}, 1"), done, stored)
    out.start(stored)
    sum_ = out.temp(f"extractvalue {pair} {added}, 0")
    places.store_at(out, node.type, sum_, control, alignment=places.alignment_at(node.type, node.control))
    out.branch(head)
