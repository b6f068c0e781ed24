"""Writes down what discovery found: a profile a nature of each device, and a site map that joins them.

The files are a start for an engineer, not the end: signs that a model leaves open, what has no point, fail-safe values.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.drivers.sunspec.discovery import FoundModel
from runtime.drivers.sunspec.points import SunSpecPoint, identity, nature_of, points_of, unknown_models
from runtime.iomap.profiles.natures import natures

_SIGNS = {"inverter": "discharge", "pv_inverter": "production", "grid_meter": "forward", "battery": "unknown"}
"""AC power of an inverter model is positive towards the grid; a meter's follows its wiring; model 802 does not say."""

_HEARTBEAT, _HEARTBEAT_LOST_MS = "life", 10_000


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """What answered at one unit of a host."""

    unit: int
    models: list[FoundModel]


@dataclass(frozen=True, slots=True)
class WrittenProfile:
    """A profile file: its name without suffix, its nature and its text."""

    name: str
    nature: str
    text: str


def profiles_of(device: FoundDevice) -> list[WrittenProfile]:
    """One profile for each nature of the device, in order of first appearance."""
    points = list(points_of(device.models))
    told = identity(device.models)
    return [
        WrittenProfile(_file_name(told, nature), nature, _profile(device, told, nature, points))
        for nature in dict.fromkeys(point.nature for point in points)
    ]


def site_map_of(site: str, host: str, port: int, devices: Sequence[FoundDevice]) -> str:
    """The site map of all devices behind one address."""
    lines = [f"site = {_text(site)}", "", "[links.sunspec]", 'kind = "modbus_tcp"', f"host = {_text(host)}"]
    lines += [f"port = {port}"]
    counts: dict[str, int] = {}
    for device in devices:
        for profile in profiles_of(device):
            counts[profile.nature] = counts.get(profile.nature, 0) + 1
            lines += ["", f"[devices.{profile.nature}_{counts[profile.nature]}]", f"profile = {_text(profile.name)}"]
            lines += ['link = "sunspec"', f"unit = {device.unit}"]
    return "\n".join(lines) + "\n"


def _profile(device: FoundDevice, told: dict[str, str], nature: str, points: Sequence[SunSpecPoint]) -> str:
    own = [point for point in points if point.nature == nature]
    ids = [
        found.model_id
        for found in device.models
        if found.model_id != 1 and nature_of(device.models, found.model_id) == nature
    ]
    unknowns = [
        "Written by discovery: points that the device did not implement at that moment are left out.",
        "The sign of current and power: the model does not say; look on commissioning." if nature == "battery" else "",
        f"Whether {_HEARTBEAT} counts, as the model says: if it stands, take [[counters]] out."
        if _counters(own)
        else "",
        f"Models without a public definition: {unknown}."
        if (unknown := _listed(unknown_models(device.models)))
        else "",
    ]
    lines = [
        f"maker = {_text(told['maker'] or 'unknown')}",
        f"model = {_text(told['model'] or 'unknown')}",
        f'natures = ["{nature}"]',
        f"version = {_text(told['version'] or '1')}",
        f"dialect = {_text(f'SunSpec models {_listed(ids)}')}",
        'protocol = "modbus"',
        f"source = {{ document = {_text(_source(told))} }}",
        "unknowns = [",
        *(f"    {_text(unknown)}," for unknown in unknowns if unknown),
        "]",
        "",
        *_lacks(nature, {point.name for point in own}),
        *_counters(own),
        "[modbus]",
        'table = "holding"',
        'group = "measured"',
        "max_gap_words = 20",
        "",
        "[groups]",
        "measured = { period_ms = 1000 }",
        "rated    = { period_ms = 60000 }",
        "",
        "[points]",
    ]
    return "\n".join([*lines, *(_point(point) for point in own)]) + "\n"


def _source(told: dict[str, str]) -> str:
    serial = f", serial number {told['serial']}" if told["serial"] else ""
    return f"the device itself{serial}, by SunSpec model definitions"


def _lacks(nature: str, names: set[str]) -> list[str]:
    missing = [n for n, rules in natures()[nature].points.items() if rules.required and n not in names]
    entries = [f'{name} = "the device tells no such point"' for name in missing]
    return ["[lacks]", *entries, ""] if missing else []


def _counters(own: Sequence[SunSpecPoint]) -> list[str]:
    """A battery's heartbeat shows that it works: counted up every second (model 802, Hb)."""
    if not any(point.name == _HEARTBEAT for point in own):
        return []
    return ["[[counters]]", f"point = {_text(_HEARTBEAT)}", f"frozen_after_ms = {_HEARTBEAT_LOST_MS}", ""]


def _point(point: SunSpecPoint) -> str:
    keys = [f"register = {point.address}", f'type = "{point.type}"']
    if point.flag is not None:
        keys.append(f"off = {point.flag[0]}, on = {point.flag[1]}")
    if point.chars:
        keys.append(f"chars = {point.chars}")
    if point.power:
        keys.append(f"scale = {10.0**point.power:.15g}" if point.power < 0 else f"scale = {10**point.power}.0")
    if point.scale_point:
        keys.append(f"scale_point = {_text(point.scale_point)}")
    if point.played is not None:
        keys.append(f"played = {point.played}")
    if point.unit:
        keys.append(f"unit = {_text(point.unit)}")
    if point.not_implemented is not None:
        keys.append(f"not_implemented = {point.not_implemented}")
    if point.writable:
        keys.append('access = "rw"')
    if point.signed:
        keys.append(f'positive = "{_SIGNS[point.nature]}"')
    if point.fixed:
        keys.append('group = "rated"')
    if point.enum:
        keys.append("enum = { " + ", ".join(f"{name} = {value}" for name, value in point.enum.items()) + " }")
    keys.append(f"comment = {_text(point.label)}")
    name = point.name if re.fullmatch(r"\w+", point.name) else f'"{point.name}"'
    return f"{name} = {{ {', '.join(keys)} }}"


def _file_name(told: dict[str, str], nature: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", f"{told['maker']} {told['model']}".lower()).strip("_")
    return f"sunspec_{plain or 'device'}_{nature}"


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))


def _text(told: str) -> str:
    """A TOML string."""
    escaped = told.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
