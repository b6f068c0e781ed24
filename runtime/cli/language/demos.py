"""Pictures of blocks for their manual: what a small PROGRAM that uses a block shows on virtual time.

The demo of `lib/pid.st` is `lib/tests/demos/pid.st` (in a folder `tests`, because it is no part of the library): one
PROGRAM whose outputs are the curves, with their units, and whose variable `show_for` says how long. Its comment is the
caption.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.core.diagnostic import Source, has_errors, render
from runtime.core.elementary import TIME, Kind
from runtime.core.fault import ConfigFault
from runtime.lang.compile import compile_sources, load_sources
from runtime.lang.editor.needed import Needed
from runtime.lang.editor.project import Project
from runtime.lang.index import Symbol, SymbolKind
from runtime.lang.interp import Interpreter
from runtime.lang.syntax.source import TESTS_FOLDER
from runtime.lang.testing.testplan import DEFAULT_CYCLE_NS
from runtime.scan.virtual import VirtualScan
from runtime.sim.loop.cell import Cell
from runtime.sim.scenario.chart import Curve, svg

DEMOS_FOLDER = "demos"
SHOW_FOR = "show_for"
SCANS_MAX = 1_000_000
"""A demo is looked at by a person: more than this is a mistake in `show_for`."""
_SWITCH = "TRUE or FALSE"


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo shows: `name` is that of its file, and of the block (in lower case)."""

    name: str
    title: str
    caption: str
    text: str
    picture: str


def demos(sources: Sequence[Source]) -> list[Demo]:
    """The demos of the folders that the sources lie in, played. Raises ConfigFault when one cannot be."""
    folders = {Path(source.name).parent / TESTS_FOLDER / DEMOS_FOLDER for source in sources}
    found = load_sources(sorted(folder for folder in folders if folder.is_dir()))
    needed = Needed(sources)
    return [_play(demo, needed.by(demo)) for demo in found]


def _play(demo: Source, needed: Sequence[Source]) -> Demo:
    compiled = compile_sources([demo, *needed])
    if compiled.application is None:
        wrong = [d for d in compiled.diagnostics if has_errors([d])]
        raise ConfigFault(f"the demo is not right\n\n{render(wrong[0])}", where=demo.name, mend="mend its program")
    project = Project([demo])
    programs = [s for s in project.index.declared.every if s.kind is SymbolKind.PROGRAM]
    tasks = compiled.application.tasks
    if len(programs) != 1 or len(tasks) != 1 or len(tasks[0].programs) != 1:
        raise ConfigFault("a demo is one PROGRAM in one task", where=demo.name, mend="put others in files of their own")
    scan = VirtualScan(Interpreter(compiled.application), period_ns=tasks[0].interval_ns or DEFAULT_CYCLE_NS)
    instance = tasks[0].programs[0].name
    curves = _curves(scan, instance, programs[0], demo.name)
    caption, name = project.comment_of(programs[0]), Path(demo.name).stem.lower()
    t_s = np.arange(1, len(curves[0].values) + 1) * scan.period_ns / 1e9
    return Demo(name, programs[0].name, caption, demo.text, svg(programs[0].name, t_s, curves))


def _curves(scan: VirtualScan, instance: str, program: Symbol, file: str) -> list[Curve]:
    """The outputs of the program, sampled in every scan."""
    outputs = [m for m in program.members.values() if m.section == "VAR_OUTPUT"]
    length = program.members.get(SHOW_FOR)
    if length is None or not outputs:
        mend = f"add VAR {SHOW_FOR} : TIME := T#10s; and VAR_OUTPUT, whose variables are the curves"
        raise ConfigFault("a demo says how long, and what to draw", where=file, mend=mend)
    told = Cell(scan.machine, f"{instance}.{length.name}")
    scans = int(told.read()) // scan.period_ns if told.variable.type is TIME else 0
    if not 1 < scans <= SCANS_MAX:
        mend = f"at least two scans, at most {SCANS_MAX}"
        raise ConfigFault(f"{SHOW_FOR} is no time that can be shown", where=file, mend=mend)
    cells = [Cell(scan.machine, f"{instance}.{m.name}") for m in outputs]
    samples = np.empty((scans, len(cells)))
    for number in range(scans):
        scan.scan()
        samples[number] = [float(cell.read()) for cell in cells]
    if scan.fault_count:
        fault = scan.faults()[0]
        raise ConfigFault(f"the demo faults at line {fault.site.line}", where=file, mend="mend its program")
    units = [_SWITCH if c.variable.type.kind is Kind.BOOL else m.unit for c, m in zip(cells, outputs, strict=True)]
    return [Curve(m.name, unit, samples[:, i]) for i, (m, unit) in enumerate(zip(outputs, units, strict=True))]
