"""What is said when an operator and its operands do not go together."""

from runtime.core.diagnostic import Label
from runtime.core.elementary import Elementary, Kind
from runtime.lang import tree
from runtime.lang.lower.context import Context, Typed
from runtime.lang.semantics.types import EnumType, Type, name_of


def refuse_operand(ctx: Context, op: str, value: Typed, *, help: str = "") -> None:
    """Report an operand that an operator does not take."""
    kind = name_of(value.type)
    ctx.report.error("L2001", f"{op} does not take {kind}", value.span, f"this is {kind}", help=help)


def refuse_pair(ctx: Context, node: tree.Binary, left: Typed, right: Typed, kind: Type | None) -> None:
    """Report an operation on two types that do not go together, or that it does not take."""
    a, b = name_of(left.type), name_of(right.type)
    more = Label(right.span, f"this is {b}")
    if kind is not None:
        is_text = isinstance(kind, Elementary) and kind.kind is Kind.TEXT
        mend = "join texts with CONCAT(...)" if is_text and node.op == "+" else ""
        message = f"{node.op} does not take {name_of(kind)}"
        ctx.report.error("L2001", message, left.span, f"this is {a}", more, help=mend)
        return
    mend = ""
    if isinstance(left.type, EnumType) or isinstance(right.type, EnumType):
        mend = "an enumeration is compared with values of the same enumeration only"
    elif isinstance(left.type, Elementary) and isinstance(right.type, Elementary):
        a_word, b_word = a.partition("[")[0], b.partition("[")[0]
        mend = f"convert one of them: {a_word}_TO_{b_word}(...) or {b_word}_TO_{a_word}(...)"
    ctx.report.error(
        "L2002", f"{node.op} of {a} and {b}: they have no common type", left.span, f"this is {a}", more, help=mend
    )


def warn_integer_logic(ctx: Context, node: tree.Unary | tree.Binary, op: str, kind: Elementary) -> None:
    """Warn about AND, OR, XOR, NOT of whole numbers: the standard has them for bit strings only."""
    if kind.kind in (Kind.SIGNED, Kind.UNSIGNED):
        bits = {1: "BYTE", 2: "WORD", 4: "DWORD", 8: "LWORD"}[kind.size]
        mend = f"say so: {kind.name}_TO_{bits}(...)"
        ctx.report.warning("L9006", f"{op} works on the bits of {kind.name}", node.span, "whole numbers", help=mend)
