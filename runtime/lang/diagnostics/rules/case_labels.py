"""CASE labels do not overlap (LANGUAGE.md rule 8).

Passes:
    PROGRAM p VAR a, b : INT; END_VAR CASE a OF 1, 2: b := 1; 3..5: b := 2; END_CASE END_PROGRAM
Fails:
    PROGRAM p VAR a, b : INT; END_VAR CASE a OF 1, 2: b := 1; 2..5: b := 2; END_CASE END_PROGRAM
"""

from dataclasses import dataclass
from itertools import pairwise

from runtime.core.diagnostic import Label, Span
from runtime.lang.diagnostics.report import Report

CODE = "L5003"


@dataclass(frozen=True, slots=True)
class Taken:
    """A label's values, both ends included."""

    low: int
    high: int
    span: Span
    text: str = ""
    """The value's name, for an enumeration."""


def check(report: Report, labels: list[Taken]) -> None:
    """Report each label that shares a value with an earlier one."""
    ordered = sorted(enumerate(labels), key=lambda pair: (pair[1].low, pair[0]))
    for (i, first), (j, second) in pairwise(ordered):
        if second.low > first.high:
            continue
        earlier, later = (first, second) if i < j else (second, first)
        shared = second.text or str(second.low)
        text = f"the value {shared} is in more than one label"
        report.error(CODE, text, later.span, "this label", Label(earlier.span, "has it already"))
