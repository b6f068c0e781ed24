"""What one status frame says, typed. A field that a frame leaves out reads as unknown, never as good."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.core.fault import FaultCode
from runtime.wire.values import show

Scalar = bool | int | float | str
"""A tag's value on the wire: enumerations are names, TIME is ns."""


@dataclass(frozen=True, slots=True)
class ProgramFault:
    """One fault of a running program, with its place in the source."""

    scan: int
    code: str
    text: str
    pou: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of a duration in ns; NaN where the frame does not tell."""

    p50_ns: float = math.nan
    p90_ns: float = math.nan
    p99_ns: float = math.nan
    p999_ns: float = math.nan
    p9999_ns: float = math.nan
    max_ns: float = math.nan
    count: int = 0


@dataclass(frozen=True, slots=True)
class Program:
    """Which version of the programs runs: counted since the start, named by a hash, since when, brought by whom."""

    number: int
    hash: str
    since_wall_ns: int
    by: str


@dataclass(frozen=True, slots=True)
class Part:
    """The controller's part in its pair: who it is, who leads in which term as far as it knows, whether it drives."""

    name: str
    role: str
    leader: str
    term: int
    drives: bool


@dataclass(frozen=True, slots=True)
class Status:
    """The controller at `t_wall_ns` (its own clock). `forces`: names, values, types."""

    t_wall_ns: int
    site: str
    scan_no: int
    cycle_ns: int
    scanning: bool
    driving: bool
    standby: bool
    fault_stop: bool
    faults: tuple[ProgramFault, ...]
    overruns: int
    skipped: int
    load_pct: float
    rights_missing: tuple[str, ...]
    release_delay: Spread
    execution: Spread
    bad_inputs: frozenset[str]
    bad_devices: tuple[str, ...]
    forces: tuple[tuple[str, Scalar, str], ...]
    program: Program | None = None
    pair: Part | None = None
    view: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """One task since the last reset. `interval_ns` 0: every base cycle."""

    name: str
    interval_ns: int
    runs: int
    overruns: int
    cuts: int
    faults: int
    execution: Spread


@dataclass(frozen=True, slots=True)
class Statistics:
    """The answer to `stats`."""

    cycle_ns: int
    scan_no: int
    overruns: int
    skipped: int
    release_delay: Spread
    execution: Spread
    period_error: Spread
    phases: tuple[tuple[str, Spread], ...]
    tasks: tuple[TaskFigures, ...]


def status_of(frame: Mapping[str, Any]) -> Status:
    """Read a status frame."""
    return Status(
        t_wall_ns=int(frame["t_wall_ns"]),
        site=str(frame.get("site", "")),
        scan_no=int(frame.get("scan_no", 0)),
        cycle_ns=int(frame.get("cycle_ns", 0)),
        scanning=bool(frame.get("scanning", False)),
        driving=bool(frame.get("driving", False)),
        standby=bool(frame.get("standby", False)),
        fault_stop=bool(frame.get("fault_stop", False)),
        faults=tuple(_fault_of(f) for f in frame.get("faults", ())),
        overruns=int(frame.get("overruns", 0)),
        skipped=int(frame.get("skipped", 0)),
        load_pct=number_of(frame.get("load_pct")),
        rights_missing=tuple(str(right["unit_line"]) for right in frame.get("rights_missing", ())),
        release_delay=spread_of(frame.get("release_delay")),
        execution=spread_of(frame.get("execution")),
        bad_inputs=frozenset(frame.get("bad_inputs", ())),
        bad_devices=tuple(frame.get("bad_devices", ())),
        forces=tuple((str(f["name"]), f["value"], str(f.get("type", ""))) for f in frame.get("forces", ())),
        program=_program_of(frame.get("program")),
        pair=_part_of(frame.get("pair")),
        view=frame.get("view", {}),
    )


def statistics_of(result: Mapping[str, Any]) -> Statistics:
    """Read the answer to `stats`."""
    return Statistics(
        cycle_ns=int(result.get("cycle_ns", 0)),
        scan_no=int(result.get("scan_no", 0)),
        overruns=int(result.get("overruns", 0)),
        skipped=int(result.get("skipped", 0)),
        release_delay=spread_of(result.get("release_delay")),
        execution=spread_of(result.get("execution")),
        period_error=spread_of(result.get("period_error")),
        phases=tuple((str(name), spread_of(told)) for name, told in result.get("phases", {}).items()),
        tasks=tuple(_task_of(told) for told in result.get("tasks", ())),
    )


def fault_details_of(result: Mapping[str, Any]) -> dict[tuple[str, int], str]:
    """Read the answer to `faults`: statement and values of the newest entry of each file and line."""
    found: dict[tuple[str, int], str] = {}
    for told in result.get("faults", ()):
        values = ", ".join(f"{v['name']} = {show(v['value'], v['type'])}" for v in told.get("values", ()))
        place = (str(told["file"]), int(told["line"]))
        found[place] = "   ".join(part for part in (str(told.get("statement", "")), values) if part)
    return found


def spread_of(told: Mapping[str, Any] | None) -> Spread:
    """Percentiles; those not told are NaN."""
    told = told or {}
    return Spread(
        p50_ns=number_of(told.get("p50_ns")),
        p90_ns=number_of(told.get("p90_ns")),
        p99_ns=number_of(told.get("p99_ns")),
        p999_ns=number_of(told.get("p999_ns")),
        p9999_ns=number_of(told.get("p9999_ns")),
        max_ns=number_of(told.get("max_ns")),
        count=int(told.get("count", 0)),
    )


def number_of(value: object) -> float:
    """A number of the wire ("NaN" and "Infinity" are strings there); NaN for anything else."""
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, int | float):
        return float(value)
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(str(value))
    return math.nan


def _program_of(told: Mapping[str, Any] | None) -> Program | None:
    if not told or not told.get("hash"):
        return None
    by = str(told.get("by", ""))
    return Program(int(told.get("number", 0)), str(told["hash"]), int(told.get("since_wall_ns", 0)), by)


def _part_of(told: Mapping[str, Any] | None) -> Part | None:
    if not told:
        return None
    who = (str(told["name"]), str(told["role"]), str(told["leader"]))
    return Part(*who, int(told["term"]), bool(told["drives"]))


def _fault_of(told: Mapping[str, Any]) -> ProgramFault:
    return ProgramFault(
        scan=int(told.get("scan", 0)),
        code=_code_name(told.get("code")),
        text=str(told.get("text", "")),
        pou=str(told.get("pou", "")),
        file=str(told.get("file", "")),
        line=int(told.get("line", 0)),
    )


def _task_of(told: Mapping[str, Any]) -> TaskFigures:
    return TaskFigures(
        name=str(told.get("name", "")),
        interval_ns=int(told.get("interval_ns", 0)),
        runs=int(told.get("runs", 0)),
        overruns=int(told.get("overruns", 0)),
        cuts=int(told.get("cuts", 0)),
        faults=int(told.get("faults", 0)),
        execution=spread_of(told.get("execution")),
    )


def _code_name(code: object) -> str:
    known = {int(fault): fault.name for fault in FaultCode}
    return known.get(code, f"FAULT {code}") if isinstance(code, int) else str(code or "")
