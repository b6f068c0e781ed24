"""The kinds of links to Modbus devices, and what a Modbus device's plan holds besides its points."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from runtime.core.elementary import Value
from runtime.iomap.kinds.kind import DeviceProtocol, LinkKind
from runtime.iomap.kinds.modbus.keys import (
    ModbusDevice,
    ModbusProfile,
    ModbusRtuLink,
    ModbusRtuTcpLink,
    ModbusRules,
    ModbusTcpLink,
    SerialDevice,
)
from runtime.iomap.kinds.modbus.placing import check_shared_units, place
from runtime.iomap.kinds.modbus.points import resolve
from runtime.iomap.plan.merge import merge_reads, write_runs
from runtime.iomap.plan.plan import CounterPoint, DevicePlan, ExponentPoint, InputPoint, ReadRequest
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.sites.sitemap import NS_PER_MS, Device
from runtime.iomap.wire import ModbusWire, Wire


def _complete(plan: DevicePlan, loaded: LoadedProfile, device: Device) -> DevicePlan:
    profile = loaded.profile
    assert isinstance(profile, ModbusProfile), "the profile is of this protocol"
    assert isinstance(device, ModbusDevice), "the device is on a link of this protocol"
    rules = profile.modbus
    exponents, counters = _exponents(plan, loaded), _counters(loaded, profile)
    reads = (
        # Scales first: the values that they belong to come with the reads after them.
        *(
            replace(read, entries=(), exponents=read.entries)
            for read in _silent_reads([(e.name, e.wire) for e in exponents], profile)
        ),
        *(
            replace(read, entries=(), counters=read.entries)
            for read in _silent_reads([(c.name, c.wire) for c in counters], profile)
        ),
        *_reads(plan.inputs, profile),
    )
    return replace(
        plan,
        unit_id=device.unit,
        reads=() if plan.served else reads,
        max_gap_words=rules.max_gap_words,
        exponents=exponents,
        counters=counters,
        held=_held(plan, loaded, profile) if plan.served else (),
        mask_write=rules.mask_write,
        read_write=rules.read_write,
        write_runs=write_runs(plan.outputs, alone=rules.write_order) if rules.write_together else (),
        write_order=_write_order(plan, rules),
        max_write_words=rules.write_words_max,
    )


def _write_order(plan: DevicePlan, rules: ModbusRules) -> tuple[int, ...]:
    places = {point.name: place for place, point in enumerate(plan.outputs)}
    return tuple(places[name] for name in rules.write_order if name in places)


def _reads(points: Iterable[InputPoint], profile: ModbusProfile) -> tuple[ReadRequest, ...]:
    rules = profile.modbus
    return merge_reads(
        points,
        groups={name: profile.group_of(point) for name, point in profile.points.items()},
        max_words=rules.max_words,
        max_gap_words=rules.max_gap_words,
        unreadable={
            table: tuple(
                (low - rules.address_base.get(table, 0), high - rules.address_base.get(table, 0)) for low, high in spans
            )
            for table, spans in rules.unreadable.items()
        },
    )


def _exponents(plan: DevicePlan, loaded: LoadedProfile) -> tuple[ExponentPoint, ...]:
    wires: list[Wire] = [*(point.wire for point in plan.inputs), *(point.wire for point in plan.outputs)]
    named = {wire.exponent.point: None for wire in wires if isinstance(wire, ModbusWire) and wire.exponent}
    return tuple(ExponentPoint(name=name, wire=_modbus(loaded.wires[name])) for name in named)


def _counters(loaded: LoadedProfile, profile: ModbusProfile) -> tuple[CounterPoint, ...]:
    return tuple(
        CounterPoint(
            name=rule.point,
            wire=_modbus(loaded.wires[rule.point]),
            frozen_after_ns=rule.frozen_after_ms * NS_PER_MS,
        )
        for rule in profile.counters
    )


def _silent_reads(points: list[tuple[str, ModbusWire]], profile: ModbusProfile) -> Iterator[ReadRequest]:
    """Reads of points that feed no tag; `entries` are their places."""
    yield from _reads(
        [
            InputPoint(
                name=name,
                tag="",
                type_name="INT",
                entry=entry,
                wire=wire,
                period_ns=profile.period_ms(profile.points[name]) * NS_PER_MS,
            )
            for entry, (name, wire) in enumerate(points)
        ],
        profile,
    )


def _held(plan: DevicePlan, loaded: LoadedProfile, profile: ModbusProfile) -> tuple[tuple[ModbusWire, Value], ...]:
    driven = {point.name for point in plan.outputs}
    return tuple(
        (_modbus(loaded.wires[name]), point.played)
        for name, point in profile.points.items()
        if point.played is not None and name not in driven
    )


def _modbus(wire: Wire) -> ModbusWire:
    assert isinstance(wire, ModbusWire), "the points of a Modbus profile are Modbus points"
    return wire


MODBUS = DeviceProtocol(
    name="modbus",
    profile=ModbusProfile,
    resolve=resolve,
    complete=_complete,
    place=place,
    conflicts=check_shared_units,
)
MODBUS_TCP = LinkKind(name="modbus_tcp", protocol=MODBUS, link=ModbusTcpLink, device=ModbusDevice, playable=True)
MODBUS_RTU = LinkKind(name="modbus_rtu", protocol=MODBUS, link=ModbusRtuLink, device=SerialDevice, playable=True)
MODBUS_RTU_TCP = LinkKind(
    name="modbus_rtu_tcp", protocol=MODBUS, link=ModbusRtuTcpLink, device=SerialDevice, playable=True
)
