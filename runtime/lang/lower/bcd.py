"""Binary coded decimals: WORD_BCD_TO_UINT, UINT_TO_BCD_WORD, BCD_TO_UINT and so on (3rd edition, table 24)."""

from runtime.core.elementary import LWORD, ULINT
from runtime.lang import tree
from runtime.lang.lower.arguments import only_argument
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.convert import fit
from runtime.lang.lower.folding import converted
from runtime.lang.lower.library import library_call
from runtime.lang.lower.signatures import FROM_BCD, TO_BCD

NAMES = frozenset({*FROM_BCD, *TO_BCD})
"""The functions of this module."""


def lower(ctx: Context, node: tree.CallExpr, name: str) -> Typed:
    """A call of a BCD conversion; digits above 9 count as they are, what does not fit is cut."""
    argument = only_argument(ctx, node, name)
    if argument is None:
        return nothing(node.span)
    coded = name in FROM_BCD
    source, target = FROM_BCD[name] if coded else TO_BCD[name]
    expr = fit(ctx, ctx.lower(argument, source), source)
    if expr is None:
        return Typed(target, node.span)
    wide = converted(expr, LWORD if coded else ULINT)
    made = library_call(ctx, node.span, "__BCD_TO_ULINT" if coded else "__ULINT_TO_BCD", wide)
    return Typed(target, node.span, converted(made, target) if made is not None else None)
