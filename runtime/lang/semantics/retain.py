"""What keeps its value over a restart: RETAIN and NON_RETAIN (IEC 61131-3, 3rd edition, 6.5.6.1; language rule 14)."""

from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.types import ArrayType, BlockType, Member, Type

_KEPT = ("VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_GLOBAL")
_STATELESS = ("FUNCTION", "METHOD")
_WORDS = ("RETAIN", "NON_RETAIN", "PERSISTENT")


def check_retain(report: Report, pou_kind: str, section: tree.Section) -> None:
    """Report a qualifier that has nothing to keep, or two that contradict each other."""
    words = [q for q in section.qualifiers if q in _WORDS]
    if not words:
        return
    if "NON_RETAIN" in words and len(set(words)) > 1:
        other = next(q for q in words if q != "NON_RETAIN")
        message = f"{other} and NON_RETAIN contradict each other"
        report.error("L3301", message, section.span, f"this {section.kind} says both", help="keep one of them")
    elif section.kind not in _KEPT:
        message = f"{section.kind} keeps nothing, so it cannot be {words[0]}"
        mend = f"leave {words[0]} out, or declare in VAR {words[0]}"
        if section.kind == "VAR_EXTERNAL":
            mend = f"leave {words[0]} out here; say it where the VAR_GLOBAL is declared"
        report.error("L3301", message, section.span, "nothing lasts here", help=mend)
    elif pou_kind in _STATELESS:
        message = f"the variables of a {pou_kind} do not outlive a call, so they cannot be {words[0]}"
        mend = f"leave {words[0]} out, or make it a FUNCTION_BLOCK"
        report.error("L3301", message, section.span, "nothing lasts here", help=mend)


def retained(member: Member, *, around: bool) -> bool:
    """Whether a member of an instance or structure keeps its value, when what is around it does.

    Its own section decides first. An instance inside of an instance does not inherit: the block that declares it says
    whether it is kept (6.5.6.1, as for RETAIN of instances).
    """
    if member.retain:
        return member.retain == "RETAIN"
    return around and not (member.section != "STRUCT" and _is_instance(member.type))


def _is_instance(kind: Type) -> bool:
    while isinstance(kind, ArrayType):
        kind = kind.element
    return isinstance(kind, BlockType)
