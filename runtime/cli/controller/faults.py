"""`voltscan faults`: what programs did wrong, where, and with which values."""

import json
from datetime import UTC, datetime
from typing import Any

from runtime.cli.controller.remote import reports
from runtime.wire.client import Client
from runtime.wire.values import show

_NS_PER_S = 1_000_000_000


@reports
def faults(client: Client, *, as_json: bool = False) -> int:
    """Print the fault log, oldest first; 1 when there are faults that nobody has acknowledged."""
    told = client.request("faults")
    open_count = sum(not fault["acknowledged"] for fault in told["faults"])
    if as_json:
        print(json.dumps(told))
        return 1 if open_count else 0
    for fault in told["faults"]:
        _print(fault, is_former=fault["term"] != told["term"])
    lost = told["count"] - sum(fault["count"] for fault in told["faults"] if fault["term"] == told["term"])
    if lost > 0:
        print(f"{lost} more, older ones or ones that came faster than the log could follow")
    if not told["count"]:
        print("no program fault since the start")
    elif open_count:
        stopped = "the outputs are at fail-safe until then" if told["fault_stop"] else "the outputs are driven"
        print(f"places not acknowledged: {open_count} ({stopped}): voltscan acknowledge")
    return 1 if open_count else 0


def _print(fault: dict[str, Any], *, is_former: bool) -> None:
    mark = "before the last start" if is_former else "acknowledged" if fault["acknowledged"] else "OPEN"
    place = f"{fault['file']}:{fault['line']}:{fault['column']}: {fault['pou']}"
    often = f" to {fault['last_scan']}, {fault['count']} times" if fault["count"] > 1 else ""
    at = datetime.fromtimestamp(fault["t_wall_ns"] / _NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    print(f"{place}: {fault['text']} ({at}, scan {fault['scan']}{often}, {mark})")
    if fault["statement"]:
        print(f"    {fault['statement']}")
    for value in fault["values"]:
        print(f"    {value['name']} = {show(value['value'], value['type'])} {value['unit']}".rstrip())
