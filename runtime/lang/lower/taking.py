"""REF(x) and ADR(x): where a variable lies, as a pointer with bounds (reference.py)."""

from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.ir.pointer import MARK_BIT
from runtime.lang.lower import place
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.semantics.classes import number_of
from runtime.lang.semantics.types import UNKNOWN, BlockType, RefType, Type, size_of

NAMES = ("ref", "adr")
_ALL_BUT_NUMBER = (1 << 8 * ir.POINTER.size) - (1 << MARK_BIT)


def take(ctx: Context, node: tree.CallExpr) -> Typed:
    """REF(x), a pointer to the type of x, or ADR(x), which any pointer takes."""
    word = node.callee.text.upper() if isinstance(node.callee, tree.Name) else "REF"
    if len(node.args) != 1 or node.args[0].name is not None:
        ctx.report.error("L3007", f"{word} takes one variable", node.span, f"{len(node.args)} given")
        return nothing(node.span)
    given = node.args[0].value
    ref = place.refer(ctx, given)
    if ref is None or not place.writable(ctx, ref) or ref.place is None:
        return nothing(node.span)
    if ref.bit >= 0:
        mend = "take the address of the whole"
        ctx.report.error("L2008", "a bit has no address of its own", given.span, "one bit", help=mend)
        return nothing(node.span)
    kind: Type = ref.type if word == "REF" else UNKNOWN
    block = place.block_of(ctx, ref) if isinstance(ref.type, BlockType) else None
    own: Type = block.block if block is not None and block.block is not None else ref.type
    around, size = ref.whole or (ref.place, size_of(own))
    behind, inner = ref.place.offset - around.offset, ref.place.indices[len(around.indices) :]
    site = ctx.site(FaultCode.BAD_REFERENCE, node.span)
    number = number_of(ctx.scope.symbols, block) if block is not None else 0
    point: ir.Expr = ir.Point(around, behind, inner, size, ctx.mark | number, ctx.quality_offset, site)
    if ref.followed and (ref.member is not None or ref.whole is not None):
        # A part of what the pointer leads to: of the tag it moves along, only the mark still holds.
        kept = ir.Binary(ir.POINTER, "and", point, ir.Const(ir.POINTER, _ALL_BUT_NUMBER))
        point = ir.Binary(ir.POINTER, "or", kept, ir.Const(ir.POINTER, number))
    return Typed(RefType(lambda: kind), node.span, point)
