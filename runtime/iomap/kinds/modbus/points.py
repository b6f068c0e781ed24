"""Points of Modbus profiles: their addresses checked, and resolved to wires."""

import itertools
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.kinds.modbus.keys import ModbusPoint, ModbusProfile, ModbusRules
from runtime.iomap.kinds.polled import group_mistakes, number_of
from runtime.iomap.loaded import LoadedProfile
from runtime.iomap.wire import ModbusWire, RawType

TABLE_SIZE = 65_536
"""Items in a Modbus table: addresses are 16 bits wide (Modbus Application Protocol V1.1b3, 4.4)."""


def resolve(loaded: LoadedProfile, _dbc_folder: Path) -> list[Diagnostic]:
    """See `DeviceProtocol.resolve`."""
    profile = loaded.profile
    assert isinstance(profile, ModbusProfile), "the schema of this protocol"
    found: list[Diagnostic] = []
    loaded.unplaced = frozenset(profile.unplaced)
    for name, point in profile.points.items():
        mistakes = _mistakes(loaded, profile, name, point)
        found += mistakes
        if not mistakes:
            loaded.wires[name] = _wire(profile.modbus, point)
    return found + _overlaps(loaded)


def _mistakes(loaded: LoadedProfile, profile: ModbusProfile, name: str, point: ModbusPoint) -> list[Diagnostic]:
    rules = profile.modbus
    places = loaded.document.places
    table = point.table or rules.table
    found = [*_place_in_table(loaded, name, point, rules), *group_mistakes(loaded, name, point)]
    kind = point.type
    if (kind is RawType.BIT) != (point.bit is not None) and not table.is_bits:
        at = Label(places.key("points", name), "type bit and key bit go together")
        found.append(
            error("M2005", f"`{name}` does not say which bit it is", at, help='write type = "bit", bit = 0…15')
        )
    if table.is_bits and kind is not RawType.BIT:
        at = Label(places.value("points", name, "type"), f"a {table} is one bit")
        found.append(error("M2005", f"`{name}` is in a bit table", at, help='write type = "bit"'))
    if point.access != "r" and (not table.is_writable or (kind is RawType.BIT and not table.is_bits)):
        what = "one bit of a register" if table.is_writable else f"the table `{table}`"
        at = Label(places.value("points", name, "access"), f"{what} cannot be written")
        found.append(error("M2005", f"`{name}` cannot be written", at, help='use table = "holding" or "coil"'))
    return found


def _place_in_table(loaded: LoadedProfile, name: str, point: ModbusPoint, rules: ModbusRules) -> list[Diagnostic]:
    wire = _wire(rules, point)
    if wire.address >= 0 and wire.end <= TABLE_SIZE:
        return []
    base = rules.address_base.get(wire.table, 0)
    at = Label(
        loaded.document.places.value("points", name, "register"),
        f"{wire.table} {point.register_} is PDU address {wire.address}, {wire.words} words",
    )
    span = f"{base} to {base + TABLE_SIZE - wire.words}"
    return [error("M2002", f"the register of `{name}` lies outside its table", at, help=f"it must be {span}")]


def _wire(rules: ModbusRules, point: ModbusPoint) -> ModbusWire:
    table = point.table or rules.table
    return ModbusWire(
        table=table,
        address=point.register_ - rules.address_base.get(table, 0),
        type=point.type,
        number=number_of(point.type, point, on=point.on),
        word_order=point.word_order or rules.word_order,
        byte_order=point.byte_order or rules.byte_order,
        bit=point.bit or 0,
    )


def _overlaps(loaded: LoadedProfile) -> list[Diagnostic]:
    places = loaded.document.places
    wires = [(name, wire) for name, wire in loaded.wires.items() if isinstance(wire, ModbusWire)]
    ordered = sorted(wires, key=lambda item: (item[1].table, item[1].address, item[1].bit))
    found: list[Diagnostic] = []
    for (first_name, first), (name, wire) in itertools.pairwise(ordered):
        if first.table is not wire.table or wire.address >= first.end:
            continue
        if first.type is wire.type is RawType.BIT and first.bit != wire.bit:
            continue
        found.append(
            error(
                "M2001",
                f"`{name}` and `{first_name}` overlap in table {wire.table}",
                Label(places.value("points", name, "register"), f"PDU address {wire.address} to {wire.end - 1}"),
                Label(
                    places.value("points", first_name, "register"), f"PDU address {first.address} to {first.end - 1}"
                ),
                help="correct the register or the type of one of them",
            )
        )
    return found
