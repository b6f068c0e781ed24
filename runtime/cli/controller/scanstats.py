"""`voltscan stats`: the scan's figures as tables, as JSON, or in Prometheus' text exposition format (version 0.0.4).

In the latter names and units follow Prometheus' conventions: base units (seconds), `_total` for what counts up. The
counters start anew with a reset of the statistics, as a counter may. Percentiles are a summary's quantiles.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runtime.cli.controller.remote import percentile_table, reports
from runtime.cli.textable import table
from runtime.core.duration import duration_text
from runtime.wire.client import Client
from runtime.wire.messages import Percentiles

_ROWS = (("release delay", "release_delay"), ("execution", "execution"), ("period error", "period_error"))
_QUANTILES = (("0.5", "p50_ns"), ("0.9", "p90_ns"), ("0.99", "p99_ns"), ("0.999", "p999_ns"), ("0.9999", "p9999_ns"))
_SUMMARIES = (
    ("release_delay", "scan_release_delay", "Wake-up of the scan after its deadline."),
    ("execution", "scan_execution", "Wake-up to the end of a scan."),
    ("period_error", "scan_period_error", "How far wake-up to wake-up is from the base cycle."),
)
_COUNTERS = (
    ("overruns", "scan_overruns_total", "Scans that ended after the next deadline."),
    ("skipped", "scan_skipped_deadlines_total", "Deadlines passed over after overruns and late wake-ups."),
)
_TASK_COUNTERS = (
    ("runs", "Turns of the task."),
    ("overruns", "Turns that ended after the task's next release."),
    ("cuts", "Turns that were cut because the budget was used up."),
    ("faults", "Program faults of the task."),
    ("left_out", "Turns left out after an overrun."),
)


@reports
def stats(client: Client, *, reset: bool = False, as_prometheus: bool = False, as_json: bool = False) -> int:
    """Print the figures since the last reset; `reset` starts them anew after that."""
    told = client.request("stats")
    if as_json:
        print(json.dumps(told))
    elif as_prometheus:
        print(prometheus(client.site, told) + io_metrics(client.site, client.request("io")), end="")
    else:
        _print(told)
    if reset:
        client.request("stats_reset", client=client.name)
    return 0


def _print(told: Mapping[str, Any]) -> None:
    print(f"cycle {duration_text(told['cycle_ns'])}, scan {told['scan_no']}")
    print(f"overruns {told['overruns']}, deadlines skipped {told['skipped']}\n")
    rows: list[tuple[str, Percentiles]] = [(name, told[key]) for name, key in _ROWS]
    rows += [(f"phase {name}", seen) for name, seen in told["phases"].items()]
    rows += [(f"task {task['name']}", task["execution"]) for task in told["tasks"]]
    print(percentile_table(rows), end="\n\n")
    head = ("task", "interval", "priority", "budget", "faults do", "overruns do", "runs", *_TASK_HEADS)
    print(table([_task_row(task) for task in told["tasks"]], head=head, right=(1, 2, 3, *range(6, len(head)))))


_TASK_HEADS = ("overruns", "left out", "cuts", "faults")


def _task_row(task: Mapping[str, Any]) -> Sequence[str]:
    interval = duration_text(task["interval_ns"]) if task["interval_ns"] else "each scan"
    fixed = (task["name"], interval, task["priority"], task["budget"], task["on_fault"], task["overrun"])
    return tuple(map(str, (*fixed, *(task[key] for key in ("runs", "overruns", "left_out", "cuts", "faults")))))


def prometheus(site: str, told: Mapping[str, Any]) -> str:
    """The answer to `stats` as metrics of the site."""
    at = {"site": site}
    lines = _family("scan_number", "gauge", "Number of the last scan.", [_sample("scan_number", at, told["scan_no"])])
    lines += _family(
        "scan_cycle_seconds", "gauge", "Base cycle.", [_sample("scan_cycle_seconds", at, told["cycle_ns"] / 1e9)]
    )
    for key, name, text in _COUNTERS:
        lines += _family(name, "counter", text, [_sample(name, at, told[key])])
    for key, name, text in _SUMMARIES:
        lines += _summary(name, text, [(at, told[key])])
    phases = [({**at, "phase": name}, seen) for name, seen in told["phases"].items()]
    lines += _summary("scan_phase", "A phase of the scan.", phases)
    tasks = [({**at, "task": task["name"]}, task) for task in told["tasks"]]
    lines += _summary("task_execution", "A turn of the task.", [(label, task["execution"]) for label, task in tasks])
    for key, text in _TASK_COUNTERS:
        name = f"task_{key}_total"
        lines += _family(name, "counter", text, [_sample(name, label, task[key]) for label, task in tasks])
    return "".join(f"{line}\n" for line in lines)


_DEVICE_FAMILIES = (
    ("connected", "device_connected", "gauge", "1: the device answers."),
    ("requests", "device_requests_total", "counter", "Requests to the device; on CAN its frames, both ways."),
    (
        "errors",
        "device_errors_total",
        "counter",
        "Requests that failed, frames dropped or not sent.",
    ),
)
_BUS_FAMILIES = (
    ("error_frames", "can_error_frames_total", "counter", "Error frames of the bus."),
    ("bus_off_count", "can_bus_off_total", "counter", "How often the controller left the bus."),
    ("restarts", "can_restarts_total", "counter", "How often the controller was started again."),
    ("overflows", "can_overflows_total", "counter", "Frames lost because a buffer was full."),
    ("tx_errors", "can_tx_errors", "gauge", "The controller's transmit error counter."),
    ("rx_errors", "can_rx_errors", "gauge", "The controller's receive error counter."),
    ("off", "can_bus_off", "gauge", "1: the controller is off the bus."),
)


def io_metrics(site: str, told: Mapping[str, Any]) -> str:
    """The answer to `io` as metrics of the site's devices and CAN buses."""
    lines: list[str] = []
    devices = [({"site": site, "device": row["name"], "link": row["link"]}, row) for row in told["devices"]]
    buses = [({"site": site, "link": row["link"]}, row) for row in told["buses"]]
    for families, rows in ((_DEVICE_FAMILIES, devices), (_BUS_FAMILIES, buses)):
        for key, name, kind, text in families if rows else ():
            lines += _family(name, kind, text, [_sample(name, labels, int(row[key])) for labels, row in rows])
    name = "device_round_trip_seconds"
    trips = [_sample(name, labels, row["round_trip_ns"] / 1e9) for labels, row in devices if row["round_trip_ns"]]
    if trips:
        lines += _family(name, "gauge", "How long the last answered request took.", trips)
    return "".join(f"{line}\n" for line in lines)


def _summary(name: str, text: str, seen: Sequence[tuple[Mapping[str, str], Mapping[str, Any]]]) -> list[str]:
    whole, largest = f"{name}_seconds", f"{name}_max_seconds"
    samples: list[str] = []
    for labels, told in seen:
        samples += [_sample(whole, {**labels, "quantile": q}, told[key] / 1e9) for q, key in _QUANTILES]
        samples += [
            _sample(f"{whole}_sum", labels, told["sum_ns"] / 1e9),
            _sample(f"{whole}_count", labels, told["count"]),
        ]
    maxima = [_sample(largest, labels, told["max_ns"] / 1e9) for labels, told in seen]
    return [*_family(whole, "summary", text, samples), *_family(largest, "gauge", f"{text} Longest.", maxima)]


def _family(name: str, kind: str, text: str, samples: Iterable[str]) -> list[str]:
    return [f"# HELP voltscan_{name} {text}", f"# TYPE voltscan_{name} {kind}", *samples]


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return (
        f"voltscan_{name}{{{told}}} {value:.9g}" if isinstance(value, float) else f"voltscan_{name}{{{told}}} {value}"
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
