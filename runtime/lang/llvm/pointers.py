"""Taking addresses: from a place to a pointer with its bounds, an i128 (ir/pointer.py)."""

from runtime.core import appmemory
from runtime.lang.ir import Point
from runtime.lang.ir.pointer import HIGH_BIT, LOW_BIT, OFFSET_BIT
from runtime.lang.llvm import places
from runtime.lang.llvm.writer import BodyWriter


def point(out: BodyWriter, node: Point, evaluate: places.Evaluate) -> str:
    """The register that holds a `Point` node's pointer; null where a subscript is out of range."""
    bad, join = out.label("bad"), out.label("join")
    made = _moved(out, node, bad, evaluate) if node.place.followed is not None else _taken(out, node, bad, evaluate)
    found = out.block
    out.branch(join)
    out.start(bad)
    out.branch(join)
    out.start(join)
    return out.phi("i128", (made, found), ("0", bad))


def _taken(out: BodyWriter, node: Point, bad: str, evaluate: places.Evaluate) -> str:
    """A pointer to what lies in application memory; anything else is a fault."""
    address = out.temp(f"ptrtoint ptr {places.address(out, node.place, bad, evaluate)} to i64")
    low = out.temp(f"sub i64 {address}, {out.temp('ptrtoint ptr %app to i64')}")
    at = places.indexed(out, node.indices, low, bad, evaluate)
    if node.offset:
        at = out.temp(f"add i64 {at}, {node.offset}")
    from_start = out.temp(f"sub i64 {low}, {appmemory.HEADER_SIZE}")
    room = max(node.end - node.size - appmemory.HEADER_SIZE + 1, 0)
    out.fault_unless(out.temp(f"icmp ult i64 {from_start}, {room}"), node.site, bad)
    made = str(node.tag)
    for value, bit in ((low, LOW_BIT), (out.temp(f"add i64 {low}, {node.size}"), HIGH_BIT), (at, OFFSET_BIT)):
        wide = out.temp(f"zext i64 {value} to i128")
        made = out.temp(f"or i128 {out.temp(f'shl i128 {wide}, {bit}')}, {made}")
    return made


def _moved(out: BodyWriter, node: Point, bad: str, evaluate: places.Evaluate) -> str:
    """The pointer a place is reached through, led to that place."""
    assert node.place.followed is not None
    held = evaluate(out, node.place.followed.pointer)
    step = places.moved(out, node.place, str(node.offset), bad, evaluate)
    step = places.indexed(out, node.indices, step, bad, evaluate)
    by = out.temp(f"shl i128 {out.temp(f'zext i64 {step} to i128')}, {OFFSET_BIT}")
    return out.temp(f"add i128 {held}, {by}")
