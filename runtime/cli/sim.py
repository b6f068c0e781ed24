"""`voltscan sim`: a site and its simulated plant on virtual time, as fast as the processor allows."""

import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.cli.bothsides import build_both
from runtime.cli.language.check import print_diagnostics
from runtime.cli.terminalchart import terminal_chart
from runtime.cli.textable import table
from runtime.core.duration import duration_ns, duration_text
from runtime.core.fault import ConfigFault
from runtime.iomap.reading.read import Document, read_document
from runtime.node.build import Build
from runtime.sim.coupled.coupling import PLANT_PREFIX, CoupledRun
from runtime.sim.scenario.chart import Curve, save_chart
from runtime.sim.scenario.file import ScenarioTable
from runtime.sim.scenario.player import Column, Played, play
from runtime.sim.scenario.sampletable import save_samples
from runtime.sim.scenario.script import Script, matching, resolve

POWER_UNITS = {"kW": "kWh", "W": "Wh", "MW": "MWh"}
"""Units whose integral over hours is an energy."""
CURVES_MAX = 7
DEFAULT_LENGTH = "1h"


@dataclass(frozen=True, slots=True)
class SimOrder:
    """What to run and what to leave behind."""

    length: str | None
    scenario: Path | None
    out: Path | None
    plot: Path | None
    chart: bool
    seed: int
    tags: tuple[str, ...]
    every: str | None


def simulate(site_file: Path, order: SimOrder, *, as_json: bool) -> int:
    """Run it; 1 when an expectation does not hold or the files are wrong."""
    asked_ns = _asked_ns(order.length)
    site = build_both(site_file)
    if site is None:
        return 1
    script = _script(order, site.controller, site.plant)
    if script is None:
        return 1
    length_ns = asked_ns or script.length_ns or duration_ns(DEFAULT_LENGTH)
    run = site.coupled_run(order.seed)
    start_s = time.perf_counter()
    played = play(run, script, seed=order.seed, duration_ns=length_ns, on_progress=_progress)
    took_s = time.perf_counter() - start_s
    _save(order, script, played, run)
    summary = _summary(run, site.controller, site.plant)
    print(json.dumps(_told(played, script, summary)) if as_json else _text(played, script, summary, took_s))
    if order.chart and not as_json:
        width = shutil.get_terminal_size((100, 24)).columns
        print(terminal_chart(played.samples[:, 0], _curves(script, played), width=width))
    return 0 if played.passed else 1


def _asked_ns(length: str | None) -> int:
    """What --for says; 0: nothing."""
    if length is None:
        return 0
    try:
        length_ns = duration_ns(length)
    except ValueError as wrong:
        raise ConfigFault(str(wrong), where="--for") from wrong
    if length_ns <= 0:
        raise ConfigFault("a run takes longer than nothing", where="--for", mend="give a time, such as 24h")
    return length_ns


def _summary(run: CoupledRun, build: Build, plant: Build) -> list[tuple[str, float, str]]:
    """Name, last value and unit of what the two site files want to have told at the end."""
    tags = run.controller.manifest.tags, run.plant.manifest.tags
    patterns = [*build.site.table.hmi.summary, *(PLANT_PREFIX + name for name in plant.site.table.hmi.summary)]
    names = list(dict.fromkeys(name for pattern in patterns for name in matching(pattern, *tags)))
    found = [run.side(name) for name in names]
    return [(bare, float(side.read(bare)), side.find(bare).unit) for side, bare in found]


def _script(order: SimOrder, build: Build, plant: Build) -> Script | None:
    if order.scenario is not None:
        document, diagnostics = read_document(order.scenario, ScenarioTable)
    else:
        where = Path("no scenario")
        document, diagnostics = Document(ScenarioTable(name=build.site.table.name), _nowhere(), where), []
    script = None
    if document is not None:
        content = document.content
        changed = {"tags": list(order.tags) or content.record.tags, "every": order.every or content.record.every}
        record = content.record.model_validate(content.record.model_dump() | changed)
        document = Document(content.model_copy(update={"record": record}), document.places, document.path)
        table = build.site.table.hmi
        watched = [*table.status_line, *table.view]
        script, found = resolve(document, build.manifest(), plant.manifest(), watched=watched)
        diagnostics += found
    print_diagnostics(diagnostics, as_json=False)
    return script


def _nowhere() -> Any:
    from runtime.core.diagnostic import Source
    from runtime.iomap.reading.locate import Locator

    return Locator(Source("command line", ""))


def _progress(done: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    width = 40
    filled = width * done // total
    end = "\n" if done == total else ""
    print(
        f"\r[{'#' * filled}{'.' * (width - filled)}] {100 * done // total:3d} %", end=end, file=sys.stderr, flush=True
    )


def _save(order: SimOrder, script: Script, played: Played, run: CoupledRun) -> None:
    if order.out is not None:
        save_samples(order.out, played.samples, script.watched, run.watched, played.texts)
    if order.plot is not None:
        save_chart(order.plot, script.name, played.samples[:, 0], _curves(script, played))


def _curves(script: Script, played: Played) -> list[Curve]:
    names = script.plotted or script.watched[:CURVES_MAX]
    at = {name: i for i, name in enumerate(script.watched)}
    return [Curve(name, played.columns[at[name]].unit, played.samples[:, 1 + at[name]]) for name in names]


def _energies(column: Column, seconds: float) -> tuple[float, float] | None:
    """Energy of what was above zero, and of what was below, in the unit's hours."""
    if column.unit not in POWER_UNITS:
        return None
    hours = seconds / 3600.0
    return column.above_zero * hours, (column.above_zero - column.mean) * hours


def _told(played: Played, script: Script, summary: list[tuple[str, float, str]]) -> dict[str, Any]:
    columns = {
        c.name: {"min": c.minimum, "mean": c.mean, "max": c.maximum, "last": c.last, "unit": c.unit}
        | ({"energy_above_0": e[0], "energy_below_0": e[1]} if (e := _energies(c, played.recorded_seconds)) else {})
        for c in played.columns
    }
    return {
        "scenario": script.name,
        "seconds": played.seconds,
        "scans": played.scans,
        "tags": columns,
        "summary": {name: value for name, value, _ in summary},
        "expectations": [{"text": v.text, "holds": v.holds, "why": v.why} for v in played.verdicts],
        "faults": [f"{prefix}{fault}" for prefix, fault in played.faults],
        "fault_count": sum(played.fault_counts),
        "state": played.state,
    }


def _text(played: Played, script: Script, summary: list[tuple[str, float, str]], took_s: float) -> str:
    rows = [_row(column, played.recorded_seconds) for column in played.columns]
    head = ("tag", "min", "mean", "max", "last", "energy above 0", "below 0")
    speed = played.seconds / max(took_s, 1e-9)
    cycle = duration_text(played.cycle_ns)
    length = duration_text(played.seconds * 1e9)
    parts = [
        f"{script.name}: {length} of the site, {played.scans} scans of both sides at {cycle}",
        f"in {took_s:.1f} s, {speed:.0f} times as fast as time",
        table(rows, head=head, right=range(1, len(head))),
    ]
    if summary:
        told = [(name, f"{value:.6g}", unit) for name, value, unit in summary]
        parts.append(table(told, head=("summary", "at the end", ""), right=(1,)))
    for prefix, fault in played.faults:
        parts.append(f"fault: {prefix}{fault}")
    parts += [
        f"{'ok    ' if v.holds else 'FAILED'} {v.text}" + (f": {v.why}" if v.why else "") for v in played.verdicts
    ]
    return "\n".join([*parts, f"state after it: {played.state[:16]}"])


def _row(column: Column, seconds: float) -> tuple[str, ...]:
    figures = (column.minimum, column.mean, column.maximum, column.last)
    energies = _energies(column, seconds)
    unit = POWER_UNITS.get(column.unit, "")
    last = [f"{energy:.1f} {unit}" for energy in energies] if energies else ["", ""]
    return (column.name, *(f"{figure:.6g}" for figure in figures), *last)
