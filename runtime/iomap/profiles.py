"""Loads device profiles and checks what concerns no site: addresses, overlaps, groups, messages and signals."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.canprofile import check_can
from runtime.iomap.dbc import CanDatabase
from runtime.iomap.expand import expand
from runtime.iomap.natures import check_natures
from runtime.iomap.profile import ModbusRules, Point, Profile
from runtime.iomap.read import Document, did_you_mean, read_document
from runtime.iomap.wire import ModbusWire, Numeric, RawType, Wire

TABLE_SIZE = 65_536
"""Items in a Modbus table: addresses are 16 bits wide (Modbus Application Protocol V1.1b3, 4.4)."""


@dataclass(slots=True)
class LoadedProfile:
    """A profile that fits its schema, with every sound point resolved to its wire (a CAN id without offset)."""

    name: str
    document: Document[Profile]
    wires: dict[str, Wire] = field(default_factory=dict)
    database: CanDatabase | None = None

    @property
    def profile(self) -> Profile:
        """The content of the file."""
        return self.document.content


def load_profile(path: Path, dbc_folder: Path, *, shown: str = "") -> tuple[LoadedProfile | None, list[Diagnostic]]:
    """One profile and everything wrong with it; None when it does not even fit its schema."""
    document, diagnostics = read_document(path, Profile, name=shown, write_out=expand)
    if document is None:
        return None, diagnostics
    loaded = LoadedProfile(path.stem, document)
    rules = _check_can if document.content.protocol == "can" else _check_modbus
    found = rules(loaded, dbc_folder) + _check_heartbeats(loaded)
    return loaded, found or check_natures(document)  # a point with a mistake of its own is not judged twice


def _check_modbus(loaded: LoadedProfile, _dbc_folder: Path) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for name, point in loaded.profile.points.items():
        mistakes = _modbus_mistakes(loaded, name, point)
        found += mistakes
        if not mistakes:
            loaded.wires[name] = _modbus_wire(loaded.profile.modbus or ModbusRules(), point)
    return found + _overlaps(loaded)


def _modbus_mistakes(loaded: LoadedProfile, name: str, point: Point) -> list[Diagnostic]:
    rules = loaded.profile.modbus or ModbusRules()
    places = loaded.document.places
    table = point.table or rules.table
    for key, value in (("register", point.register_), ("type", point.type)):
        if value is None:
            at = Label(places.key("points", name), f"`{key}` belongs here")
            return [error("M1004", f"the key `{key}` is missing in `points.{name}`", at, help=f"add {key} = …")]
    found = [*_place_in_table(loaded, name, point, rules), *_group_mistakes(loaded, name, point, rules)]
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


def _place_in_table(loaded: LoadedProfile, name: str, point: Point, rules: ModbusRules) -> list[Diagnostic]:
    assert point.register_ is not None
    assert point.type is not None
    wire = _modbus_wire(rules, point)
    if wire.address >= 0 and wire.end <= TABLE_SIZE:
        return []
    base = rules.address_base.get(wire.table, 0)
    at = Label(
        loaded.document.places.value("points", name, "register"),
        f"{wire.table} {point.register_} is PDU address {wire.address}, {wire.words} words",
    )
    span = f"{base} to {base + TABLE_SIZE - wire.words}"
    return [error("M2002", f"the register of `{name}` lies outside its table", at, help=f"it must be {span}")]


def _group_mistakes(loaded: LoadedProfile, name: str, point: Point, rules: ModbusRules) -> list[Diagnostic]:
    group = point.group or rules.group
    if point.access == "w" or group in loaded.profile.groups:
        return []
    path = ("points", name, "group") if point.group else ("modbus", "group")
    places = loaded.document.places
    at = Label(places.value(*path) if places.has(*path) else places.key("points", name), "no such group")
    mend = did_you_mean(group, loaded.profile.groups, what="groups")
    return [
        error("M2003", f"`{name}` is in no poll group" if not group else f"unknown poll group `{group}`", at, help=mend)
    ]


def _modbus_wire(rules: ModbusRules, point: Point) -> ModbusWire:
    assert point.register_ is not None
    assert point.type is not None
    table = point.table or rules.table
    return ModbusWire(
        table=table,
        address=point.register_ - rules.address_base.get(table, 0),
        type=point.type,
        number=_number(point.type, point),
        word_order=point.word_order or rules.word_order,
        byte_order=point.byte_order or rules.byte_order,
        bit=point.bit or 0,
    )


def _number(kind: RawType, point: Point) -> Numeric:
    if kind in (RawType.BIT, RawType.FLAG):
        bits = 1 if kind is RawType.BIT else 16
        return Numeric(
            bits=bits, signed=False, floating=False, boolean=True, on=point.on, not_implemented=point.not_implemented
        )
    return Numeric(
        bits=int(kind[1:]),
        signed=kind.startswith("i"),
        floating=kind.startswith("f"),
        scale=point.scale,
        offset=point.offset,
        not_implemented=point.not_implemented,
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


def _check_can(loaded: LoadedProfile, dbc_folder: Path) -> list[Diagnostic]:
    part = check_can(loaded.document, dbc_folder)
    loaded.database = part.database
    loaded.wires |= part.wires
    return part.mistakes


def _check_heartbeats(loaded: LoadedProfile) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for number, rule in enumerate(loaded.profile.heartbeats):
        point = loaded.profile.points.get(rule.point)
        if point is None or point.access == "r":
            mend = did_you_mean(
                rule.point, [n for n, p in loaded.profile.points.items() if p.access != "r"], what="points"
            )
            at = Label(loaded.document.places.value("heartbeats", number, "point"), "not a point that can be written")
            found.append(error("M2006", f"the heartbeat names `{rule.point}`", at, help=mend))
        if rule.period_ms * 2 > rule.timeout_ms:
            at = Label(
                loaded.document.places.value("heartbeats", number, "period_ms"), f"time-out {rule.timeout_ms} ms"
            )
            mend = "change at least twice within the time-out, so that one lost write does no harm"
            found.append(error("M2006", "the heartbeat is too slow for its own time-out", at, help=mend))
    return found
