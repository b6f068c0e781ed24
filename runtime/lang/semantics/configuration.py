"""Which programs run in which task: from CONFIGURATION and from the programs that name their task themselves.

Without a CONFIGURATION every PROGRAM runs once, in the task 'default'.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from runtime.core.diagnostic import Label, Span, has_errors
from runtime.core.elementary import DINT, TIME
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.lower import expression
from runtime.lang.lower.context import Context
from runtime.lang.lower.convert import fit
from runtime.lang.semantics.constants import evaluate_number
from runtime.lang.semantics.gate import connected, gate_of
from runtime.lang.semantics.pragmas import task_of
from runtime.lang.semantics.symbols import PouSymbol, Scope, Symbols, suggest
from runtime.lang.semantics.typedefs import TypeResolver, twice

DEFAULT_TASK = "default"
_LOWEST_PRIORITY = 65535
"""Programs without a task run after all tasks (IEC 61131-3, 6.8.2: in the background)."""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """A task and the programs in it, in order of execution. `gate` decides when a task with SINGLE runs."""

    name: str
    span: Span
    interval_ns: int
    priority: int
    programs: tuple[str, ...]
    gate: PouSymbol | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Program instances in order of declaration, then those that join a task; tasks in order of execution.

    `connected` are by instance name the bodies that give a program its inputs, call it, and pass on its outputs;
    `retained` are the instances declared RETAIN.
    """

    instances: tuple[tuple[str, PouSymbol], ...]
    tasks: tuple[TaskPlan, ...]
    connected: Mapping[str, PouSymbol] = field(default_factory=dict)
    retained: frozenset[str] = frozenset()

    @property
    def gates(self) -> list[PouSymbol]:
        """What decides when tasks with SINGLE run."""
        return [task.gate for task in self.tasks if task.gate is not None]


def plan(symbols: Symbols, types: TypeResolver, files: Sequence[tree.File], report: Report) -> Plan:
    """The plan of all files together."""
    configurations = [c for f in files for c in f.configurations]
    if not configurations:
        return _without(symbols, report)
    for surplus in configurations[1:]:
        label = Label(configurations[0].name.span, "the first is here")
        message = "there is more than one CONFIGURATION"
        report.error("L4004", message, surplus.name.span, "one too many", label, help="keep one for each controller")
    _refuse_resources(configurations[0], report)
    return _with(symbols, types, configurations[0], report)


def _refuse_resources(configuration: tree.Configuration, report: Report) -> None:
    """A controller is one resource: one processor that runs the tasks in turn."""
    for surplus in configuration.resources[1:]:
        first = configuration.resources[0]
        label = Label(first.span, "the first is here")
        mend = f"move its tasks and programs into {first.text}, or give {surplus.text} a controller of its own"
        message = f"{surplus.text} is a second RESOURCE; a controller runs one"
        report.error("L4005", message, surplus.span, "one too many", label, help=mend)


def _without(symbols: Symbols, report: Report) -> Plan:
    programs = [p for p in symbols.pous.values() if p.kind == "PROGRAM"]
    if not programs:
        return Plan((), ())
    names = tuple(p.name for p in programs)
    for pou in programs:
        _check_name(symbols, pou.tree.name, report)
    task = TaskPlan(DEFAULT_TASK, programs[0].tree.name.span, 0, 0, names)
    return Plan(tuple((p.name, p) for p in programs), (task,))


def _with(symbols: Symbols, types: TypeResolver, configuration: tree.Configuration, report: Report) -> Plan:
    ctx = types.constants(Scope(symbols))
    tasks: dict[str, tree.TaskDeclaration] = {}
    for task in configuration.tasks:
        if task.name.key in tasks:
            twice(report, task.name, tasks[task.name.key].name.span)
        else:
            tasks[task.name.key] = task
    instances: dict[str, tuple[tree.ProgramDeclaration, PouSymbol]] = {}
    for declared in (*configuration.programs, *_joining(symbols, configuration, report)):
        pou = _program(symbols, declared, report)
        if declared.name.key in instances:
            twice(report, declared.name, instances[declared.name.key][0].name.span)
        elif pou is not None:
            _check_name(symbols, declared.name, report)
            instances[declared.name.key] = (declared, pou)
        if declared.task is not None and declared.task.key not in tasks and declared.task.key not in symbols.lost:
            mend = suggest(declared.task.text, [t.name.text for t in tasks.values()])
            report.error("L4001", f"unknown task '{declared.task.text}'", declared.task.span, "not declared", help=mend)
    _tell_of_idle(symbols, {pou.name.lower() for _, pou in instances.values()}, list(tasks.values()), report)
    plans = [_task(ctx, task, [d for d, _ in instances.values()], report) for task in tasks.values()]
    background = tuple(d.name.text for d, _ in instances.values() if d.task is None)
    if background:
        plans.append(TaskPlan(DEFAULT_TASK, configuration.name.span, 0, _LOWEST_PRIORITY, background))
    ordered = sorted(plans, key=lambda t: t.priority)
    return Plan(
        tuple((d.name.text, p) for d, p in instances.values()),
        tuple(ordered),
        {d.name.text: connected(d) for d, _ in instances.values() if d.connections},
        frozenset(d.name.text for d, _ in instances.values() if d.retain == "RETAIN"),
    )


def _joining(symbols: Symbols, configuration: tree.Configuration, report: Report) -> Iterator[tree.ProgramDeclaration]:
    """The programs that name their task themselves, `PROGRAM watch {task := 'slow'}`, by name; each runs once.

    One that the CONFIGURATION declares an instance of is left to it.
    """
    declared = {d.type.key for d in configuration.programs}
    programs = sorted((p for p in symbols.pous.values() if p.kind == "PROGRAM"), key=lambda p: p.name.lower())
    for pou in programs:
        task = task_of(report, pou.tree.note)
        if task is not None and pou.tree.name.key not in declared:
            yield tree.ProgramDeclaration(pou.tree.span, pou.tree.name, task, pou.tree.name)


def _tell_of_idle(
    symbols: Symbols, running: AbstractSet[str], tasks: Sequence[tree.TaskDeclaration], report: Report
) -> None:
    """Programs that nothing runs: a CONFIGURATION has no instance of them, and they name no task.

    Not beside errors: a pragma that names the task may be among what is wrong.
    """
    if has_errors(report.diagnostics):
        return
    for key, pou in symbols.pous.items():
        if pou.kind == "PROGRAM" and key not in running:
            task = tasks[0].name.text if tasks else "slow"
            mend = f"let it join a task, PROGRAM {pou.name} {{task := '{task}'}}, or bind an instance of it to one"
            name = pou.tree.name.span
            report.warning("L9007", f"the program {pou.name} never runs", name, "in no task", help=mend)


def _program(symbols: Symbols, declared: tree.ProgramDeclaration, report: Report) -> PouSymbol | None:
    pou = symbols.pous.get(declared.type.key)
    if pou is not None and pou.kind == "PROGRAM":
        return pou
    if declared.type.key in symbols.lost:
        return None
    programs = [p.name for p in symbols.pous.values() if p.kind == "PROGRAM"]
    what = f"a {pou.kind}, not a PROGRAM" if pou is not None else "not declared"
    mend = suggest(declared.type.text, programs)
    report.error("L4002", f"unknown program '{declared.type.text}'", declared.type.span, what, help=mend)
    return None


def _check_name(symbols: Symbols, name: tree.Ident, report: Report) -> None:
    found = symbols.globals.get(name.key)
    if found is not None:
        label = Label(found.span, "a VAR_GLOBAL of the same name")
        message = f"'{name.text}' names a program and a global"
        report.error("L3005", message, name.span, "a program's name", label, help="rename one of them")


def _task(
    ctx: Context, task: tree.TaskDeclaration, programs: Sequence[tree.ProgramDeclaration], report: Report
) -> TaskPlan:
    interval_ns, priority = 0, 0
    trigger: tree.Expr | None = None
    seen: set[str] = set()
    for name, value in task.settings:
        if name.key in seen:
            report.error("L4003", f"{name.text} is given twice", name.span, "a second time")
        seen.add(name.key)
        if name.key == "single":
            trigger = value
            continue
        kind = {"interval": TIME, "priority": DINT}.get(name.key)
        if kind is None:
            mend = suggest(name.text, ("INTERVAL", "PRIORITY", "SINGLE"))
            report.error("L4003", f"a task has no setting '{name.text}'", name.span, "unknown", help=mend)
            continue
        number = evaluate_number(fit(ctx, expression.lower(ctx, value, kind), kind))
        if number is None:
            continue
        if number < 0:
            report.error("L4003", f"{name.text} must not be negative", value.span, "below 0")
        elif kind is TIME:
            interval_ns = int(number)
        else:
            priority = int(number)
    members = tuple(p.name.text for p in programs if p.task is not None and p.task.key == task.name.key)
    if not members:
        mend = f"bind one: PROGRAM name WITH {task.name.text} : TYPE;"
        report.warning("L9005", f"nothing runs in task {task.name.text}", task.name.span, "no programs", help=mend)
    gate = gate_of(report, task.name, trigger, interval_ns) if trigger is not None else None
    return TaskPlan(task.name.text, task.name.span, 0 if gate else interval_ns, priority, members, gate)
