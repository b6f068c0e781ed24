"""References: REF(x), ADR(x), `r^`, NULL (IEC 61131-3, 3rd edition, 6.4.4.10).

A reference is a number that any bytes may stand for: the offset of its target in application memory in the lower 32
bits, a mark of the target's type above. `r^` is application memory with that number as a checked index: only a number
that carries the mark, lies within globals and instances with room for the whole target, and is aligned leads anywhere;
else the access is a BAD_REFERENCE fault, a read gives the default and a write does nothing.

POINTER TO is the same, without arithmetic and only for targets of the pointer's own type.
"""

import zlib

from runtime.core import appmemory
from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import LINT, ULINT
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.lower import place
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.semantics.types import NULL, RefType, Type, alignment_of, name_of, same, size_of

NAMES = ("ref", "adr")
_MARK_MAX = (1 << 31) - 1


def take(ctx: Context, node: tree.CallExpr) -> Typed:
    """REF(x) or ADR(x): a reference to a variable that lasts."""
    word = node.callee.text.upper() if isinstance(node.callee, tree.Name) else "REF"
    if len(node.args) != 1 or node.args[0].name is not None:
        ctx.report.error("L3007", f"{word} takes one variable", node.span, f"{len(node.args)} given")
        return nothing(node.span)
    ref = place.refer(ctx, node.args[0].value)
    if ref is None or not place.writable(ctx, ref) or ref.place is None:
        return nothing(node.span)
    if ref.place.base is ir.Base.FRAME or ref.before:
        message = f"'{ref.root.name}' is gone when this call ends"
        mend = "refer to a variable in VAR of a block or program, or in VAR_GLOBAL"
        ctx.report.error("L7012", message, node.args[0].value.span, "does not last", ref.declared, help=mend)
        return nothing(node.span)
    kind = ref.type
    site = ctx.site(FaultCode.BAD_REFERENCE, node.span)
    located = ir.Locate(ref.place, _mark(kind), ctx.quality_offset, site)
    return Typed(RefType(lambda: kind), node.span, located)


def held(ctx: Context, value: Typed, target: RefType, *declared: Label) -> ir.Expr | None:
    """The value as a reference variable holds it; None after saying why it cannot."""
    if value.type is NULL:
        return ir.Const(ULINT, 0)
    if same(value.type, target):
        return value.expr
    kind = name_of(value.type)
    mend = "take a reference: REF(...)" if same(value.type, target.target) else ""
    ctx.report.error("L7009", f"{kind} is no {name_of(target)}", value.span, f"this is {kind}", *declared, help=mend)
    return None


def follow(ctx: Context, base: "place.Ref", kind: RefType, span: Span) -> "place.Ref | None":
    """`base^`: the target as a variable."""
    target = kind.target
    size = size_of(target)
    if base.place is None or not size:
        return None
    shift = max(alignment_of(target) - 1, 0).bit_length()
    mark = _mark(target) << (32 - shift)
    aligned: ir.Expr = ir.Load(ULINT, base.place)
    if shift:
        aligned = ir.Intrinsic(ULINT, "SHR", (aligned, ir.Const(LINT, shift)))
    index = ir.Index(
        ir.Convert(LINT, aligned),
        mark + (appmemory.HEADER_SIZE >> shift),
        mark + ((ctx.quality_offset - size) >> shift),
        1 << shift,
        ctx.site(FaultCode.BAD_REFERENCE, span),
    )
    found = ir.Place(ir.Base.APP, appmemory.HEADER_SIZE, (index,))
    return place.Ref(target, span, base.root, found, before=base.before, followed=True)


def _mark(kind: Type) -> int:
    """31 bits that tell types apart, never 0."""
    return zlib.crc32(f"{name_of(kind)}:{size_of(kind)}".lower().encode()) % _MARK_MAX + 1
