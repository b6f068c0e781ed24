"""Compiles one generated ST text and runs it in both back ends, scan by scan, comparing all of its memory."""

import random
import re

from differential import INPUTS_PER_SCAN, SCANS, content_of
from handbuilt import differences
from scanbench import BACKENDS, ScanBench, make_machine
from st_text.program import text_of

from runtime.core.diagnostic import Severity, Source, render
from runtime.lang.compile import compile_sources

_LEADS_ELSEWHERE = re.compile(r"\.(ref|via)\d+$", re.IGNORECASE)
"""References and interface variables: what arrives from outside are values, never those."""


def compare_text(seed: int, scans: int = SCANS) -> str:
    """What is wrong with the text of a seed: it does not compile, or the back ends differ; empty when nothing is."""
    result = compile_sources([Source("generated.st", text_of(seed))])
    app = result.application
    if app is None:
        errors = [d for d in result.diagnostics if d.severity is Severity.ERROR]
        return f"seed {seed} does not compile: {render(errors[0])}"
    chance = random.Random(seed)
    budget = chance.choice((40, 150, 600))
    benches = [ScanBench(make_machine(app, backend), budget) for backend in BACKENDS]
    leaves = [v for v in (*app.tags.tags, *app.tags.variables) if not _LEADS_ELSEWHERE.search(v.name)]
    for scan in range(scans):
        for _ in range(INPUTS_PER_SCAN):
            variable = chance.choice(leaves)
            content = content_of(chance, variable.type)
            for bench in benches:
                bench.memory[variable.offset : variable.offset + len(content)] = content
        for bench in benches:
            bench.scan()
        found = differences(*benches)
        if found:
            return f"seed {seed}, scan {scan + 1}: {'; '.join(found[:5])}"
    return ""
