"""A transition of an SFC can be passed: a warning where the steps before it are never active together.

Passes:
    PROGRAM p
    INITIAL_STEP a: END_STEP
    STEP b: END_STEP
    STEP c: END_STEP
    TRANSITION FROM a TO (b, c) := TRUE; END_TRANSITION
    TRANSITION FROM (b, c) TO a := TRUE; END_TRANSITION
    END_PROGRAM
Fails:
    PROGRAM p
    VAR left : BOOL; END_VAR
    INITIAL_STEP a: END_STEP
    STEP b: END_STEP
    STEP c: END_STEP
    TRANSITION FROM a TO b := left; END_TRANSITION
    TRANSITION FROM a TO c := NOT left; END_TRANSITION
    TRANSITION FROM (b, c) TO a := TRUE; END_TRANSITION
    END_PROGRAM
"""

from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.chart import Chart
from runtime.lang.semantics.markings import Explored

CODE = "L9602"


def check(report: Report, chart: Chart, explored: Explored) -> None:
    """Warn of each transition whose steps may be active, but never all at once."""
    for transition in chart.transitions:
        if transition in explored.passable or not explored.active.issuperset(transition.sources):
            continue
        names = ", ".join(step.tree.name.text for step in transition.sources)
        message = f"this transition is never passed: ({names}) are never active together"
        mend = "branches of a selection meet one by one: FROM each of them a TRANSITION of its own"
        report.warning(CODE, message, transition.tree.sources[0].span, "waits for all of them", help=mend)
