"""SIZEOF(variable or type): bytes it takes, a constant that takes the type its context asks for.

A pointer counts as the 4 bytes of the number it is: libraries of 32-bit controllers reckon with that.
"""

from runtime.core.elementary import UDINT
from runtime.lang import tree
from runtime.lang.lower import place
from runtime.lang.lower.arguments import bind
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import literal_of
from runtime.lang.lower.signatures import SIZEOF
from runtime.lang.semantics.types import RefType, Type, size_of

NAME = SIZEOF


def lower(ctx: Context, node: tree.CallExpr) -> Typed:
    """The call; a literal without a type yet."""
    bound = bind(ctx, node, NAME, inputs=("IN",), outputs=())
    if not bound.ok:
        return nothing(node.span)
    if not bound.inputs:
        ctx.report.error("L3007", "SIZEOF takes a variable or a type", node.span, "none given")
        return nothing(node.span)
    given = bound.inputs["in"]
    if isinstance(given, tree.Name) and ctx.scope.variable(given.key) is None:
        kind = ctx.scope.symbols.resolve_type(given.key)
        if kind is not None:
            return literal_of(ctx, _bytes(kind), node.span, f"SIZEOF({given.text})")
    ref = place.refer(ctx, given)
    if ref is None or not size_of(ref.type):
        return nothing(node.span)
    return literal_of(ctx, _bytes(ref.type), node.span, "SIZEOF(...)")


def _bytes(kind: Type) -> int:
    return UDINT.size if isinstance(kind, RefType) else size_of(kind)
