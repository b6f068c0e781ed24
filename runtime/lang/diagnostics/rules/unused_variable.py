"""A variable that its POU never mentions is a leftover, or the name of another was written in its place: a warning.

Passes:
    PROGRAM p VAR a, b : INT; END_VAR a := a + b; END_PROGRAM
Fails:
    PROGRAM p VAR a, b : INT; END_VAR a := a + a; END_PROGRAM
"""

from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.index import Access, Index, Symbol, SymbolKind

CODE = "L9101"


def check(report: Report, index: Index, file: tree.File) -> None:
    """Outputs are left to output_never_written: callers use them."""
    for pou in index.pous_of(file):
        for variable in (m for m in pou.members.values() if m.kind is SymbolKind.VARIABLE):
            if variable.section not in ("VAR_OUTPUT", "VAR_GLOBAL") and not _used(index, pou, variable):
                what = "input" if variable.section in ("VAR_INPUT", "VAR_IN_OUT") else "variable"
                message = f"the {what} '{variable.name}' of {pou.name} is never used"
                report.warning(CODE, message, variable.span, f"declared {variable.section} here", help="take it out")


def _used(index: Index, pou: Symbol, variable: Symbol) -> bool:
    meant = index.declared.globals.get(variable.key, variable) if variable.section == "VAR_EXTERNAL" else variable
    return any(use.access is not Access.DECLARE and use.within(pou) for use in index.uses(meant))
