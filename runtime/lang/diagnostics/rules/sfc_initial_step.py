"""Each network of an SFC has one initial step (IEC 61131-3, 3rd edition, 6.7.2).

Passes:
    PROGRAM p
    INITIAL_STEP a: END_STEP
    STEP b: END_STEP
    TRANSITION FROM a TO b := TRUE; END_TRANSITION
    TRANSITION FROM b TO a := TRUE; END_TRANSITION
    END_PROGRAM
Fails:
    PROGRAM p
    STEP a: END_STEP
    STEP b: END_STEP
    TRANSITION FROM a TO b := TRUE; END_TRANSITION
    TRANSITION FROM b TO a := TRUE; END_TRANSITION
    END_PROGRAM
"""

from runtime.core.diagnostic import Label
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.chart import Chart
from runtime.lang.semantics.markings import networks

CODE = "L6003"


def check(report: Report, chart: Chart) -> bool:
    """Report a chart that cannot start, and networks that start twice; True when there was nothing to report."""
    steps = list(chart.steps.values())
    initial = [step for step in steps if step.tree.initial]
    if steps and not initial:
        mend = "write INITIAL_STEP where the chart begins"
        report.error(CODE, "this SFC has no initial step", steps[0].tree.name.span, "never starts", help=mend)
        return False
    sound = True
    for network in networks(chart):
        begun = [step for step in network if step.tree.initial]
        for step in begun[1:]:
            message = "this network has two initial steps"
            label = Label(begun[0].tree.name.span, "it begins here already")
            mend = "make one of them a STEP, or separate the networks: no transition between them"
            report.error(CODE, message, step.tree.name.span, "a second one", label, help=mend)
            sound = False
    return sound
