"""Devices as MESA-style battery agents describe them: settings in JSON beside a CSV list of points, read as they stand.

A row joins a standard or internal name (`mesa_name`) to the name that a driver publishes (`driver_point_name`, under
`topic_prefix`). Columns and their defaults: requirements IO-24 to IO-34; settings: DEV-03 to DEV-08. Devices may add
columns and settings: they are kept.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from runtime.core.fault import ConfigFault

Kind = TypeVar("Kind", int, float)
RPC_ATTEMPTS = 5
RPC_WAIT_S = 0.9
REQUIRED = ("mesa_name", "driver_point_name", "topic_prefix")
_NEVER_ZERO = ("scale_factor", "rpc_attempts")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SETTINGS = ("class_name", "module_name", "points", "repeatable_blocks")


@dataclass(frozen=True, slots=True, kw_only=True)
class MesaPoint:
    """One row: real value = scale_factor * raw + offset in `unit`. `more`: the columns that the device added."""

    mesa_name: str
    driver_point_name: str
    topic_prefix: str
    scale_factor: float
    offset: float
    unit: str
    rpc_attempts: int
    rpc_wait_s: float
    max_data_age_s: float
    buffer_length: int
    more: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MesaDevice:
    """One device. `options`: its settings but for those that say what it is. `blocks`: parts of it that repeat."""

    name: str
    class_name: str
    module_name: str
    options: dict[str, Any]
    blocks: tuple["MesaDevice", ...]
    points: tuple[MesaPoint, ...]


def snake(name: str) -> str:
    """A name as maps write it: AChaMax is a_cha_max, MIUF1Summary is miuf1_summary."""
    return re.sub(r"\W+", "_", _CAMEL.sub("_", name)).strip("_").lower()


def read_mesa_device(path: Path, *, is_block: bool = False) -> MesaDevice:
    """The device of a settings file, with its repeatable blocks: settings files of their own, which have none.

    Raises ConfigFault, which names file and line, when it, a list or a block is none.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigFault(f"cannot read it: {fault.strerror}", where=str(path), mend="check path and rights") from fault
    except ValueError as fault:
        raise ConfigFault(f"this is not JSON: {fault}", where=str(path), mend="write an object of settings") from fault
    if not isinstance(told, dict):
        raise ConfigFault("this is no object of settings", where=str(path), mend='write { "points": "….csv", … }')
    own_class = told.get("class_name") or ("Inverter" if "inverter" in path.stem.lower() else "BaseBattery")
    listed = path.parent / str(told.get("points") or f"{path.stem}_points.csv")
    return MesaDevice(
        name=snake(path.stem),
        class_name=str(own_class),
        module_name=str(told.get("module_name") or f"bess.device_classes.{snake(str(own_class))}"),
        options={key: value for key, value in told.items() if key not in _SETTINGS},
        blocks=_blocks(told.get("repeatable_blocks"), path, is_block=is_block),
        points=_read_points(listed),
    )


def _blocks(told: object, path: Path, *, is_block: bool) -> tuple[MesaDevice, ...]:
    if told and is_block:
        mend = "name its blocks in the settings of the device itself"
        raise ConfigFault("a repeatable block has repeatable blocks", where=str(path), mend=mend)
    match told or {}:
        case dict(named) if all(isinstance(file, str) for file in named.values()):
            read = {name: read_mesa_device(path.parent / file, is_block=True) for name, file in named.items()}
            return tuple(replace(block, name=f"{snake(path.stem)}_{snake(name)}") for name, block in read.items())
    mend = 'write "repeatable_blocks": { "string_1": "string_1.config" }'
    raise ConfigFault("`repeatable_blocks` names no settings files", where=str(path), mend=mend)


def _read_points(path: Path) -> tuple[MesaPoint, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                told = f"the columns {', '.join(missing)} are missing"
                raise ConfigFault(told, where=f"{path}:1", mend=f"the first row names {', '.join(REQUIRED)}")
            return tuple(_point(row, f"{path}:{reader.line_num}") for row in reader)
    except OSError as fault:
        mend = 'name the point list in the settings: "points": "….csv"'
        raise ConfigFault(f"cannot read it: {fault.strerror}", where=str(path), mend=mend) from fault


def _point(row: Mapping[str, str | None], where: str) -> MesaPoint:
    cells = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
    for name in REQUIRED:
        if not cells[name]:
            raise ConfigFault(f"this row has no {name}", where=where, mend="fill it in, or take the row out")
    return MesaPoint(
        mesa_name=cells.pop("mesa_name"),
        driver_point_name=cells.pop("driver_point_name"),
        topic_prefix=cells.pop("topic_prefix"),
        scale_factor=_number(cells, "scale_factor", 1.0, float, where),
        offset=_number(cells, "offset", 0.0, float, where),
        unit=cells.pop("unit", ""),
        rpc_attempts=_number(cells, "rpc_attempts", RPC_ATTEMPTS, int, where),
        rpc_wait_s=_number(cells, "rpc_wait", RPC_WAIT_S, float, where),
        max_data_age_s=_number(cells, "max_data_age", 0.0, float, where),
        buffer_length=_number(cells, "buffer_length", 1, int, where),
        more={key: value for key, value in cells.items() if value},
    )


def _number(cells: dict[str, str], name: str, default: Kind, kind: Callable[[str], Kind], where: str) -> Kind:
    told = cells.pop(name, "")
    try:
        value = kind(told) if told else default
    except ValueError as fault:
        raise ConfigFault(
            f"{name} is no number: {told}", where=where, mend="write a number, or leave it out"
        ) from fault
    signed = name in ("scale_factor", "offset")
    if not math.isfinite(value) or (value < 0 and not signed) or (value == 0 and name in _NEVER_ZERO):
        raise ConfigFault(f"{name} cannot be {told}", where=where, mend="write another number, or leave it out")
    return value
