"""The branches of a simultaneous divergence meet again (a safe net): a warning where one runs on beside the rest.

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
    INITIAL_STEP a: END_STEP
    STEP b: END_STEP
    STEP c: END_STEP
    TRANSITION FROM a TO (b, c) := TRUE; END_TRANSITION
    TRANSITION FROM b TO a := TRUE; END_TRANSITION
    END_PROGRAM
"""

from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.markings import Explored

CODE = "L9603"


def check(report: Report, explored: Explored) -> None:
    """Warn of each step that may be entered while it is active."""
    for transition, step in explored.refilled:
        name = next(t for t in transition.tree.targets if t.key == step.tree.name.key)
        message = f"step '{name.text}' may still be active when this transition is passed"
        mend = "let all branches of a simultaneous divergence meet in one transition: FROM (a, b) TO c"
        report.warning(CODE, message, name.span, "entered a second time", help=mend)
