"""The messages between gateway and clients, protocol version 1: UTF-8 JSON, checked at the border.

In JSON TIME is integer nanoseconds, an enumeration is its label (a value without label: its number), non-finite
numbers are the strings "NaN", "Infinity" and "-Infinity".

Request  {"v": 1, "id": any, "op": "...", ...}
Reply    {"v": 1, "id": same, "ok": true, "result": {...}}
      or {"v": 1, "id": same, "ok": false, "error": {"what": ..., "where": ..., "mend": ...}}
Stream   two frames: the topic ("status", "tags", "event", or one of a plant's events) and its JSON.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired, TypedDict

from runtime.core.fault import PlcFault
from runtime.wire.fault import RefusedFault, WireFault

VERSION: Final = 1
MESSAGE_SIZE_MAX: Final = 16 * 1024 * 1024
"""Bytes of one message. The table of 20,000 tags takes about 4 MB."""

STATUS: Final = "status"
TAGS: Final = "tags"
EVENT: Final = "event"

JsonValue = bool | int | float | str
"""A value of a variable in a message."""
Severity = Literal["info", "warning", "error"]
EventSource = Literal["io", "scan", "gateway", "supervisor", "redundancy", "operator"]


class Event(TypedDict):
    """Something that happened. `id` counts up, across restarts of the gateway too; a sender leaves it 0."""

    id: int
    t_wall_ns: int
    severity: Severity
    source: EventSource
    text: str


class Percentiles(TypedDict):
    """A distribution of durations in nanoseconds since the last reset (`stats`)."""

    count: int
    sum_ns: int
    p50_ns: int
    p90_ns: int
    p99_ns: int
    p999_ns: int
    p9999_ns: int
    max_ns: int


class ShortPercentiles(TypedDict):
    """The same, as far as a status frame carries it."""

    p50_ns: int
    p99_ns: int
    max_ns: int


class ForceState(TypedDict):
    """A tag that is held at a value."""

    name: str
    value: JsonValue
    type: str


class ForceInfo(TypedDict):
    """An entry of the reply to `forces`. `how`: forced as an input at latch, as an output at publish, or as any other
    variable at the start and end of each turn. `client` "" and `t_wall_ns` 0: an earlier gateway knew."""

    name: str
    value: JsonValue
    type: str
    how: str
    keep: bool
    client: str
    t_wall_ns: int


class FaultSeen(TypedDict):
    """A fault of a running program: when (scan number), what, and where in the source."""

    scan: int
    code: int
    text: str
    pou: str
    file: str
    line: int


class FaultValue(TypedDict):
    """A variable right after the turn in which a fault came."""

    name: str
    value: JsonValue
    type: str
    unit: str


class FaultEntry(TypedDict):
    """An entry of the fault log (reply to `faults`): a place, from its first fault (`number`, `scan`) to its last.

    `term`: the boot count of the start that it came in. `t_wall_ns`: when the log met the first one.
    `values`: of the first fault since the last acknowledgement, whichever place that was.
    """

    number: int
    scan: int
    code: str
    text: str
    pou: str
    file: str
    line: int
    column: int
    statement: str
    count: int
    last_number: int
    last_scan: int
    term: int
    t_wall_ns: int
    acknowledged: bool
    values: list[FaultValue]


class RightMissing(TypedDict):
    """A real-time right that the scan could not have: what is so without it, the unit file's line that gives it."""

    without: str
    unit_line: str


class ProgramVersion(TypedDict):
    """Which version of the programs runs: its number since the start, its name, since when, who brought it."""

    number: int
    hash: str
    since_wall_ns: int
    by: str


class PairPart(TypedDict):
    """This controller's part in its pair, from its PairStatus (wire/pairport.py)."""

    name: str
    role: str
    leader: str
    term: int
    drives: bool


class StatusFrame(TypedDict):
    """The state of the controller, ten times a second. `view` holds the tags the HMI overview asked for.

    `standby`: of a pair, and the other controller drives; values are mirrored from it. `pair`: None for a controller
    alone, and while its redundancy process does not run.
    """

    t_wall_ns: int
    site: str
    scan_no: int
    cycle_ns: int
    scanning: bool
    driving: bool
    standby: bool
    pair: PairPart | None
    fault_stop: bool
    faults: list[FaultSeen]
    overruns: int
    skipped: int
    release_delay: ShortPercentiles
    execution: ShortPercentiles
    load_pct: float
    rights_missing: list[RightMissing]
    bad_inputs: list[str]
    bad_devices: list[str]
    forces: list[ForceState]
    view: dict[str, JsonValue]
    program: ProgramVersion


class TagsFrame(TypedDict):
    """All tags in the order of the op `tags`: [value, quality 0..2, age in ms (-1: never), forced 0/1] each."""

    t_wall_ns: int
    values: list[tuple[JsonValue, int, int, int]]


class Hello(TypedDict):
    """Who answers."""

    site: str
    version: str
    cycle_ns: int
    layout_hash: str
    run_dir: str
    pid: int
    started_wall_ns: int


class TagInfo(TypedDict):
    """What is fixed about a tag. `type` is the type as the program names it; `labels` those of an enumeration."""

    name: str
    type: str
    unit: str
    comment: str
    direction: str
    forceable: bool
    device: NotRequired[str]
    labels: NotRequired[list[str]]
    minimum: NotRequired[float]
    maximum: NotRequired[float]
    fail_safe: NotRequired[JsonValue | None]


class TagsResult(TypedDict):
    """Reply to `tags`; `variables` only when asked for. `commands` are the names for the op `command`."""

    tags: list[TagInfo]
    commands: list[str]
    variables: NotRequired[list[str]]


class ReadValue(TypedDict):
    """One value. `quality` (0 BAD, 1 UNCERTAIN, 2 GOOD) and `age_ms` (-1: never) only for inputs."""

    name: str
    value: JsonValue
    type: str
    unit: str
    forced: bool
    quality: NotRequired[int]
    age_ms: NotRequired[int]


class CommandResult(TypedDict):
    """How a command ended: done; accepted, so that the program is at it and its tags say more; or refused by it.

    `reason`: the label of the acknowledgement, unless done.
    """

    state: Literal["done", "accepted", "refused"]
    reason: NotRequired[str]


class TaskStats(TypedDict):
    """One task's figures. `interval_ns` 0: every base cycle. `overrun`: what follows an overrun beyond its count."""

    name: str
    interval_ns: int
    priority: int
    budget: int
    on_fault: str
    overrun: str
    runs: int
    overruns: int
    cuts: int
    faults: int
    left_out: int
    execution: Percentiles


class StatsResult(TypedDict):
    """The scan's figures since the last `stats_reset`. `phases` by name, in the order in which they come in a scan.

    `scan_clock_ns`: deadline of the newest scan, monotonic.
    """

    cycle_ns: int
    scan_no: int
    scan_clock_ns: int
    overruns: int
    skipped: int
    release_delay: Percentiles
    execution: Percentiles
    period_error: Percentiles
    phases: dict[str, Percentiles]
    tasks: list[TaskStats]


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as bytes; non-finite numbers become strings."""
    try:
        return json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        return json.dumps(_finite(message), allow_nan=False, separators=(",", ":")).encode()


def decode(raw: bytes) -> dict[str, Any]:
    """A message from bytes, whatever a peer sent.

    Raises WireFault when it is no JSON object.
    """
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise WireFault(f"message is not JSON: {error}", mend="send one UTF-8 JSON object a message") from error
    if not isinstance(message, dict):
        raise WireFault("message is not a JSON object", mend="send one UTF-8 JSON object a message")
    return message


def encode_request(request_id: int | str, op: str, fields: Mapping[str, Any]) -> bytes:
    """A request."""
    return encode({"v": VERSION, "id": request_id, "op": op} | dict(fields))


def decode_request(raw: bytes) -> dict[str, Any]:
    """A request whose version and `op` are right; its other fields are still unchecked.

    Raises WireFault.
    """
    message = decode(raw)
    check_version(message)
    if not isinstance(message.get("op"), str):
        raise WireFault("request without `op`", mend='name an operation, such as "op": "status"')
    return message


def encode_result(request_id: Any, result: Mapping[str, Any]) -> bytes:
    """The reply to a request that was met."""
    return encode({"v": VERSION, "id": request_id, "ok": True, "result": result})


def encode_error(request_id: Any, fault: PlcFault) -> bytes:
    """The reply to a request that was not met."""
    told = {"what": fault.what, "where": fault.where, "mend": fault.mend}
    return encode({"v": VERSION, "id": request_id, "ok": False, "error": told})


def decode_reply(raw: bytes) -> tuple[Any, dict[str, Any] | RefusedFault]:
    """The id of the request it answers, and its result or the gateway's refusal.

    Raises WireFault when it is no reply of this version.
    """
    message = decode(raw)
    check_version(message)
    if message.get("ok") is True and isinstance(message.get("result"), dict):
        return message.get("id"), message["result"]
    told = message.get("error")
    if message.get("ok") is not False or not isinstance(told, dict):
        raise WireFault("reply with neither result nor error", mend="let client and controller be of one version")
    fault = RefusedFault(str(told.get("what", "")), where=str(told.get("where", "")), mend=str(told.get("mend", "")))
    return message.get("id"), fault


def check_version(message: Mapping[str, Any]) -> None:
    """Raises WireFault unless the message is of this protocol version."""
    if message.get("v") != VERSION:
        raise WireFault(
            f"message of protocol version {message.get('v')!r}, this side speaks {VERSION}",
            mend="let client and controller be of one version of Voltscan",
        )


def _finite(told: Any) -> Any:
    if isinstance(told, float) and not math.isfinite(told):
        return "NaN" if math.isnan(told) else "Infinity" if told > 0 else "-Infinity"
    if isinstance(told, Mapping):
        return {key: _finite(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_finite(value) for value in told]
    return told
