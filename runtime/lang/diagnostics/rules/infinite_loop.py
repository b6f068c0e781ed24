"""A WHILE or REPEAT whose condition nothing in the loop can change runs until the task's budget ends it: a warning.

Passes:
    PROGRAM p VAR a, b : INT; END_VAR WHILE a < b DO a := a + 1; END_WHILE END_PROGRAM
Fails:
    PROGRAM p VAR a, b, n : INT; END_VAR WHILE a < b DO n := n + 1; END_WHILE END_PROGRAM
"""

from runtime.core.diagnostic import Span
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.index import Access, Index, Symbol
from runtime.lang.index.walk import nodes

CODE = "L9106"


def check(report: Report, index: Index, file: tree.File) -> None:
    """Loops with EXIT or RETURN, and conditions that call something, are left alone."""
    for pou in index.pous_of(file):
        for node in nodes(pou.pou):
            if isinstance(node, tree.While | tree.Repeat):
                condition = node.condition if isinstance(node, tree.While) else node.until
                if not _may_end(index, condition, node.block):
                    message = "nothing in this loop changes its condition"
                    mend = "assign what the condition reads, or leave with EXIT"
                    report.warning(CODE, message, condition.span, "stays as it is", help=mend)


def _may_end(index: Index, condition: tree.Expr, block: tree.Block) -> bool:
    if any(isinstance(n, tree.CallExpr) for n in nodes(condition)):
        return True
    if any(isinstance(n, tree.Jump) and n.word in ("EXIT", "RETURN") for n in nodes(block)):
        return True
    read = {symbol for symbol, _ in _names(index, condition)}
    if any(isinstance(n, tree.CallExpr) for n in nodes(block)) and any(s.section == "VAR_GLOBAL" for s in read):
        return True
    return any(symbol in read and access in (Access.WRITE, Access.CALL) for symbol, access in _names(index, block))


def _names(index: Index, node: object) -> list[tuple[Symbol, Access]]:
    """The root variables that a node names, and what it does with them."""
    found = []
    for inner in nodes(node):
        if isinstance(inner, tree.Name):
            span: Span = inner.span
            use = index.at(span.source.name, span.line, span.column)
            if use is not None:
                found.append((use.symbol, use.access))
    return found
