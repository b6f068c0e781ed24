"""The commands that speak to a running controller: status, tags, read, write, force, command, stats and so on.

Each takes a connected client, prints, and returns the exit code: 0 fine, 1 the controller refused, failed or does not
scan, 2 wrong usage. With `as_json` exactly one JSON document goes to standard output, an error too.
"""

import fnmatch
import functools
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec

from runtime.cli.controller.iofigures import io_tables
from runtime.cli.given_text import without_quotes
from runtime.cli.textable import table
from runtime.core.duration import duration_text
from runtime.core.fault import PlcFault
from runtime.core.quality import Quality
from runtime.wire.client import Client
from runtime.wire.messages import Percentiles, ShortPercentiles
from runtime.wire.values import show

FINE, FAILED, WRONG_USAGE = 0, 1, 2
_Rest = ParamSpec("_Rest")
_PERCENTS = (
    ("p50", "p50_ns"),
    ("p90", "p90_ns"),
    ("p99", "p99_ns"),
    ("p99.9", "p999_ns"),
    ("p99.99", "p9999_ns"),
    ("max", "max_ns"),
)


def reports(
    body: Callable[Concatenate[Client, _Rest], int],
) -> Callable[Concatenate[Client, _Rest], int]:
    """A fault becomes exit code 1 and its words: text on standard error, or JSON on standard output."""

    @functools.wraps(body)
    def reported(client: Client, /, *args: _Rest.args, **kwargs: _Rest.kwargs) -> int:
        try:
            return body(client, *args, **kwargs)
        except PlcFault as fault:
            if kwargs.get("as_json"):
                _print_json({"error": {"what": fault.what, "where": fault.where, "mend": fault.mend}})
            else:
                print(f"error: {fault}", file=sys.stderr)
            return FAILED

    return reported


@reports
def status(
    client: Client,
    *,
    values: bool = False,
    devices: bool = False,
    processes: Mapping[str, int] | None = None,
    as_json: bool = False,
) -> int:
    """What the controller does now; 1 when it does not scan or a program fault stops its outputs.

    `values` adds those of the tags that the site file shows in the HMI (`[hmi] view`), `devices` what io has counted;
    `processes` are the controller's by name and process id.
    """
    frame = client.request("status") | {"processes": dict(processes or {})}
    figures = client.request("io") if devices else None
    if figures is not None:
        frame |= {"io": figures}
    code = FINE if frame["scanning"] and not frame["fault_stop"] else FAILED
    if as_json:
        _print_json(frame)
        return code
    doing = "scanning" if frame["scanning"] else "NOT SCANNING"
    outputs = "outputs driven" if frame["driving"] else "outputs at FAIL-SAFE"
    if frame["standby"]:
        doing, outputs = "standby", "mirrors the leader"
    print(f"{frame['site']}: {doing}, {outputs}, scan {frame['scan_no']} of {duration_text(frame['cycle_ns'])}")
    lines = [
        ("program version", _version(frame["program"])),
        ("load", f"{frame['load_pct']:.1f} % of the cycle"),
        ("release delay", _short(frame["release_delay"])),
        ("execution", _short(frame["execution"])),
        ("overruns", f"{frame['overruns']}, {frame['skipped']} deadlines skipped"),
        ("bad inputs", ", ".join(frame["bad_inputs"]) or "none"),
        ("devices without", ", ".join(frame["bad_devices"]) or "none"),
        ("forces", ", ".join(f"{f['name']} = {show(f['value'], f['type'])}" for f in frame["forces"]) or "none"),
        ("rights missing", ", ".join(right["unit_line"] for right in frame["rights_missing"]) or "none"),
        ("program faults", "none" if not frame["faults"] else f"{len(frame['faults'])}, not acknowledged"),
        ("processes", ", ".join(f"{name} {pid}" for name, pid in frame["processes"].items()) or "unknown"),
    ]
    print(table(lines))
    for fault in frame["faults"]:
        print(f"  {fault['file']}:{fault['line']}: {fault['pou']}: {fault['text']} (scan {fault['scan']})")
    if values and frame["view"]:
        print()
        _print_values(client.request("read", names=list(frame["view"]))["values"])
    if figures is not None:
        print(f"\n{io_tables(figures)}")
    return code


def _version(program: Mapping[str, Any]) -> str:
    if not program["hash"]:
        return "unknown"
    since = datetime.fromtimestamp(program["since_wall_ns"] / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{program['hash']} since {since}, by {program['by']}"


@reports
def tags(client: Client, patterns: Sequence[str] = (), *, variables: bool = False, as_json: bool = False) -> int:
    """The tags (and variables) of the programs, those that fit a pattern; 1 when none does."""
    result = client.request("tags", variables=variables)
    found = [tag for tag in result["tags"] if _fits(tag["name"], patterns)]
    names = [name for name in result.get("variables", ()) if _fits(name, patterns)]
    if as_json:
        _print_json({"tags": found} | ({"variables": names} if variables else {}))
    else:
        head = ("name", "type", "unit", "direction", "device", "comment")
        rows = [
            (t["name"], t["type"], t["unit"], t["direction"], t.get("device", ""), t["comment"].strip()) for t in found
        ]
        print(table(rows, head=head))
        if names:
            print("\nvariables\n" + "\n".join(names))
    return FINE if found or names else FAILED


@reports
def read(client: Client, names: Sequence[str], *, as_json: bool = False) -> int:
    """Values of tags and variables; `*` and `?` match."""
    if not names:
        return wrong_usage("name at least one tag or variable, such as plant_1.*")
    values = client.request("read", names=list(names))["values"]
    if as_json:
        _print_json(values)
        return FINE
    _print_values(values)
    return FINE


@reports
def write(client: Client, name: str, value: str, *, as_json: bool = False) -> int:
    """Write a variable once; a string as it stands or as a literal in quotes."""
    result = client.write(name, without_quotes(value, name))
    if as_json:
        _print_json(result)
    else:
        print(f"{name} := {value}, done by scan {result['scan']}")
        if "note" in result:
            print(f"note: {result['note']}")
    return FINE


@reports
def unforce(client: Client, name: str | None = None, *, every: bool = False, as_json: bool = False) -> int:
    """Let one forced tag go, or every one."""
    if (name is None) is not every:
        return wrong_usage("name one tag, or say --all")
    fields: dict[str, Any] = {"all": True} if every else {"name": name}
    removed = client.request("unforce", client=client.name, **fields)["removed"]
    if as_json:
        _print_json({"removed": removed})
    else:
        print(f"let go: {', '.join(removed)}" if removed else "nothing was forced there")
    return FINE


@reports
def command(client: Client, name: str, value: str, *, ttl_ms: int = 5_000, as_json: bool = False) -> int:
    """Give a command and wait for the program's answer; 1 when it refuses or does not answer."""
    if ttl_ms <= 0:
        return wrong_usage("the time to live must be above 0 ms")
    result = client.command(name, without_quotes(value, name), ttl_ms=ttl_ms)
    if as_json:
        _print_json(result)
    elif result["state"] == "done":
        print(f"{name} {value}: done")
    elif result["state"] == "accepted":
        print(f"{name} {value}: accepted, the program is at it: voltscan status")
    else:
        print(f"{name} {value}: refused by the program: {result['reason']}", file=sys.stderr)
    return FAILED if result["state"] == "refused" else FINE


@reports
def acknowledge(client: Client, *, as_json: bool = False) -> int:
    """Acknowledge program faults, so that the outputs may be driven again."""
    result = client.request("acknowledge", client=client.name)
    if as_json:
        _print_json(result)
    else:
        count = result["acknowledged"]
        print(f"acknowledged {count} program fault{'' if count == 1 else 's'}" if count else "there was none")
    return FINE


def percentile_table(rows: Sequence[tuple[str, Percentiles]]) -> str:
    """Distributions as a table, one a line: for `stats`, and for what is to be read beside it."""
    head = ("", "count", *(text for text, _ in _PERCENTS))
    lines = [
        (name, str(told["count"]), *(duration_text(told[key]) for _, key in _PERCENTS))  # type: ignore[literal-required]  # keys of Percentiles
        for name, told in rows
    ]
    return table(lines, head=head, right=range(1, len(head)))


def _print_values(values: Sequence[dict[str, Any]]) -> None:
    print(table(((v["name"], show(v["value"], v["type"]), v["unit"], _quality(v)) for v in values), right=(1,)))


def _short(told: ShortPercentiles) -> str:
    return (
        " ".join((f"p50 {duration_text(told['p50_ns'])},", f"p99 {duration_text(told['p99_ns'])},"))
        + f" max {duration_text(told['max_ns'])}"
    )


def _fits(name: str, patterns: Sequence[str]) -> bool:
    """As the gateway matches: only `*` and `?` are special, brackets name array elements."""
    return not patterns or any(
        re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), name, re.IGNORECASE) for pattern in patterns
    )


def _quality(value: dict[str, Any]) -> str:
    marks = ["FORCED"] if value["forced"] else []
    if "quality" in value:
        marks.insert(0, Quality(value["quality"]).name)
        age_ms = value["age_ms"]
        marks.append("never read" if age_ms < 0 else f"{duration_text(age_ms * 1_000_000)} ago")
    return " ".join(marks)


def _print_json(told: Any) -> None:
    print(json.dumps(told))


def wrong_usage(what: str) -> int:
    """Say what is wrong with the words; exit code 2."""
    print(f"usage: {what}", file=sys.stderr)
    return WRONG_USAGE
