"""LOWER_BOUND(array, dimension) and UPPER_BOUND: constants, of an ARRAY[*] those of what the call gives.

Source: IEC 61131-3, 3rd edition, 6.6.1.7, table 36.
"""

from runtime.core.elementary import LINT
from runtime.lang import tree
from runtime.lang.lower import place
from runtime.lang.lower.arguments import bind
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import fit, literal_of
from runtime.lang.lower.signatures import BOUNDS, PARAMETERS
from runtime.lang.semantics.constants import evaluate_number
from runtime.lang.semantics.types import ArrayType, name_of, size_of

NAMES = BOUNDS


def lower(ctx: Context, node: tree.CallExpr, name: str) -> Typed:
    """The call; a literal without a type yet."""
    bound = bind(ctx, node, name, inputs=PARAMETERS[name], outputs=())
    if not bound.ok:
        return nothing(node.span)
    if len(bound.inputs) < 2:
        ctx.report.error("L3007", f"{name} takes an array and a dimension", node.span, "too few arguments")
        return nothing(node.span)
    ref = place.refer(ctx, bound.inputs["arr"])
    wanted = bound.inputs["dim"]
    expr = fit(ctx, ctx.lower(wanted, LINT), LINT)
    if ref is None or expr is None or not size_of(ref.type):
        return nothing(node.span)
    if not isinstance(ref.type, ArrayType):
        kind = name_of(ref.type)
        ctx.report.error("L2005", f"{kind} has no bounds", ref.span, f"this is {kind}", ref.declared)
        return nothing(node.span)
    dimension = evaluate_number(expr)
    if dimension is None:
        ctx.report.error("L5001", "a dimension must be a constant", wanted.span, "not known here")
        return nothing(node.span)
    if not 1 <= dimension <= ref.type.dimensions:
        message = f"there is no dimension {dimension}"
        mend = f"it has {ref.type.dimensions}, the first is 1"
        ctx.report.error("L5002", message, wanted.span, "this dimension", ref.declared, help=mend)
        return nothing(node.span)
    kind_at: ArrayType = ref.type
    for _ in range(int(dimension) - 1):
        assert isinstance(kind_at.element, ArrayType)
        kind_at = kind_at.element
    value = kind_at.low if name == "LOWER_BOUND" else kind_at.high
    return literal_of(ctx, value, node.span, f"{name}(...)")
