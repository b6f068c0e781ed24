"""An output, or a function's result, that its POU never assigns keeps its initial value for ever: a warning.

Passes:
    FUNCTION_BLOCK B VAR_INPUT x : INT; END_VAR VAR_OUTPUT y : INT; END_VAR y := x; END_FUNCTION_BLOCK
Fails:
    FUNCTION_BLOCK B VAR_INPUT x : INT; END_VAR VAR_OUTPUT y, z : INT; END_VAR y := x; END_FUNCTION_BLOCK
"""

from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.index import Access, Index, Symbol, SymbolKind

CODE = "L9104"


def check(report: Report, index: Index, file: tree.File) -> None:
    """Assigned is also what a call takes (`=>`, VAR_IN_OUT), and an instance that is called."""
    for pou in index.pous_of(file):
        for output in pou.members.values():
            if output.section == "VAR_OUTPUT" and not _written(index, pou, output):
                message = f"the output '{output.name}' of {pou.name} is never assigned"
                mend = "assign it in the body, or take it out"
                report.warning(CODE, message, output.span, "keeps its initial value", help=mend)
        if pou.kind is SymbolKind.FUNCTION and pou.spec is not None and not _written(index, pou, pou):
            message = f"the result of {pou.name} is never assigned"
            report.warning(CODE, message, pou.span, "gives its default", help=f"assign it: {pou.name} := ...")


def _written(index: Index, pou: Symbol, output: Symbol) -> bool:
    changing = (Access.WRITE, Access.CALL)
    return any(use.access in changing and use.within(pou) for use in index.uses(output))
