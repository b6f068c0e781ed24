"""One global, one program that assigns it; else the last in execution order wins, which is worth a warning.

Passes:
    VAR_GLOBAL a, b : INT; END_VAR
    PROGRAM p a := 1; END_PROGRAM
    PROGRAM q b := 2; END_PROGRAM
Fails:
    VAR_GLOBAL a : INT; END_VAR
    PROGRAM p a := 1; END_PROGRAM
    PROGRAM q a := 2; END_PROGRAM
"""

from collections.abc import Sequence

from runtime.core.diagnostic import Label
from runtime.lang.diagnostics.report import Report
from runtime.lang.lower.context import GlobalWrite

CODE = "L9004"


def check(report: Report, programs: Sequence[tuple[str, Sequence[GlobalWrite]]]) -> None:
    """`programs` are the instances in execution order with what they (and what they call) assign."""
    first: dict[tuple[int, int], tuple[str, GlobalWrite]] = {}
    for name, writes in programs:
        mine: dict[tuple[int, int], GlobalWrite] = {}
        for write in writes:
            mine.setdefault((write.start, write.end), write)
        for stretch, write in mine.items():
            earlier = first.setdefault(stretch, (name, write))
            if earlier[0] != name:
                message = f"'{write.symbol.name}' is assigned by {earlier[0]} and by {name}"
                label = Label(earlier[1].span, f"{earlier[0]} assigns it here")
                text = f"{name} assigns it here, and wins: it runs later"
                mend = "let one program decide, from what the others ask for"
                report.warning(CODE, message, write.span, text, label, help=mend)
