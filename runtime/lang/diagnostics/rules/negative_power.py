"""`-a ** b` needs parentheses (LANGUAGE.md rule 17): here it is (-a) ** b, elsewhere -(a ** b); a warning.

Passes:
    PROGRAM p VAR a, b : REAL; END_VAR a := -(a ** b); a := (-a) ** b; END_PROGRAM
Fails:
    PROGRAM p VAR a, b : REAL; END_VAR a := -a ** b; END_PROGRAM
"""

from runtime.lang import tree
from runtime.lang.diagnostics.report import Report

CODE = "L9003"


def check(report: Report, node: tree.Binary) -> None:
    """Warn when the base of a power carries a bare minus."""
    if node.op == "**" and isinstance(node.left, tree.Unary) and node.left.op == "-":
        mend = "write (-a) ** b for what this means, or -(a ** b)"
        report.warning(CODE, "the minus binds tighter than **", node.left.span, "this is the base", help=mend)
