"""Runs one generated application in both back ends, scan by scan, and compares all of its memory."""

import random
from collections.abc import Callable, Sequence

from handbuilt import differences, edge_values, strays
from program_generator import ProgramGenerator
from scanbench import ScanBench, both_machines

from runtime.core.elementary import Elementary, Kind
from runtime.lang.application import Application
from runtime.lang.ir.stores import stored_stretches
from runtime.lang.machine import Machine

MakeMachines = Callable[[Application], Sequence[Machine]]
SCANS = 50
INPUTS_PER_SCAN = 8
EDGE_TEXTS = ("", "a", "12", "-7.25", "1e400", "TRUE", "T#1h-5", "D#2024-02-30", "16#FF", "\xff\u20ac" * 50, " " * 90)


def content_of(chance: random.Random, type_: Elementary) -> bytes:
    """Any bytes, or a value at which something turns: what an input may bring."""
    if chance.random() < 0.3:
        return chance.randbytes(type_.size)
    if type_.kind is Kind.TEXT:
        return type_.codec.pack(chance.choice(EDGE_TEXTS))
    return type_.codec.pack(chance.choice(list(edge_values(type_))))


def compare(seed: int, machines: MakeMachines = both_machines) -> str:
    """What differs in the application of a seed between two machines; empty when nothing does."""
    app = ProgramGenerator(seed).application()
    stored = stored_stretches(app.bodies, [(p.body, p.offset) for task in app.tasks for p in task.programs])
    chance = random.Random(seed)
    budget = chance.choice((5, 40, 100, 250))
    benches = [ScanBench(machine, budget) for machine in machines(app)]
    for scan in range(SCANS):
        for _ in range(INPUTS_PER_SCAN):
            variable = chance.choice(app.tags.variables)
            content = content_of(chance, variable.type)
            for bench in benches:
                bench.memory[variable.offset : variable.offset + len(content)] = content
        before = bytes(benches[0].memory)
        for bench in benches:
            bench.scan()
        found = differences(*benches) + strays(before, benches[0], stored)
        if found:
            return f"seed {seed}, scan {scan + 1}: {'; '.join(found[:5])}"
    return ""
