"""Tests as tasks of their own behind those of the application, and what a runner must know about each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from runtime.core.elementary import LINT, TIME
from runtime.lang import ir
from runtime.lang.application import Task
from runtime.lang.lower import expression
from runtime.lang.lower.context import Compiled, Context
from runtime.lang.lower.convert import fit
from runtime.lang.semantics.configuration import Plan, TaskPlan
from runtime.lang.semantics.constants import evaluate
from runtime.lang.semantics.layout import Layout
from runtime.lang.semantics.symbols import PouSymbol, suggest
from runtime.lang.semantics.types import UNKNOWN
from runtime.lang.semantics.variables import VarSymbol
from runtime.lang.testing.testcase import TestCase
from runtime.lang.tree import Note, Test

BUDGET = 10_000_000
"""Loop iterations and calls of a test's own statements, where it does not say BUDGET."""
DEFAULT_CYCLE_NS = 10_000_000
"""Base cycle of a test when neither it nor a task says one."""


def tests_planned(tests: Sequence[PouSymbol]) -> Plan:
    """A task for each test."""
    tasks = tuple(TaskPlan(p.name, p.tree.span, 0, 0, (p.name,)) for p in tests)
    return Plan(tuple((p.name, p) for p in tests), tasks)


def show_instances(tests: Sequence[PouSymbol], layout: Layout) -> None:
    """Let tests name the program instances of the application; a test's own names come first."""
    for placed in layout.instances:
        if placed.pou.kind != "PROGRAM":
            continue
        symbol = VarSymbol(placed.name, placed.pou.tree.name.span, "VAR", constant=False, note=Note())
        symbol.type, symbol.place = placed.pou.block or UNKNOWN, ir.Place(ir.Base.APP, placed.offset)
        for test in tests:
            test.variables.setdefault(placed.name.lower(), symbol)


def test_cases(
    tests: Sequence[Test], compiled: Mapping[str, Compiled | None], ctx: Context, tasks: Sequence[Task]
) -> tuple[TestCase, ...]:
    """The tests in order of writing; their tasks follow `tasks`."""
    shared_ns = math.gcd(*(task.interval_ns for task in tasks)) or DEFAULT_CYCLE_NS
    cases: list[TestCase] = []
    for test in {t.pou.name.key: t for t in reversed(tests)}.values():
        made = compiled.get(test.pou.name.text)
        cycle_ns = _cycle_ns(ctx, test, tasks) or shared_ns
        budget = _budget(ctx, test)
        assertions = tuple(made.assertions) if made is not None else ()
        span = test.span
        cases.append(TestCase(test.name.text, span.source.name, span.line, -1, cycle_ns, budget, assertions))
    return tuple(replace(c, task=number) for number, c in enumerate(reversed(cases), len(tasks)))


def _budget(ctx: Context, test: Test) -> int:
    """What `BUDGET := …` says, or what a test has without."""
    number: object = None
    for name, value in test.settings:
        if name.key == "budget":
            number = evaluate(fit(ctx, expression.lower(ctx, value, LINT), LINT))
            if number is not None and int(number) <= 0:
                ctx.report.error("L4003", "BUDGET must be more than 0", value.span, "nothing could run")
    return int(number) if isinstance(number, int) and number > 0 else BUDGET


def _cycle_ns(ctx: Context, test: Test, tasks: Sequence[Task]) -> int:
    """What `CYCLE := …` says; 0 when it says nothing that can be used."""
    cycle_ns = 0
    for name, value in test.settings:
        if name.key == "budget":
            continue
        if name.key != "cycle":
            mend = suggest(name.text, ("CYCLE", "BUDGET")) or "there are CYCLE (T#10ms, say) and BUDGET"
            ctx.report.error("L4003", f"a test has no setting '{name.text}'", name.span, "unknown", help=mend)
            continue
        number = evaluate(fit(ctx, expression.lower(ctx, value, TIME), TIME))
        cycle_ns = int(number or 0)
        odd = next((t for t in tasks if cycle_ns > 0 and t.interval_ns % cycle_ns), None)
        if number is not None and cycle_ns <= 0:
            ctx.report.error("L4003", "CYCLE must be longer than 0", value.span, "no time passes")
        elif odd is not None:
            message = f"the INTERVAL of task {odd.name} is no multiple of the base cycle"
            ctx.report.error("L4003", message, value.span, "this cycle", help="take one that divides it")
    return max(cycle_ns, 0)
