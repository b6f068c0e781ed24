"""`voltscan io load`: how much of each link the map asks for."""

import json
from pathlib import Path

from runtime.cli.io.fieldmap import read_field_map
from runtime.cli.textable import table
from runtime.iomap.checks.busload import IMPOSSIBLE, TIGHT


def print_load(path: Path, *, as_json: bool) -> int:
    """Print every link with the part of its time that all points of its devices take; 1 when one cannot carry it."""
    field = read_field_map(path)
    rows, loads = [], []
    for link in field.plan.links:
        plans = field.plan.devices[link.name]
        load = field.loaded.map.links[link.name].load(plans)
        reads = sum(len(plan.reads) for plan in plans)
        messages = sum(len(plan.messages) for plan in plans)
        asked = f"{messages} messages" if messages else f"{reads} reads"
        verdict = "too much" if load > IMPOSSIBLE else "nearly full" if load > TIGHT else "fine"
        rows.append((link.name, link.kind, str(len(plans)), asked, f"{load * 100:.1f} %", verdict))
        loads.append({"link": link.name, "kind": link.kind, "devices": len(plans), "load": load, "verdict": verdict})
    if as_json:
        print(json.dumps(loads))
    else:
        print(table(rows, head=("link", "kind", "devices", "cyclic", "load", ""), right=(2, 4)))
    return 1 if any(row[-1] == "too much" for row in rows) else 0
