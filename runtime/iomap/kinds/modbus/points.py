"""Points of Modbus profiles: their addresses checked, and resolved to wires."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.kinds.modbus.keys import ModbusPoint, ModbusProfile
from runtime.iomap.kinds.modbus.shape import exponent_mistakes, number_of_point, shape_mistakes
from runtime.iomap.kinds.polled import group_mistakes
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.wire import Exponent, ModbusWire

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
            loaded.wires[name] = _wire(profile, point)
    return [*found, *_overlaps(loaded), *_counter_mistakes(loaded, profile), *_order_mistakes(loaded, profile)]


def _order_mistakes(loaded: LoadedProfile, profile: ModbusProfile) -> Iterator[Diagnostic]:
    """Names in `write_order` that are none of a point that can be written, or that stand there twice."""
    writable = [name for name, point in {**profile.points, **profile.unplaced}.items() if point.access != "r"]
    for number, name in enumerate(profile.modbus.write_order):
        at = loaded.document.places.value("modbus", "write_order", number)
        if name not in writable:
            mend = did_you_mean(name, writable, what="points that can be written")
            yield error(
                "M2005", f"`{name}` has no place in the order of writes", Label(at, "cannot be written"), help=mend
            )
        elif name in profile.modbus.write_order[:number]:
            mend = "name each point once"
            yield error("M2005", f"`{name}` stands twice in the order of writes", Label(at, "again"), help=mend)


def _counter_mistakes(loaded: LoadedProfile, profile: ModbusProfile) -> Iterator[Diagnostic]:
    for number, rule in enumerate(profile.counters):
        place = ("counters", number)
        point = profile.points.get(rule.point)
        if point is None or point.access == "w":
            at = Label(loaded.document.places.value(*place, "point"), "not a point that can be read")
            readable = [name for name, point in profile.points.items() if point.access != "w"]
            mend = did_you_mean(rule.point, readable, what="points")
            yield error("M2006", f"the counter names `{rule.point}`", at, help=mend)
        elif 2 * profile.period_ms(point) > rule.frozen_after_ms:
            period_ms = profile.period_ms(point)
            at = Label(loaded.document.places.value(*place, "frozen_after_ms"), f"it is read every {period_ms} ms")
            mend = "two of its poll periods at least"
            yield error("M2006", f"the counter `{rule.point}` is read too seldom to be seen moving", at, help=mend)


def _mistakes(loaded: LoadedProfile, profile: ModbusProfile, name: str, point: ModbusPoint) -> list[Diagnostic]:
    rules = profile.modbus
    places = loaded.document.places
    table = point.table or rules.table
    found = shape_mistakes(loaded, name, point, table)
    if found:
        return found
    found = [*_place_in_table(loaded, profile, name, point), *group_mistakes(loaded, name, point)]
    found += exponent_mistakes(loaded, profile, name, point)
    if point.access != "r" and not table.is_writable:
        at = Label(places.value("points", name, "access"), f"the table `{table}` cannot be written")
        found.append(error("M2005", f"`{name}` cannot be written", at, help='use table = "holding" or "coil"'))
    return found


def _place_in_table(
    loaded: LoadedProfile, profile: ModbusProfile, name: str, point: ModbusPoint
) -> Iterator[Diagnostic]:
    wire = _wire(profile, point)
    base = profile.modbus.address_base.get(wire.table, 0)
    at = loaded.document.places.value("points", name, "register")
    if wire.address < 0 or wire.end > TABLE_SIZE:
        label = Label(at, f"{wire.table} {point.register_} is PDU address {wire.address}, {wire.words} words")
        span = f"{base} to {base + TABLE_SIZE - wire.words}"
        yield error("M2002", f"the register of `{name}` lies outside its table", label, help=f"it must be {span}")
    for first, last in profile.modbus.unreadable.get(wire.table, []):
        if point.access != "w" and point.register_ <= last and point.register_ + wire.words > first:
            label = Label(at, f"{first} to {last} are in `unreadable`")
            mend = 'correct the register or the range, or write access = "w"'
            yield error("M2002", f"`{name}` is to be read where the device must not be read", label, help=mend)


def _wire(profile: ModbusProfile, point: ModbusPoint) -> ModbusWire:
    rules = profile.modbus
    table = point.table or rules.table
    number = number_of_point(point)
    exponent = None
    if point.scale_point is not None:
        source = profile.points.get(point.scale_point)
        assumed = source.played if source is not None and isinstance(source.played, int) else 0
        exponent = Exponent(point.scale_point, assumed)
    wire = ModbusWire(
        table=table,
        address=point.register_ - rules.address_base.get(table, 0),
        type=point.type,
        number=number,
        # A text has no words that could be turned round but by its own say-so.
        word_order=point.word_order or ("big" if number.chars else rules.word_order),
        byte_order=point.byte_order or rules.byte_order,
        bit=point.bits[0] if point.bits else point.bit or 0,
        exponent=exponent,
    )
    return wire if exponent is None else replace(wire, number=wire.at_power(exponent.assumed))


def _overlaps(loaded: LoadedProfile) -> list[Diagnostic]:
    places = loaded.document.places
    wires = [(name, wire) for name, wire in loaded.wires.items() if isinstance(wire, ModbusWire)]
    ordered = sorted(wires, key=lambda item: (item[1].table, item[1].address, item[1].bit))
    found: list[Diagnostic] = []
    for (first_name, first), (name, wire) in itertools.pairwise(ordered):
        if first.table is not wire.table or wire.address >= first.end:
            continue
        apart = (first.address, first.words) == (wire.address, wire.words) and not first.mask & wire.mask
        if first.is_part and wire.is_part and apart:
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
