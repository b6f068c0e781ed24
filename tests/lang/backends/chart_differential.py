"""Runs one generated SFC in both back ends and beside the model, scan by scan."""

import random

from chart_generator import Model, generate
from differential import SCANS, MakeMachines
from handbuilt import differences
from scanbench import PERIOD_NS, ScanBench, both_machines

from runtime.core.diagnostic import Severity, Source, render
from runtime.lang.compile import compile_sources


def compare_chart(seed: int, machines: MakeMachines = both_machines) -> str:
    """What differs in the chart of a seed, between the back ends or from the model; empty when nothing does."""
    chance = random.Random(seed)
    net = generate(chance)
    result = compile_sources([Source("chart.st", net.text)])
    if result.application is None:
        return "\n".join(render(d) for d in result.diagnostics if d.severity is Severity.ERROR)
    benches = [ScanBench(machine) for machine in machines(result.application)]
    model = Model(net)
    for scan in range(1, SCANS + 1):
        conditions = [chance.random() < 0.4 for _ in net.ways]
        for bench in benches:
            for number, condition in enumerate(conditions):
                bench.set(f"main.c{number}", condition)
            bench.scan()
        model.scan(conditions, PERIOD_NS)
        found = differences(*benches) + _strays(benches[0], model)
        if found:
            return f"chart seed {seed}, scan {scan}: {'; '.join(found[:5])}\n{net.text}"
    return ""


def _strays(bench: ScanBench, model: Model) -> list[str]:
    """Steps that are not as the model has them."""
    found = []
    for step in range(model.net.steps):
        got = bench.get(f"main.s{step}.X"), bench.get(f"main.s{step}.T")
        wanted = step in model.active, model.times_ns[step]
        if got != wanted:
            found.append(f"s{step} is {got}, expected {wanted}")
    return found
