"""Writes a device of a MESA-style agent down as a profile and a site map: what a list leaves out is left to the site.

A point is called as devices of its nature have it in common (natures.toml, by its MESA name), else after its own name.
Its register comes from a column `register` (and `type`, `table`, … as keys of a profile) that the list added; without
one it is `[unplaced]`: the site gives the register. A class that has a profile here stands on it (`base`).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from runtime.iomap.kinds.modbus.keys import ModbusPoint
from runtime.iomap.profiles.mesalist import RPC_ATTEMPTS, RPC_WAIT_S, MesaDevice, MesaPoint, snake
from runtime.iomap.profiles.natures import CommonPoint, natures

CLASSES = {
    "BaseBattery": ("battery", ""),
    "LithiumIonBattery": ("battery", ""),
    "Inverter": ("inverter", ""),
    "RhombusInverterRes125": ("inverter", "rhombus_res125"),
    "Meter": ("grid_meter", ""),
}
"""Nature and base profile by the class that a device's settings name."""
INVERTER_OPTIONS: dict[str, float | int | str] = {
    "inverter_heartbeat_check_interval": 50.0,
    "inverter_heartbeat_warning_time": 60.0,
    "initial_inverter_heartbeat_count": 931,
    "inverter_heartbeat_count_limit": 750,
    "security_code_value": 125,
    "max_inverter_command": 125.0,
    "inverter_command_mode": "POWER",
}
"""Settings of inverters with the defaults of requirements INV-22 to INV-28."""
_PLAIN = (bool, int, float, str)
_TELLING = (("inverter", "inverter"), ("meter", "grid_meter"))
"""What in the name of a class tells its nature."""
SECRETS = ("security_code_value",)
_FACTORS = {("W", "kW"): 0.001, ("VA", "kVA"): 0.001, ("var", "kvar"): 0.001, ("Wh", "kWh"): 0.001, ("V", "mV"): 1000.0}
_OWN_KEYS = {field.alias or name for name, field in ModbusPoint.model_fields.items()}


@dataclass(frozen=True, slots=True)
class Written:
    """A profile and how the device is called in the site map. `remarks`: what the engineer should know."""

    profile_name: str
    profile: str
    device: str
    device_table: str
    remarks: tuple[str, ...]


def kind_of(device: MesaDevice) -> tuple[str, str]:
    """Nature and base profile of the device's class. Of one that is not known here its name tells, if anything does."""
    told = next(((nature, "") for word, nature in _TELLING if word in device.class_name.lower()), ("battery", ""))
    return CLASSES.get(device.class_name, told)


def write_block_down(block: MesaDevice, *, number: int, unit: int) -> Written:
    """A repeatable block as a sensor beside its device: its points have their own names, and none is required."""
    return _write_down(block, ("sensor", ""), number=number, unit=unit)


def write_down(device: MesaDevice, *, number: int, unit: int, of_base: Collection[str] = ()) -> Written:
    """The device as `<nature>_<number>` at a Modbus unit. `of_base`: points that the profile of its class has."""
    return _write_down(device, kind_of(device), number=number, unit=unit, of_base=of_base)


def _write_down(
    device: MesaDevice, kind: tuple[str, str], *, number: int, unit: int, of_base: Collection[str] = ()
) -> Written:
    nature, base = kind
    placed: list[str] = []
    unplaced: list[str] = []
    for point in device.points:
        name, common = _name(nature, point)
        if name in of_base and not point.more:
            continue
        keys = ", ".join(_keys(point, common, nature))
        (placed if "register" in point.more else unplaced).append(f"{_key(name)} = {{ {keys} }}")
    names = {_name(nature, point)[0] for point in device.points}
    lines = [*_head(device, nature, base), *_lacks(nature, names, bool(base))]
    lines += ["[modbus]", 'group = "polled"', "", "[groups]", "polled = { period_ms = 1000 }", ""]
    lines += ["[points]", *placed, ""] if placed else []
    lines += ["[unplaced]", *unplaced, ""] if unplaced else []
    lines += _options(device, nature)
    name = f"{nature}_{number}"
    table = [f"[devices.{name}]", f'profile = "{device.name}"', 'link = "devices"', f"unit = {unit}"]
    table += ["charge_sign = 1"] if device.options.get("charge_sign", -1) == 1 else []
    return Written(
        device.name,
        "\n".join(lines).rstrip() + "\n",
        name,
        "\n".join(table) + "\n",
        tuple(_remarks(device, unplaced, nature)),
    )


def _head(device: MesaDevice, nature: str, base: str) -> list[str]:
    return [
        'maker = "unknown"',
        f'model = "{device.class_name}"',
        f'natures = ["{nature}"]',
        'version = "1"',
        f'dialect = "{device.module_name}"',
        *([f'base = "{base}"'] if base else []),
        'protocol = "modbus"',
        f'source = {{ document = "point list of {device.name}" }}',
        'unknowns = ["Imported: registers, types and signs are as the list tells them."]',
        "",
    ]


def _lacks(nature: str, names: set[str], has_base: bool) -> list[str]:
    required = [name for name, rules in natures()[nature].points.items() if rules.required]
    missing = [] if has_base else [name for name in required if name not in names]
    return ["[lacks]", *(f'{name} = "not in the point list"' for name in missing), ""] if missing else []


def _name(nature: str, point: MesaPoint) -> tuple[str, CommonPoint | None]:
    common = ((n, rules) for n, rules in natures()[nature].points.items() if point.mesa_name in rules.mesa)
    return next(common, (snake(point.mesa_name), None))


def _keys(point: MesaPoint, common: CommonPoint | None, nature: str) -> Iterator[str]:
    factor = _FACTORS.get((point.unit, common.unit), 1.0) if common is not None else 1.0
    for key, told in point.more.items():
        if key == "type" and common is not None and common.mesa_values and told == "u16":
            yield f'type = "flag", off = {common.mesa_values[0]}, on = {common.mesa_values[1]}'
        elif key in _OWN_KEYS:
            yield f"{key} = {told}" if _is_toml_number(told) else f'{key} = "{told}"'
    if "access" not in point.more and common is not None and common.written:
        yield 'access = "rw"'
    if point.scale_factor * factor != 1.0:
        yield f"scale = {point.scale_factor * factor:.12g}"
    if point.offset:
        yield f"offset = {point.offset * factor:.12g}"
    unit = common.unit if common is not None and (factor != 1.0 or not point.unit) else point.unit
    if unit:
        yield f'unit = "{unit}"'
    if common is not None and common.signed:
        yield f'positive = "{natures()[nature].positive}"'
    if point.rpc_attempts != RPC_ATTEMPTS:
        yield f"rpc_attempts = {point.rpc_attempts}"
    if point.rpc_wait_s != RPC_WAIT_S:
        yield f"rpc_wait_ms = {round(point.rpc_wait_s * 1000)}"
    yield f"stale_after_ms = {round(point.max_data_age_s * 1000)}"
    yield f'comment = "{point.topic_prefix}/{point.driver_point_name}"'


def _options(device: MesaDevice, nature: str) -> list[str]:
    """Settings that are plain values, a secret among them with its public default only."""
    told = {k: v for k, v in device.options.items() if k not in (*SECRETS, "charge_sign") and isinstance(v, _PLAIN)}
    lines = []
    for key, value in ((INVERTER_OPTIONS if nature == "inverter" else {}) | told).items():
        secret = ", secret = true" if key in SECRETS else ""
        lines.append(f"{_key(snake(key))} = {{ default = {_toml(value)}{secret} }}")
    return ["[options]", *lines] if lines else []


def _remarks(device: MesaDevice, unplaced: list[str], nature: str) -> Iterator[str]:
    if device.class_name not in CLASSES and nature != "sensor":
        taken = f"taken as nature {nature}; what it did belongs into a program"
        yield f"class {device.class_name} is not known here: {taken}"
    kept = [point.mesa_name for point in device.points if point.buffer_length > 1]
    if kept:
        yield f"buffer_length is more than 1 for {', '.join(kept)}: only the newest value is kept"
    if unplaced:
        yield f"{len(unplaced)} points have no register: give them under [devices.NAME.registers]"
    for secret in SECRETS:
        if secret in device.options:
            yield f'{secret} was not copied: write it into a file of its own and set {secret} = {{ file = "…" }}'


def _is_toml_number(told: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?|0x[0-9a-fA-F]+|\[[\d, ]+\]|true|false", told) is not None


def _toml(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def _key(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'
