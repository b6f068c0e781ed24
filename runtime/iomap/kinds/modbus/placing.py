"""Where a profile's points lie for one device of a site: moved as a block, or at registers that only the site knows.

A unit that carries several like devices (racks of a bank) has one profile whose registers count from the base of one;
each device then names its `register_offset`. Where no public document gives registers, the profile has its points under
`[unplaced]`, and the site's `[devices.NAME.registers]` places those that the program uses.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.kinds.modbus.keys import ModbusDevice, ModbusPoint, ModbusProfile
from runtime.iomap.kinds.modbus.points import resolve
from runtime.iomap.profiles.profile import Point
from runtime.iomap.reading.locate import Locator
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.sitemap import Device
from runtime.iomap.wire import ModbusWire, Table


def place(loaded: LoadedProfile, name: str, device: Device, places: Locator) -> tuple[LoadedProfile, list[Diagnostic]]:
    """See `DeviceProtocol.place`."""
    profile = loaded.profile
    assert isinstance(profile, ModbusProfile), "the profile is of this protocol"
    assert isinstance(device, ModbusDevice), "the device is on a link of this protocol"
    if not device.register_offset and not device.registers:
        return loaded, []
    found = [*_unknown(profile, loaded, name, device, places)]
    points = {n: _moved(point, n, device) for n, point in profile.points.items()}
    points |= {n: _given(point, n, device) for n, point in profile.unplaced.items() if n in device.registers}
    unplaced = {n: point for n, point in profile.unplaced.items() if n not in points}
    content = profile.model_copy(update={"points": points, "unplaced": unplaced})
    placed = LoadedProfile(loaded.name, replace(loaded.document, content=content), loaded.protocol)
    mistakes = [_at_site(told, name, device, places) for told in resolve(placed, Path())]
    found += {(d.code, d.place): d for d in reversed(mistakes)}.values()  # an offset too large is told once
    return placed, found


def check_shared_units(site: LoadedSite) -> Iterator[Diagnostic]:
    """Devices of one unit that claim a register in common."""
    units: dict[tuple[str, int], list[str]] = {}
    for name, device in site.map.devices.items():
        if not isinstance(device, ModbusDevice):
            continue
        others = units.setdefault((device.link, device.unit), [])
        first = next((other for other in others if _share_registers(site, name, other)), None)
        others.append(name)
        if first is None:
            continue
        places = site.document.places
        yield error(
            "M4002",
            f"`{name}` and `{first}` are the same unit of link {device.link}",
            Label(places.value("devices", name, "unit"), f"unit {device.unit}"),
            Label(places.value("devices", first, "unit"), f"unit {device.unit} here too"),
            help="every device on a link has a unit of its own, or registers of its own in one unit (register_offset)",
        )


def _share_registers(site: LoadedSite, name: str, other: str) -> bool:
    """Devices whose profiles are not known are taken to."""
    if name not in site.placed or other not in site.placed:
        return True
    return not _registers(site.placed[name]).isdisjoint(_registers(site.placed[other]))


def _registers(loaded: LoadedProfile) -> set[tuple[Table, int]]:
    wires = [wire for wire in loaded.wires.values() if isinstance(wire, ModbusWire)]
    return {(wire.table, address) for wire in wires for address in range(wire.address, wire.end)}


def _unknown(
    profile: ModbusProfile, loaded: LoadedProfile, name: str, device: ModbusDevice, places: Locator
) -> Iterator[Diagnostic]:
    known = {*profile.points, *profile.unplaced}
    for point in device.registers:
        if point not in known:
            at = Label(places.key("devices", name, "registers", point), f"not in {loaded.document.path.name}")
            mend = did_you_mean(point, known, what="points")
            yield error("M3001", f"the profile {device.profile} has no point `{point}`", at, help=mend)


def _moved(point: ModbusPoint, name: str, device: ModbusDevice) -> ModbusPoint:
    if name in device.registers:
        return _given(point, name, device)
    return point.model_copy(update={"register_": point.register_ + device.register_offset})


def _given(point: Point, name: str, device: ModbusDevice) -> ModbusPoint:
    """The point of the profile, with what the site says of it."""
    told = {key: getattr(point, key) for key in point.model_fields_set}
    given = {key: getattr(device.registers[name], key) for key in device.registers[name].model_fields_set}
    return ModbusPoint.model_construct(**(told | given))


def _at_site(told: Diagnostic, name: str, device: ModbusDevice, places: Locator) -> Diagnostic:
    """A mistake of a placed profile, shown where the site places it."""
    point = next((p for p in device.registers if f"`{p}`" in told.message), None)
    path = ("register_offset",) if point is None else ("registers", point)
    label = Label(places.value("devices", name, *path), told.labels[0].text)
    return replace(told, labels=(label,), help=told.help if point is not None else "take a smaller register_offset")
