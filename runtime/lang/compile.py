"""Sources to an application: parse, declare, lay out, lower. The public way into the language."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from runtime.core import appmemory
from runtime.core.diagnostic import Source, has_errors
from runtime.core.fault import FaultCode
from runtime.core.tag import TagTable
from runtime.lang import ir, tree
from runtime.lang.application import Application, ProgramInstance, Task
from runtime.lang.cache.compileresult import CompileResult
from runtime.lang.diagnostics.report import Report
from runtime.lang.diagnostics.rules import several_writers
from runtime.lang.ir.stores import stored_stretches
from runtime.lang.lower.body import Bodies
from runtime.lang.lower.context import Compiled, Context, Sites
from runtime.lang.lower.expression import RECURSION
from runtime.lang.semantics import located
from runtime.lang.semantics.addressed import addressed_in_calls
from runtime.lang.semantics.classes import numbered, own_methods
from runtime.lang.semantics.configuration import Plan, plan
from runtime.lang.semantics.configured import configured
from runtime.lang.semantics.declare import Declarer
from runtime.lang.semantics.initial_addresses import InitialAddresses
from runtime.lang.semantics.layout import Layout, lay_out
from runtime.lang.semantics.qualify import qualified
from runtime.lang.semantics.symbols import Scope, Symbols
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
    files, tests = qualified(report, _read(report, sources), tests)
    symbols = Symbols()
    declarer = Declarer(symbols, report, sites)
    declarer.collect(files, library=False)
    declarer.collect(standard_library(), library=True)
    test_pous = declarer.collect_tests(tests)
    declarer.finish()
    planned = plan(symbols, declarer.types, files, report)
    for pou in (*planned.gates, *planned.connected.values()):
        symbols.declare(pou)
    instances = (*planned.instances, *((p.name, p) for p in (*planned.gates, *test_pous)))
    layout = lay_out(
        list(symbols.globals.values()),
        instances,
        [p.name for p in numbered(symbols)],
        addressed_in_calls(symbols, sources),
        symbols.areas,
        planned.retained,
    )
    show_instances((*test_pous, *planned.connected.values(), *planned.gates), layout)
    _open_gates(planned, layout)
    offsets = {"quality_offset": layout.quality_offset, "stamp_offset": layout.stamp_offset}
    outside = Context(report, Scope(symbols), sites, RECURSION)
    addresses = InitialAddresses(replace(outside, mark=layout.mark, quality_offset=layout.quality_offset))
    layout = replace(layout, initial=addresses.into(layout))
    bodies = Bodies(symbols, report, sites, **offsets, mark=layout.mark)
    run = {p.name: planned.connected.get(p.name, p.pou) for p in layout.instances}
    programs = {name: bodies.compile(pou, pou.tree.name.span) for name, pou in run.items()}
    used = bodies.bodies
    tasks = _tasks(planned, layout, programs, sites)
    _check_writers(report, tasks, programs)
    test_tasks = _tasks(tests_planned(test_pous), layout, programs, sites)
    given = configured(outside, declarer.types, files, layout)
    bits = _bits(layout, given.links)
    cases = test_cases(tests, programs, declarer.types.constants(Scope(symbols)), tasks)
    for pou in symbols.pous.values():
        if not pou.library and pou.kind != "INTERFACE":
            bodies.compile(pou, pou.tree.name.span)
            addresses.check(pou)
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
        layout.tags if not given.aliases else TagTable(layout.tags, (*layout.tags.variables, *given.aliases)),
        given.initial,
        layout.quality_offset,
        layout.stamp_offset,
        sites.sites,
        layout.layout_hash,
    )
    return CompileResult(_bounded(application), diagnostics, cases)


def _bounded(app: Application) -> Application:
    """With what its programs may store into."""
    programs = [(program.body, program.offset) for task in app.tasks for program in task.programs]
    return replace(app, stored=stored_stretches(app.bodies, programs))


def _read(report: Report, sources: Sequence[Source]) -> list[tree.File]:
    files: list[tree.File] = []
    for source in sources:
        file, found = parse(source)
        files.append(file)
        for diagnostic in found:
            report.add(diagnostic)
    return files


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
        instances = [placed[name] for name in ((task.gate.name,) if task.gate is not None else task.programs)]
        compiled = [programs[p.name] for p in instances]
        bodies = [c.body.name if c is not None else p.pou.name for p, c in zip(instances, compiled, strict=True)]
        made = tuple(ProgramInstance(p.name, body, p.offset) for p, body in zip(instances, bodies, strict=True))
        cost = sum(1 + _cost(c) for c in compiled)
        site = sites.index(FaultCode.BUDGET_EXCEEDED, task.name, task.span)
        tasks.append(Task(task.name, task.interval_ns, task.priority, made, cost, site))
    return tuple(tasks)


def _open_gates(planned: Plan, layout: Layout) -> None:
    """Tell the gates of tasks what they let run, and where that lies."""
    placed = {p.name: p for p in layout.instances}
    for task in planned.tasks:
        if task.gate is not None and task.gate.gate is not None:
            for name in task.programs:
                run = planned.connected.get(name, placed[name].pou)
                task.gate.gate.calls.append((run, placed[name].offset))


def _bits(layout: Layout, links: Sequence[located.Link]) -> dict[str, ir.Body]:
    """The bodies that keep addresses together with cells and instances; none where nothing lies in two places."""
    needed = layout.mirrors or links
    made = [located.entering(layout.mirrors, links), located.leaving(layout.mirrors, links)] if needed else []
    return {body.name: body for body in made}


def _between(bits: dict[str, ir.Body], task: Task) -> Task:
    """The task with its programs between those bodies."""
    around = [ProgramInstance(name, name, appmemory.HEADER_SIZE) for name in bits]
    return replace(task, programs=(*around[:1], *task.programs, *around[1:]), cost=task.cost + len(around))


def _cost(compiled: Compiled | None) -> int:
    return compiled.cost if compiled is not None else 0


def _check_writers(report: Report, tasks: Sequence[Task], programs: dict[str, Compiled | None]) -> None:
    ordered = []
    for task in tasks:
        for instance in task.programs:
            compiled = programs[instance.name]
            ordered.append((instance.name, compiled.writes if compiled is not None else []))
    several_writers.check(report, ordered)
