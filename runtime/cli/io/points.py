"""`voltscan io read` and `watch`: points of devices, from the running controller or, without one, from the devices.

Read from the devices, nothing is written to them; on CAN, messages that only ask for values are sent.
"""

import contextlib
import fnmatch
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.cli.io.fieldmap import FieldMap, read_field_map
from runtime.cli.io.session import Session
from runtime.cli.textable import table
from runtime.core.duration import duration_ns, duration_text
from runtime.core.elementary import Value
from runtime.core.fault import ConfigFault
from runtime.core.quality import Quality
from runtime.core.tag import Tag
from runtime.drivers.engine import IoEngine
from runtime.iomap.sites.everypoint import plan_of_every_point
from runtime.wire.client import Client, connect
from runtime.wire.values import MASKED, show

CLEAR_SCREEN = "\x1b[H\x1b[J"


@dataclass(frozen=True, slots=True)
class PointValue:
    """A point as it was last read. `age_ms` below 0: never."""

    name: str
    value: Value | None
    unit: str
    quality: Quality
    age_ms: float


def read_points(path: Path, patterns: Sequence[str], *, wait: str, as_json: bool) -> int:
    """Print the points that match once all have been read, or after the wait; 1 when one has no good value."""
    field = read_field_map(path)
    found: list[PointValue] = []

    def enough(values: list[PointValue]) -> bool:
        found[:] = values
        return all(value.age_ms >= 0 and value.quality is not Quality.BAD for value in values)

    told = _follow(field, patterns, seconds=duration_ns(wait) / 1e9, each=enough)
    _print(found, as_json=as_json)
    for text in told:
        print(text, file=sys.stderr)
    return 1 if any(value.quality is Quality.BAD for value in found) else 0


def watch_points(path: Path, patterns: Sequence[str], *, every: str, length: str, as_json: bool) -> int:
    """Print the points that match again and again, until the time is over or somebody interrupts."""
    field = read_field_map(path)
    period_s, next_s = duration_ns(every) / 1e9, 0.0
    screen = sys.stdout.isatty() and not as_json

    def show_all(values: list[PointValue]) -> bool:
        nonlocal next_s
        if time.monotonic() >= next_s:
            next_s = time.monotonic() + period_s
            print(CLEAR_SCREEN if screen else "", end="")
            _print(values, as_json=as_json)
        return False

    with contextlib.suppress(KeyboardInterrupt):
        _follow(field, patterns, seconds=duration_ns(length) / 1e9 if length else 1e9, each=show_all)
    return 0


def _follow(
    field: FieldMap, patterns: Sequence[str], *, seconds: float, each: Callable[[list[PointValue]], bool]
) -> list[str]:
    """Hand over the values again and again until `each` has had enough; what drivers complained of."""
    if field.loaded.map.serve:
        raise ConfigFault("this map plays its devices", mend="name the map of the controller that polls them")
    names = [tag.name for tag in field.tags if _fits(tag.name, patterns)]
    if not names:
        close = field.tags.nearest(patterns[0]) if patterns else None
        raise ConfigFault("no point of the map matches", mend=f"did you mean {close}?" if close else "see the profiles")
    if field.runs:
        _follow_controller(field, names, seconds, each)
        return []
    wanted = set(names)
    session = Session(plan_of_every_point(field.loaded, wanted.__contains__))
    session.run(seconds=seconds, done=lambda engine: each(list(_from_engine(field, engine))))
    return session.events


def _from_engine(field: FieldMap, engine: IoEngine) -> Iterator[PointValue]:
    now_ns = time.monotonic_ns()
    for devices in engine.plan.devices.values():
        for device in devices:
            for point, (value, quality, stamp_ns) in zip(
                device.inputs, engine.pages[device.name].readings, strict=True
            ):
                age_ms = (now_ns - stamp_ns) / 1e6 if stamp_ns else -1.0
                name = f"{device.name}.{point.name}"
                yield PointValue(name, _labelled(value, field.tags.tag(name)), point.unit, quality, age_ms)


def _labelled(value: Value | None, tag: Tag | None) -> Value | None:
    if tag is not None and tag.secret and value is not None:
        return MASKED
    labels = {} if tag is None else {number: label for label, number in tag.labels}
    return labels.get(value, value) if isinstance(value, int) else value


def _follow_controller(
    field: FieldMap, names: list[str], seconds: float, each: Callable[[list[PointValue]], bool]
) -> None:
    end_s = time.monotonic() + seconds
    with connect(field.site) as client:
        known = {tag["name"].lower() for tag in client.request("tags", variables=False)["tags"]}
        asked = [name for name in names if name.lower() in known]
        if not asked:
            mend = "stop the controller to read the devices themselves"
            raise ConfigFault(f"the program of {field.site} uses none of these points", mend=mend)
        while not each(list(_from_controller(client, asked))) and time.monotonic() < end_s:
            time.sleep(0.2)


def _from_controller(client: Client, names: list[str]) -> Iterator[PointValue]:
    for told in client.request("read", names=names)["values"]:
        quality = Quality(told["quality"]) if "quality" in told else Quality.GOOD
        yield PointValue(told["name"], told["value"], told["unit"], quality, told.get("age_ms", 0))


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(name.lower(), p.lower().replace("[", "[[]")) for p in patterns)


def _print(values: list[PointValue], *, as_json: bool) -> None:
    if as_json:
        told = [
            {"name": v.name, "value": v.value, "unit": v.unit, "quality": v.quality.name, "age_ms": round(v.age_ms)}
            for v in values
        ]
        print(json.dumps(told), flush=True)
        return
    rows = [
        (
            v.name,
            "" if v.value is None else show(v.value, ""),
            v.unit,
            v.quality.name,
            "never read" if v.age_ms < 0 else f"{duration_text(int(v.age_ms) * 1_000_000)} ago",
        )
        for v in values
    ]
    print(table(rows, right=(1,)), flush=True)
