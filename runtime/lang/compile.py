"""Sources to an application: parse, declare, lay out, lower. The public way into the language."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from runtime.core import appmemory
from runtime.core.diagnostic import Source, has_errors
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.application import Application, ProgramInstance, Task
from runtime.lang.cache.compileresult import CompileResult
from runtime.lang.diagnostics.report import Report
from runtime.lang.diagnostics.rules import several_writers
from runtime.lang.lower.body import Bodies
from runtime.lang.lower.context import Compiled, Sites
from runtime.lang.semantics import located
from runtime.lang.semantics.addressed import addressed_in_calls
from runtime.lang.semantics.classes import numbered, own_methods
from runtime.lang.semantics.configuration import Plan, plan
from runtime.lang.semantics.declare import Declarer
from runtime.lang.semantics.layout import Layout, lay_out
from runtime.lang.semantics.qualify import qualified
from runtime.lang.semantics.symbols import PouSymbol, Scope, Symbols
from runtime.lang.syntax.parse import parse
from runtime.lang.syntax.recursion import deep_recursion
from runtime.lang.syntax.source import load_sources
from runtime.lang.testing.testplan import show_instances, test_cases, tests_planned
from runtime.lang.tree import Test

__all__ = ["CompileResult", "compile_sources", "load_sources"]


def compile_sources(
    sources: Sequence[Source], *, tests: Sequence[Test] = (), every_body: bool = False
) -> CompileResult:
    """Compile files together as one application. Never raises for what is in them.

    `tests` (lang/testsources.py finds them) are compiled along; a TEST that is not among them is passed over.
    `every_body`: the application has also those that no program reaches, as a library's are.
    """
    with deep_recursion():
        return _compile(sources, tests, every_body=every_body or bool(tests))


def _compile(sources: Sequence[Source], tests: Sequence[Test], *, every_body: bool) -> CompileResult:
    report, sites = Report(), Sites()
    files: list[tree.File] = []
    for source in sources:
        file, found = parse(source)
        files.append(file)
        for diagnostic in found:
            report.add(diagnostic)
    files, tests = qualified(report, files, tests)
    symbols = Symbols()
    declarer = Declarer(symbols, report, sites)
    declarer.collect(files, library=False)
    declarer.collect(standard_library(), library=True)
    test_pous = declarer.collect_tests(tests)
    declarer.finish()
    planned = plan(symbols, declarer.types, files, report)
    instances = (*planned.instances, *((p.name, p) for p in test_pous))
    statics = addressed_in_calls(symbols, sources)
    layout = lay_out(
        list(symbols.globals.values()), instances, [p.name for p in numbered(symbols)], statics, symbols.areas
    )
    show_instances(test_pous, layout)
    offsets = {"quality_offset": layout.quality_offset, "stamp_offset": layout.stamp_offset}
    bodies = Bodies(symbols, report, sites, **offsets, mark=layout.mark)
    programs = {p.name: bodies.compile(p, p.tree.name.span) for p in (*(p for _, p in planned.instances), *test_pous)}
    used = bodies.bodies
    tasks = _tasks(planned, layout, programs, sites)
    _check_writers(report, tasks, layout, programs)
    test_tasks = _tasks(tests_planned(test_pous), layout, programs, sites)
    bits = _bits(layout)
    cases = test_cases(tests, programs, declarer.types.constants(Scope(symbols)), tasks)
    for pou in symbols.pous.values():
        if not pou.library and pou.kind != "INTERFACE":
            bodies.compile(pou, pou.tree.name.span)
            for method in own_methods(pou):
                bodies.compile(method, method.tree.name.span, pou)
    if every_body:
        used = bodies.bodies  # with tests: a POU that none of them reaches counts as not covered
    diagnostics = tuple(report.diagnostics)
    if has_errors(diagnostics):
        return CompileResult(None, diagnostics)
    application = Application(
        {**used, **bits},
        tuple(_between(bits, task) for task in tasks + test_tasks),
        layout.tags,
        layout.initial,
        layout.quality_offset,
        layout.stamp_offset,
        sites.sites,
        layout.layout_hash,
    )
    return CompileResult(application, diagnostics, cases)


@functools.cache
def standard_library() -> tuple[tree.File, ...]:
    """The standard's function blocks, which are ST themselves; parsed once a process."""
    files: list[tree.File] = []
    folder = resources.files("runtime.lang").joinpath("stdlib")
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".st"):
            file, wrong = parse(Source(f"stdlib/{entry.name}", entry.read_text(encoding="utf-8")))
            assert not wrong, wrong
            files.append(file)
    return tuple(files)


def _tasks(planned: Plan, layout: Layout, programs: dict[str, Compiled | None], sites: Sites) -> tuple[Task, ...]:
    placed = {p.name: p for p in layout.instances}
    tasks: list[Task] = []
    for task in planned.tasks:
        instances = [placed[name] for name in task.programs]
        made = tuple(ProgramInstance(p.name, p.pou.name, p.offset) for p in instances)
        cost = sum(1 + _cost(programs[p.pou.name]) for p in instances)
        site = sites.index(FaultCode.BUDGET_EXCEEDED, task.name, task.span)
        tasks.append(Task(task.name, task.interval_ns, task.priority, made, cost, site))
    return tuple(tasks)


def _bits(layout: Layout) -> dict[str, ir.Body]:
    """The bodies that keep bits and their cells together; none where no variable lies at a bit."""
    made = [located.entering(layout.mirrors), located.leaving(layout.mirrors)] if layout.mirrors else []
    return {body.name: body for body in made}


def _between(bits: dict[str, ir.Body], task: Task) -> Task:
    """The task with its programs between those bodies."""
    around = [ProgramInstance(name, name, appmemory.HEADER_SIZE) for name in bits]
    return replace(task, programs=(*around[:1], *task.programs, *around[1:]), cost=task.cost + len(around))


def _cost(compiled: Compiled | None) -> int:
    return compiled.cost if compiled is not None else 0


def _check_writers(report: Report, tasks: Sequence[Task], layout: Layout, programs: dict[str, Compiled | None]) -> None:
    pous: dict[str, PouSymbol] = {p.name: p.pou for p in layout.instances}
    ordered = []
    for task in tasks:
        for instance in task.programs:
            compiled = programs[pous[instance.name].name]
            ordered.append((instance.name, compiled.writes if compiled is not None else []))
    several_writers.check(report, ordered)
