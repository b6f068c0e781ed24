"""Statements behind RETURN, EXIT or CONTINUE never run: a warning.

Passes:
    PROGRAM p VAR a : INT; END_VAR IF a > 5 THEN RETURN; END_IF a := a + 1; END_PROGRAM
Fails:
    PROGRAM p VAR a : INT; END_VAR IF a > 5 THEN RETURN; a := 0; END_IF a := a + 1; END_PROGRAM
"""

from itertools import pairwise

from runtime.core.diagnostic import Label
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.index import Index
from runtime.lang.index.walk import blocks

CODE = "L9103"


def check(report: Report, index: Index, file: tree.File) -> None:
    """Told once a block, at the first statement that is never reached."""
    for pou in index.pous_of(file):
        for block in blocks(pou.pou):
            found = next(((a, b) for a, b in pairwise(block) if _leaves(a)), None)
            if found is not None:
                before, after = found
                label = Label(before.span, "never goes on behind this")
                mend = "take it out, or put a condition around what leaves"
                report.warning(CODE, "this statement is never reached", after.span, "never runs", label, help=mend)


def _leaves(statement: tree.Statement) -> bool:
    """True when nothing behind the statement in its block can run."""
    match statement:
        case tree.Jump():
            return True
        case tree.If():
            ways = [block for _, block in statement.arms] + [statement.otherwise]
            return all(way and _leaves(way[-1]) for way in ways)
        case tree.Case():
            ways = [arm.block for arm in statement.arms] + [statement.otherwise]
            return all(way and _leaves(way[-1]) for way in ways)
        case _:
            return False
