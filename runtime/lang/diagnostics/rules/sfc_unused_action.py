"""An ACTION of an SFC is named by a step: a warning for one that never runs.

Passes:
    PROGRAM p
    VAR n : INT; END_VAR
    INITIAL_STEP a: count(N); END_STEP
    ACTION count: n := n + 1; END_ACTION
    END_PROGRAM
Fails:
    PROGRAM p
    VAR n : INT; END_VAR
    INITIAL_STEP a: END_STEP
    ACTION count: n := n + 1; END_ACTION
    END_PROGRAM
"""

from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.chart import Chart

CODE = "L9604"


def check(report: Report, chart: Chart) -> None:
    """Warn of each ACTION that no step names."""
    for action in chart.actions.values():
        if not action.uses:
            name = action.name
            mend = f"name it in a step: {name.text}(N);"
            report.warning(CODE, f"action '{name.text}' never runs", name.span, "no step names it", help=mend)
