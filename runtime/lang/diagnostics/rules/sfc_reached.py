"""A step of an SFC can become active: a warning where no way leads from the initial step.

Passes:
    PROGRAM p
    INITIAL_STEP a: END_STEP
    STEP b: END_STEP
    TRANSITION FROM a TO b := TRUE; END_TRANSITION
    END_PROGRAM
Fails:
    PROGRAM p
    INITIAL_STEP a: END_STEP
    STEP b: END_STEP
    END_PROGRAM
"""

from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.chart import Chart, Step

CODE = "L9601"


def check(report: Report, chart: Chart) -> None:
    """Warn of each step to which no links lead, whatever their conditions."""
    reached = _reached(chart)
    targets = {step for transition in chart.transitions for step in transition.targets}
    for step in chart.steps.values():
        if step in reached:
            continue
        name = step.tree.name
        label = "no transition leads here" if step not in targets else "no way leads here from an initial step"
        mend = f"add a TRANSITION TO {name.text}, or remove the step"
        report.warning(CODE, f"step '{name.text}' is never reached", name.span, label, help=mend)


def _reached(chart: Chart) -> set[Step]:
    links: dict[Step, set[Step]] = {}
    for transition in chart.transitions:
        for source in transition.sources:
            links.setdefault(source, set()).update(transition.targets)
    found = {step for step in chart.steps.values() if step.tree.initial}
    waiting = list(found)
    while waiting:
        fresh = links.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found
