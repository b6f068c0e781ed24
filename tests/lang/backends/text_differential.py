"""Compiles one generated ST text and runs it in both back ends, scan by scan, comparing all of its memory."""

import random
import re

from differential import INPUTS_PER_SCAN, SCANS, MakeMachines, content_of
from handbuilt import differences, strays
from scanbench import ScanBench, both_machines
from st_text.program import text_of

from runtime.core.diagnostic import Severity, Source, render
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources
from runtime.lang.interp import Interpreter
from runtime.lang.llvm import compile_object
from runtime.lang.machine import Machine
from runtime.lang.native import Native

OPTIMISED_EACH = 3
"""Every third text is optimised as what runs is; the others are compiled in a third of the time."""

_LEADS_ELSEWHERE = re.compile(r"\.(ref|via|ptr)\d+$", re.IGNORECASE)
"""References and interface variables: what arrives from outside are values, never those."""


def compare_text(seed: int, machines: MakeMachines | None = None) -> str:
    """What is wrong with the text of a seed: it does not compile, or the back ends differ; empty when nothing is."""
    result = compile_sources([Source("generated.st", text_of(seed))])
    app = result.application
    if app is None:
        errors = [d for d in result.diagnostics if d.severity is Severity.ERROR]
        return f"seed {seed} does not compile: {render(errors[0])}"
    chance = random.Random(seed)
    budget = chance.choice((40, 150, 600))
    make = machines or (both_machines if seed % OPTIMISED_EACH == 0 else _not_optimised)
    benches = [ScanBench(machine, budget) for machine in make(app)]
    leaves = [v for v in (*app.tags.tags, *app.tags.variables) if not _LEADS_ELSEWHERE.search(v.name)]
    for scan in range(SCANS):
        for _ in range(INPUTS_PER_SCAN):
            variable = chance.choice(leaves)
            content = content_of(chance, variable.type)
            for bench in benches:
                bench.memory[variable.offset : variable.offset + len(content)] = content
        before = bytes(benches[0].memory)
        for bench in benches:
            bench.scan()
        found = differences(*benches) + strays(before, benches[0], app.stored)
        if found:
            return f"seed {seed}, scan {scan + 1}: {'; '.join(found[:5])}"
    return ""


def _not_optimised(app: Application) -> tuple[Machine, Machine]:
    return Interpreter(app), Native(app, compile_object(app, speed_level=0))
