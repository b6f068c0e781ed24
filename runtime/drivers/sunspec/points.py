"""The points of discovered models, by pysunspec2's definitions: where each lies, its type, unit and scale, and a name.

A point that the nature of its model has in common with other devices (iomap/profiles/natures.toml, by its MESA name)
takes that name and unit; any other is called after its model: `m160_module_dcw_kw[2]`. What the device does not
implement is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sunspec2.device import Group, Model, ModelError

from runtime.core.fault import DriverFault
from runtime.drivers.sunspec.discovery import FoundModel
from runtime.iomap.profiles.natures import natures

NATURES: dict[str, tuple[int, ...]] = {
    "inverter": (101, 102, 103, 111, 112, 113, 701, 714),
    "battery": (802, 803, 804, 805),
    "grid_meter": (201, 202, 203, 204, 211, 212, 213, 214),
}
"""Natures by the models that make a device one; every other model belongs to the first nature that is there."""
NAMEPLATES = (120, 121, 702)
DER_TYPE, DER_PV = 2, 4
"""Model 120: where it tells what kind of resource it is, and what PV without storage is."""
_TYPES = {
    "int16": ("i16", -0x8000),
    "uint16": ("u16", 0xFFFF),
    "count": ("u16", None),
    "acc16": ("u16", None),
    "enum16": ("u16", 0xFFFF),
    "bitfield16": ("u16", 0xFFFF),
    "int32": ("i32", -0x8000_0000),
    "uint32": ("u32", 0xFFFF_FFFF),
    "acc32": ("u32", None),
    "enum32": ("u32", 0xFFFF_FFFF),
    "bitfield32": ("u32", 0xFFFF_FFFF),
    "int64": ("i64", -0x8000_0000_0000_0000),
    "uint64": ("u64", 0xFFFF_FFFF_FFFF_FFFF),
    "acc64": ("u64", None),
    "float32": ("f32", None),
    "float64": ("f64", None),
}
"""Register type and the raw value of what is not implemented (a NaN is known as such); of other types only texts
are points."""
_UNITS = {
    "W": ("kW", -3),
    "VA": ("kVA", -3),
    "var": ("kvar", -3),
    "Var": ("kvar", -3),
    "Wh": ("kWh", -3),
    "WH": ("kWh", -3),
    "VAh": ("kVAh", -3),
    "varh": ("kvarh", -3),
    "Varh": ("kvarh", -3),
    "V": ("V", 0),
    "A": ("A", 0),
    "Hz": ("Hz", 0),
    "C": ("°C", 0),
    "AH": ("Ah", 0),
    "Ah": ("Ah", 0),
    "Secs": ("s", 0),
    "Pct": ("%", 0),
}
"""Unit here and the power of ten that leads to it, by unit there. Percentages of something begin with %."""
_POWER_TO_COMMON = {("V", "mV"): 3, ("%", ""): -2}
"""From a unit to that of a common point: cell voltages in mV, a power factor as a number."""
_SUFFIXES = {"°C": "c", "%": "pct"}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class SunSpecPoint:
    """One implemented point. Engineering value = raw * 10**`power`, times ten to the power that the point `scale_point`
    tells ("": none). `flag`: its numbers for FALSE and TRUE. `played`: what a scale factor was when it was discovered.
    `chars`: the room that a text has.
    """

    name: str
    nature: str
    label: str
    address: int
    type: str
    power: int
    unit: str
    writable: bool
    signed: bool
    not_implemented: int | None
    fixed: bool
    enum: dict[str, int]
    flag: tuple[int, int] | None = None
    scale_point: str = ""
    played: int | None = None
    chars: int = 0


def nature_of(models: list[FoundModel], model_id: int) -> str:
    """What a model belongs to in this device."""
    ids = [model.model_id for model in models]
    present = [nature for nature, marks in NATURES.items() if any(mark in ids for mark in marks)]
    own = next((nature for nature, marks in NATURES.items() if model_id in marks), None)
    found = own or next(iter(present), "sensor")
    return "pv_inverter" if found == "inverter" and _is_of_pv(models) else found


def _is_of_pv(models: list[FoundModel]) -> bool:
    """Does its nameplate (model 120) say that it has PV modules and no storage?"""
    return any(found.model_id == 120 and found.words[DER_TYPE : DER_TYPE + 1] == (DER_PV,) for found in models)


def points_of(models: list[FoundModel]) -> Iterator[SunSpecPoint]:
    """The points of all models that pysunspec2 knows, in order of address; names are unique within a nature."""
    taken: set[tuple[str, str]] = set()
    for found in models:
        nature = nature_of(models, found.model_id)
        for group, name, point in _points(_model(found), ""):
            made = _point(found, nature, group, name, point, taken)
            if made is not None:
                taken.add((nature, made.name))
                yield made


def unknown_models(models: list[FoundModel]) -> list[int]:
    """Ids of models that pysunspec2 has no definition of: mostly the maker's own."""
    return [found.model_id for found in models if _decoded(found).model_def is None]


def identity(models: list[FoundModel]) -> dict[str, str]:
    """Maker, model, version and serial number as the device tells them (model 1)."""
    common = next((found for found in models if found.model_id == 1), None)
    if common is None:
        raise DriverFault("the device has no common model", mend="ask the maker: SunSpec requires model 1")
    told = _decoded(common).points
    keys = {"maker": "Mn", "model": "Md", "version": "Vr", "serial": "SN"}
    return {key: str(told[name].value or "").strip() for key, name in keys.items()}


def _decoded(found: FoundModel) -> Model:
    raw = b"".join(word.to_bytes(2, "big") for word in found.words)
    return Model(model_id=found.model_id, model_addr=found.address, model_len=len(found.words) - 2, data=raw)


def _model(found: FoundModel) -> Group:
    try:
        return _decoded(found)
    except ModelError as fault:
        told = f"model {found.model_id} at {found.address} contradicts its definition: {fault}"
        raise DriverFault(told, mend="ask the maker which version of the model it has") from fault


def _points(group: Group, path: str) -> Iterator[tuple[Group, str, Any]]:
    """Each point with its group and its name in the model: `Crv_Pt_V[2,3]`."""
    for name, point in group.points.items():
        if not path and name in ("ID", "L"):
            continue
        head, _, numbers = path.partition("[")
        yield group, f"{head}{'_' if head else ''}{name}{'[' + numbers if numbers else ''}", point
    for name, inner in group.groups.items():
        for number, one in enumerate(inner if isinstance(inner, list) else [None], 1):
            head, _, numbers = path.partition("[")
            told = [*([numbers[:-1]] if numbers else []), *([str(number)] if isinstance(inner, list) else [])]
            deeper = f"{head}{'_' if head else ''}{name}" + (f"[{','.join(told)}]" if told else "")
            yield from _points(inner if one is None else one, deeper)


def _point(
    found: FoundModel, nature: str, group: Group, name: str, point: Any, taken: set[tuple[str, str]]
) -> SunSpecPoint | None:
    if point.pdef["type"] == "sunssf" and point.value is not None:
        return _scale_factor(found, nature, name, point)
    kind = _TYPES.get(point.pdef["type"])
    if point.pdef["type"] == "string" and str(point.value or "").strip():
        return _text(found, nature, name, point)
    if kind is None or point.value is None:
        return None
    unit, power = _unit(str(point.pdef.get("units") or ""))
    scale_point = group.points.get(point.sf) or group.model.points.get(point.sf) if point.sf else None
    power += point.sf_value or 0 if scale_point is None else 0
    own_name, signed, flag = _own_name(found.model_id, name, unit), False, None
    common = _common(nature, name)
    if common is not None and (nature, common) not in taken:
        rules = natures()[nature].points[common]
        if unit == rules.unit or (unit, rules.unit) in _POWER_TO_COMMON:
            power += _POWER_TO_COMMON.get((unit, rules.unit), 0)
            unit, signed, own_name = rules.unit, rules.signed, common
            flag = (rules.mesa_values[0], rules.mesa_values[1]) if rules.mesa_values else None
    return SunSpecPoint(
        name=own_name,
        nature=nature,
        label=str(point.pdef.get("label") or name),
        address=found.address + point.offset,
        type=kind[0] if flag is None else "flag",
        power=power,
        unit=unit,
        writable=point.pdef.get("access") == "RW",
        signed=signed,
        not_implemented=kind[1],
        fixed=point.pdef.get("static") == "S" or found.model_id in NAMEPLATES,
        enum=_symbols(point.pdef) if flag is None else {},
        flag=flag,
        scale_point="" if scale_point is None or scale_point.value is None else _scale_name(found, group, name, point),
    )


def _scale_name(found: FoundModel, group: Group, name: str, point: Any) -> str:
    """The name of a point's scale factor: in its own repeated group, or in the model."""
    head, bracket, numbers = name.partition("[")
    beside = f"{head[: -len(point.pdef['name'])]}{point.sf}{bracket}{numbers}"
    return _own_name(found.model_id, beside if point.sf in group.points else point.sf, "")


def _text(found: FoundModel, nature: str, name: str, point: Any) -> SunSpecPoint:
    plain = _plain(found, nature, name, point)
    return replace(plain, type="string", fixed=True, chars=2 * point.len, writable=point.pdef.get("access") == "RW")


def _scale_factor(found: FoundModel, nature: str, name: str, point: Any) -> SunSpecPoint:
    return replace(_plain(found, nature, name, point), played=point.value)


def _plain(found: FoundModel, nature: str, name: str, point: Any) -> SunSpecPoint:
    """One that is only read, as it stands."""
    return SunSpecPoint(
        name=_own_name(found.model_id, name, ""),
        nature=nature,
        label=str(point.pdef.get("label") or name),
        address=found.address + point.offset,
        type="i16",
        power=0,
        unit="",
        writable=False,
        signed=False,
        not_implemented=None,
        fixed=False,
        enum={},
    )


def _symbols(definition: dict[str, Any]) -> dict[str, int]:
    if not definition["type"].startswith("enum"):
        return {}
    return {re.sub(r"\W", "_", symbol["name"]): symbol["value"] for symbol in definition.get("symbols") or []}


def _unit(told: str) -> tuple[str, int]:
    return ("%", 0) if told.strip().startswith("%") and "/" not in told else _UNITS.get(told.strip(), ("", 0))


def _common(nature: str, name: str) -> str | None:
    """The common name of a point of a model's own group; those of its repeated groups have none."""
    return next((common for common, rules in natures()[nature].points.items() if name in rules.mesa), None)


def _own_name(model_id: int, name: str, unit: str) -> str:
    head, bracket, numbers = name.partition("[")
    snake = _CAMEL.sub("_", head).lower()
    suffix = _SUFFIXES.get(unit, unit.lower())
    ends = "" if not suffix or snake.endswith(f"_{suffix}") else f"_{suffix}"
    return f"m{model_id}_{snake}{ends}{bracket}{numbers}"
