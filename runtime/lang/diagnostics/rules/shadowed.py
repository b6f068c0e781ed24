"""A variable of the same name hides the global or function from its POU: a warning.

Passes:
    VAR_GLOBAL a : INT; END_VAR
    PROGRAM p VAR b : INT; END_VAR b := a; END_PROGRAM
Fails:
    VAR_GLOBAL a : INT; END_VAR
    PROGRAM p VAR a, b : INT; END_VAR b := a; END_PROGRAM
"""

from runtime.core.diagnostic import Label
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.index import Index, SymbolKind

CODE = "L9102"


def check(report: Report, index: Index, file: tree.File) -> None:
    """VAR_EXTERNAL names the global itself, so it hides nothing."""
    functions = {k: p for k, p in index.declared.pous.items() if p.kind is SymbolKind.FUNCTION}
    for pou in index.pous_of(file):
        for key, variable in pou.members.items():
            hidden = index.declared.globals.get(key) or functions.get(key)
            if hidden is not None and variable.kind is SymbolKind.VARIABLE and variable.section != "VAR_EXTERNAL":
                what = "function" if hidden.kind is SymbolKind.FUNCTION else "global"
                message = f"'{variable.name}' of {pou.name} hides the {what} of this name"
                mend = "take another name" if what == "function" else "take another name, or declare it VAR_EXTERNAL"
                hidden_label = Label(hidden.span, f"the {what}")
                report.warning(CODE, message, variable.span, "hides it", hidden_label, help=mend)
