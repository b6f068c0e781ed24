"""Runs one generated application in both back ends, scan by scan, and compares all of its memory."""

import random

from handbuilt import differences, edge_values
from program_generator import ProgramGenerator
from scanbench import BACKENDS, ScanBench, make_machine

from runtime.core.elementary import Elementary

SCANS = 50
INPUTS_PER_SCAN = 8


def content_of(chance: random.Random, type_: Elementary) -> bytes:
    """Any bytes, or a value at which something turns: what an input may bring."""
    if chance.random() < 0.3:
        return chance.randbytes(type_.size)
    return type_.codec.pack(chance.choice(list(edge_values(type_))))


def compare(seed: int, scans: int = SCANS) -> str:
    """What differs in the application of a seed; empty when nothing does."""
    app = ProgramGenerator(seed).application()
    chance = random.Random(seed)
    budget = chance.choice((5, 40, 100, 250))
    benches = [ScanBench(make_machine(app, backend), budget) for backend in BACKENDS]
    for scan in range(scans):
        for _ in range(INPUTS_PER_SCAN):
            variable = chance.choice(app.tags.variables)
            content = content_of(chance, variable.type)
            for bench in benches:
                bench.memory[variable.offset : variable.offset + len(content)] = content
        for bench in benches:
            bench.scan()
        found = differences(*benches)
        if found:
            return f"seed {seed}, scan {scan + 1}: {'; '.join(found[:5])}"
    return ""
