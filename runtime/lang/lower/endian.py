"""Order of bytes: TO_BIG_ENDIAN, FROM_LITTLE_ENDIAN and so on (IEC 61131-3, 3rd edition, table 37).

Every target of the compiler is little-endian, so a value in that order is the value itself.
"""

from runtime.core.elementary import BYTE, DWORD, LINT, LWORD, WORD, Elementary, Kind
from runtime.lang import ir, tree
from runtime.lang.lower.arguments import only_argument
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.conversion import moved_bits
from runtime.lang.lower.convert import settled
from runtime.lang.lower.folding import converted
from runtime.lang.lower.library import library_call
from runtime.lang.lower.signatures import ENDIAN
from runtime.lang.semantics.types import Unknown, name_of

NAMES = frozenset(ENDIAN)
"""The functions of this module."""

_BITS = {t.size: t for t in (BYTE, WORD, DWORD, LWORD)}


def lower(ctx: Context, node: tree.CallExpr, name: str) -> Typed:
    """A call: a value of the argument's type, its bytes in the other order."""
    given = only_argument(ctx, node, name)
    if given is None:
        return nothing(node.span)
    value = settled(ctx.lower(given))
    kind = value.type
    if not isinstance(kind, Elementary) or kind.kind in (Kind.BOOL, Kind.TEXT):
        if not isinstance(kind, Unknown):
            ctx.report.error("L2001", f"{name} does not take {name_of(kind)}", value.span, f"this is {name_of(kind)}")
        return nothing(node.span)
    if value.expr is None or "LITTLE" in name:
        return Typed(kind, node.span, value.expr)
    bits = _BITS[kind.size]
    is_real = kind.kind is Kind.REAL
    raw = moved_bits(ctx, value.expr, kind, bits) if is_real else converted(value.expr, bits)
    turned = library_call(ctx, node.span, "__TURNED", converted(raw, LWORD), ir.Const(LINT, kind.size))
    if turned is None:
        return Typed(kind, node.span)
    back = converted(turned, bits)
    return Typed(kind, node.span, moved_bits(ctx, back, bits, kind) if is_real else converted(back, kind))
