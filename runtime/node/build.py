"""From a site file to everything its processes need; every mistake on the way is a diagnostic, and nothing starts."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.cluster.group import Group, load_group
from runtime.cluster.keys import read_keys
from runtime.cluster.memberplan import MemberPlan
from runtime.config import Site, find_site_file, load_site
from runtime.core.binding import Bindings
from runtime.core.diagnostic import Diagnostic, Label, error, has_errors
from runtime.core.duration import duration_ns
from runtime.core.elementary import Kind
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.drivers.registry import installed_kinds
from runtime.gateway.scada.load import load_scada_map
from runtime.gateway.view.names import is_pattern, matching
from runtime.image.manifest import Manifest, ManifestTask
from runtime.iomap.checks.check import check
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.options import OptionValue, option_values
from runtime.lang.application import Application, Task
from runtime.lang.cache.sourcecache import compile_cached
from runtime.lang.diagnostics.statement import statement_texts
from runtime.lang.syntax.source import load_sources
from runtime.node.statedir import cache_dir, default_state_dir
from runtime.wire.fault import ValueFault
from runtime.wire.values import parse


@dataclass(frozen=True, slots=True)
class Build:
    """A checked site: programs with its parameters as initial values, bindings, plan for io, simulated plant, and its
    place in a pair.

    `options`: variables that take their initial values from options of devices in the I/O map.
    """

    site: Site
    application: Application
    bindings: Bindings
    io_plan: IoPlan | None
    scada_map: Path | None
    plant: "Build | None"
    statements: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    pair: MemberPlan | None = None

    def manifest(self) -> Manifest:
        """What every process of the controller is told."""
        app = self.application
        return Manifest(
            site=self.site.table.name,
            cycle_ns=self.site.cycle_ns,
            budget=self.site.table.task_budget,
            on_fault=self.site.table.on_fault,
            frame_valid_ns=self.site.frame_valid_ns,
            tags=app.tags,
            tasks=tuple(self._manifest_task(task) for task in app.tasks),
            sites=app.sites,
            app_size=len(app.initial),
            quality_offset=app.quality_offset,
            stamp_offset=app.stamp_offset,
            app_hash=app.layout_hash,
            bindings=self.bindings,
            parameters=(*self.options, *self.site.table.parameters),
            statements=self.statements,
            stored=app.stored,
        )

    def _manifest_task(self, task: Task) -> ManifestTask:
        told = self.site.table.task_table(task.name)
        return ManifestTask(
            task.name, task.interval_ns, task.priority, told.budget or 0, told.on_fault or "", told.overrun, task.site
        )


@dataclass(frozen=True, slots=True)
class BuildResult:
    """`build` is there exactly when no diagnostic is an error."""

    build: Build | None
    diagnostics: tuple[Diagnostic, ...]


def build_site(path: Path) -> BuildResult:
    """Read, check and compile the site of a file: programs, parameters, tasks, I/O map, all mistakes at once."""
    site, diagnostics = load_site(find_site_file(path))
    if site is None:
        return BuildResult(None, tuple(diagnostics))
    loaded, found = _load_io_map(site)
    diagnostics += found
    sources = load_sources([Path(site.shown(p)) for p in site.table.programs])
    compiled = compile_cached(sources, ObjectCache(cache_dir() / "applications"))
    diagnostics += compiled.diagnostics
    app = compiled.application
    if app is None:
        return BuildResult(None, tuple(diagnostics))
    options, found = option_values(loaded, app.tags) if loaded is not None else ([], [])
    diagnostics += found
    app, found = _with_options(app, options)
    diagnostics += found
    app, found = _with_parameters(site, app)
    diagnostics += [*found, *_check_intervals(site, app), *_check_tasks(site, app), *_check_triggers(site, app)]
    diagnostics += _check_host(site, app)
    diagnostics += _check_shown(site, app)
    bindings, io_plan = Bindings({}, ()), None
    if loaded is not None:
        checked = check(loaded, app.tags)
        diagnostics += checked.diagnostics
        bindings, io_plan = checked.bindings or bindings, checked.plan
    scada = site.path(site.table.scada_map) if site.table.scada_map else None
    if scada is not None and not has_errors(diagnostics):  # its commands are those of a map that is right
        shown = site.shown(str(site.table.scada_map))
        diagnostics += load_scada_map(scada, tags=app.tags, bindings=bindings, name=shown)[1]
    plant, found = _build_plant(site)
    diagnostics += found
    pair, found = _load_pair(site)
    diagnostics += found
    if has_errors(diagnostics):
        return BuildResult(None, tuple(diagnostics))
    statements = statement_texts(app.sites, sources)
    taken = tuple(option.variable for option in options)
    build = Build(site, app, bindings, io_plan, scada, plant, statements, taken, pair)
    return BuildResult(build, tuple(diagnostics))


def _build_plant(site: Site) -> tuple[Build | None, list[Diagnostic]]:
    table = site.table.plant
    if table is None:
        return None, []
    at = site.document.places.value("plant", "site")
    plant, found = load_site(Path(site.shown(table.site)))
    if plant is None:
        return None, found
    if plant.table.plant is not None or plant.table.name == site.table.name:
        told = Label(at, "has a plant of its own" if plant.table.plant else "has this site's name")
        mend = "name a site file without [plant], and with a name of its own"
        return None, [error("S1005", f"`{table.site}` cannot be this site's simulated plant", told, help=mend)]
    result = build_site(plant.document.path)
    return result.build, list(result.diagnostics)


def _load_pair(site: Site) -> tuple[MemberPlan | None, list[Diagnostic]]:
    """This controller's place in its pair. Raises ConfigFault when site, group file and key do not belong together."""
    table = site.table.pair
    if table is None:
        return None, []
    group, found = load_group(site.path(table.group), name=site.shown(table.group))
    if group is None:
        return None, found
    _check_part(site, table.member, group)
    state_dir = site.path(site.table.state_dir) if site.table.state_dir else default_state_dir(site.table.name)
    plan = group.plan(table.member, key_file=site.path(table.key), state_dir=state_dir / "pair")
    group.check_key(table.member, read_keys(plan.key_file))
    return plan, found


def _check_part(site: Site, member: str, group: Group) -> None:
    controllers = group.configuration.controllers
    if member not in controllers:
        raise ConfigFault(
            f"{member} is no controller of group {group.table.name}",
            where=f"{site.document.path}: [pair] member",
            mend=f"its controllers are {' and '.join(controllers)}",
        )
    if duration_ns(group.table.cycle) != site.cycle_ns:
        raise ConfigFault(
            f"the base cycle is {site.table.cycle} here, and {group.table.cycle} in the group file",
            where=f"{site.document.path}: cycle",
            mend="let both say the same: the times of the pair follow from it",
        )


def _load_io_map(site: Site) -> tuple[LoadedSite | None, list[Diagnostic]]:
    relative = site.table.io_map
    if relative is None:
        return None, []
    return load_site_map(site.path(relative), shown=site.shown(relative), kinds=installed_kinds())


def _with_options(app: Application, options: Iterable[OptionValue]) -> tuple[Application, list[Diagnostic]]:
    """The application with options of devices as initial values; `[parameters]` of the site file come after them."""
    initial = bytearray(app.initial)
    diagnostics: list[Diagnostic] = []
    for option in options:
        variable = app.tags.find(option.variable)
        assert variable is not None, "option_values has found it"
        try:
            variable.type.pack_into(initial, variable.offset, parse(option.told, variable))
        except ValueFault as misfit:
            at = Label(option.place, misfit.what)
            diagnostics.append(error("S1003", f"wrong value for `{option.variable}`", at, help=misfit.mend))
    return replace(app, initial=bytes(initial)), diagnostics


def _with_parameters(site: Site, app: Application) -> tuple[Application, list[Diagnostic]]:
    """The application with `[parameters]` as initial values; the code stays the same."""
    initial = bytearray(app.initial)
    diagnostics: list[Diagnostic] = []
    places = site.document.places
    for name, told in site.table.parameters.items():
        variable = app.tags.find(name)
        if variable is None:
            near = app.tags.nearest(name)
            mend = f"did you mean {near}?" if near else "name a variable of the programs, such as parameters_1.rated_kw"
            at = Label(places.key("parameters", name), "no variable of that name")
            if isinstance(told, dict):
                mend = f'the dot belongs to the name: write it in quotes, "{name}.{next(iter(told), "…")}" = …'
            diagnostics.append(error("S1002", f"unknown parameter `{name}`", at, help=mend))
            continue
        try:
            variable.type.pack_into(initial, variable.offset, parse(told, variable))
        except ValueFault as misfit:
            declared = f"; declared in {variable.file}:{variable.line}" if variable.file else ""
            at = Label(places.value("parameters", name), misfit.what)
            diagnostics.append(error("S1003", f"wrong value for `{name}`", at, help=misfit.mend + declared))
    return replace(app, initial=bytes(initial)), diagnostics


def _check_intervals(site: Site, app: Application) -> list[Diagnostic]:
    """Every task's interval must be a multiple of the base cycle."""
    at = Label(site.document.places.value("cycle"), f"the base cycle is {site.table.cycle}")
    return [
        error(
            "S1004",
            f"the INTERVAL of task `{task.name}` ({task.interval_ns / 1e6:g} ms) is no multiple of the base cycle",
            at,
            help="choose a base cycle that divides the INTERVAL of every TASK in the CONFIGURATION",
        )
        for task in app.tasks
        if task.interval_ns % site.cycle_ns != 0
    ]


def _check_triggers(site: Site, app: Application) -> list[Diagnostic]:
    """`[recorder] triggers` must name variables that can be on or off."""
    diagnostics: list[Diagnostic] = []
    for number, told in enumerate(site.table.recorder.triggers):
        variable = app.tags.find(told)
        if variable is not None and variable.type.kind is not Kind.TEXT:
            continue
        near = app.tags.nearest(told)
        mend = "name a number or a BOOL" if variable else f"did you mean {near}?" if near else "name a tag"
        at = Label(
            site.document.places.value("recorder", "triggers", number), "a string" if variable else "no such tag"
        )
        diagnostics.append(error("S1007", f"`{told}` cannot trigger a recording", at, help=mend))
    return diagnostics


def _check_host(site: Site, app: Application) -> list[Diagnostic]:
    """`[host]` `restart` and `reboot` must name BOOL variables."""
    diagnostics: list[Diagnostic] = []
    for key, told in (("restart", site.table.host.restart), ("reboot", site.table.host.reboot)):
        variable = app.tags.find(told) if told else None
        if not told or (variable is not None and variable.type.kind is Kind.BOOL):
            continue
        near = app.tags.nearest(told)
        mend = (
            "name a BOOL"
            if variable
            else f"did you mean {near}?"
            if near
            else "name a BOOL, such as plant_1.restart_wanted"
        )
        what = f"this is {variable.type_name}" if variable else "no variable of that name"
        at = Label(site.document.places.value("host", key), what)
        diagnostics.append(error("S1009", f"`{told}` cannot ask for a {key}", at, help=mend))
    return diagnostics


def _check_tasks(site: Site, app: Application) -> list[Diagnostic]:
    """`[tasks.NAME]` must name tasks of the programs."""
    names = {task.name.lower(): task.name for task in app.tasks}
    diagnostics: list[Diagnostic] = []
    for told in site.table.tasks:
        if told.lower() not in names:
            near = difflib.get_close_matches(told.lower(), names, n=1)
            mend = f"did you mean {names[near[0]]}?" if near else f"the tasks are: {', '.join(names.values())}"
            at = Label(site.document.places.key("tasks", told), "no task of that name")
            diagnostics.append(error("S1006", f"unknown task `{told}`", at, help=mend))
    return diagnostics


def _check_shown(site: Site, app: Application) -> list[Diagnostic]:
    """`[hmi]` `view`, `status_line` and `summary` must show something each."""
    hmi = site.table.hmi
    diagnostics: list[Diagnostic] = []
    for key, names in (("view", hmi.view), ("status_line", hmi.status_line), ("summary", hmi.summary)):
        for number, name in enumerate(names):
            if _shows(name, app, patterns=key != "status_line"):
                continue
            near = app.tags.nearest(name)
            mend = f"did you mean {near}?" if near else "name tags of the programs, such as meter_1.p_kw"
            at = Label(site.document.places.value("hmi", key, number), "no tag of that name")
            diagnostics.append(error("S1008", f"`{name}` in [hmi] {key} shows nothing", at, help=mend))
    return diagnostics


def _shows(name: str, app: Application, *, patterns: bool) -> bool:
    if not patterns:
        return app.tags.find(name) is not None
    if name == "*":
        return True  # the default: all tags, however few
    return bool(matching(name, app.tags.tags)) if is_pattern(name) else app.tags.tag(name) is not None
