"""Makes bindings and plan from uses that have no mistakes."""

from runtime.core.binding import Bindings, CommandBinding, InputBinding, OutputBinding
from runtime.iomap.canplan import can_side, message_plans
from runtime.iomap.fit import fail_safe_value, limits
from runtime.iomap.load import LoadedSite
from runtime.iomap.merge import merge_reads
from runtime.iomap.plan import (
    DevicePlan,
    Heartbeat,
    InputPoint,
    IoPlan,
    LinkPlan,
    MessagePlan,
    OutputPoint,
    WritePolicy,
)
from runtime.iomap.profile import ModbusRules, Point
from runtime.iomap.profiles import LoadedProfile
from runtime.iomap.uses import Use, site_wire
from runtime.iomap.wire import CanWire, Wire

NS_PER_MS = 1_000_000
STALE_AFTER_PERIODS = 5
"""An input is BAD when five polls in a row brought nothing: one lost answer is no alarm."""
STALE_AFTER_NS_MIN = 2_000_000_000
"""Nor is a restart of io, which takes about a second."""


def build(site: LoadedSite, uses: list[Use]) -> tuple[Bindings, IoPlan]:
    """Bindings and plan of a site; the entries of both agree."""
    outputs = [use for use in uses if use.is_output]
    inputs: dict[str, list[Use]] = {name: [] for name in site.map.devices}
    for use in uses:
        if not use.is_output:
            inputs[use.device].append(use)
    bindings = Bindings(
        inputs={
            device: tuple(InputBinding(u.tag.name, _stale_after_ns(site, u)) for u in own)
            for device, own in inputs.items()
            if own
        },
        outputs=tuple(OutputBinding(u.tag.name, u.device, fail_safe_value(u)) for u in outputs),
        commands=tuple(CommandBinding(name, c.request, c.ack) for name, c in site.map.commands.items()),
    )
    devices: dict[str, tuple[DevicePlan, ...]] = {}
    for name, device in site.map.devices.items():
        plan = _device_plan(site, name, inputs[name], [(n, u) for n, u in enumerate(outputs) if u.device == name])
        devices[device.link] = (*devices.get(device.link, ()), plan)
    return bindings, IoPlan(
        site=site.map.site,
        served=site.map.serve,
        fail_safe_after_ns=site.map.fail_safe_after_ms * NS_PER_MS,
        links=tuple(_link_plan(site, name) for name in site.map.links if name in devices),
        devices=devices,
    )


def _device_plan(site: LoadedSite, name: str, inputs: list[Use], outputs: list[tuple[int, Use]]) -> DevicePlan:
    device = site.map.devices[name]
    loaded = site.profiles[device.profile]
    rules = loaded.profile.modbus or ModbusRules()
    points = tuple(_input_point(site, loaded, entry, use) for entry, use in enumerate(inputs))
    used = {use.name for use in inputs} | {use.name for _, use in outputs}
    groups = {n: p.group or rules.group for n, p in loaded.profile.points.items()}
    polled = loaded.profile.protocol == "modbus" and not site.map.serve
    return DevicePlan(
        name=name,
        profile=device.profile,
        nature=device.nature or loaded.profile.natures[0],
        served=site.map.serve,
        unit_id=device.unit,
        inputs=points,
        outputs=tuple(_output_point(site, loaded, entry, use) for entry, use in outputs),
        reads=merge_reads(points, groups=groups, max_words=rules.max_words, max_gap_words=rules.max_gap_words)
        if polled
        else (),
        heartbeats=() if site.map.serve else _heartbeats(site, name, used),
        messages=_messages(site, name, {u.wire for u in [*inputs, *(u for _, u in outputs)]}),
        spare=tuple(
            site_wire(w, None, device, invert=False)
            for n, w in loaded.wires.items()
            if site.map.serve and n not in used
        ),
        max_gap_words=rules.max_gap_words,
        dbc=loaded.database.text if loaded.database else "",
        dbc_format=loaded.database.format if loaded.database else "",
    )


def _input_point(site: LoadedSite, loaded: LoadedProfile, entry: int, use: Use) -> InputPoint:
    low, high = limits(use)
    return InputPoint(
        name=use.name,
        tag=use.tag.name,
        type_name=use.tag.type.name,
        entry=entry,
        wire=use.wire,
        period_ns=0 if site.map.serve and not isinstance(use.wire, CanWire) else period_ns(loaded, use.point),
        unit=use.point.unit,
        minimum=low,
        maximum=high,
        allowed=tuple(sorted({value for _, value in use.tag.labels})),
    )


def _output_point(site: LoadedSite, loaded: LoadedProfile, entry: int, use: Use) -> OutputPoint:
    low, high = limits(use)
    refresh_ms = use.point.refresh_ms if use.rule.refresh_ms is None else use.rule.refresh_ms
    return OutputPoint(
        name=use.name,
        tag=use.tag.name,
        type_name=use.tag.type.name,
        entry=entry,
        wire=use.wire,
        fail_safe=fail_safe_value(use),
        policy=WritePolicy(
            dead_band=use.rule.dead_band,
            refresh_ns=refresh_ms * NS_PER_MS,
            min_interval_ns=use.rule.min_interval_ms * NS_PER_MS,
        ),
        read_back=use.rule.read_back,
        period_ns=period_ns(loaded, use.point) if site.map.serve or isinstance(use.wire, CanWire) else 0,
        unit=use.point.unit,
        minimum=low,
        maximum=high,
    )


def period_ns(loaded: LoadedProfile, point: Point) -> int:
    """How often a point crosses the bus: its poll group's or its message's period; 0 when it is only written."""
    if point.message is not None:
        return loaded.profile.messages[point.message].period_ms * NS_PER_MS
    group = point.group or (loaded.profile.modbus or ModbusRules()).group
    if point.access == "w" or group not in loaded.profile.groups:
        return 0
    return loaded.profile.groups[group].period_ms * NS_PER_MS


def _stale_after_ns(site: LoadedSite, use: Use) -> int:
    if use.rule.stale_after_ms is not None:
        return use.rule.stale_after_ms * NS_PER_MS
    loaded = site.profiles[site.map.devices[use.device].profile]
    if use.point.message is not None:
        return loaded.profile.messages[use.point.message].timeout_ms * NS_PER_MS
    return 0 if site.map.serve else max(STALE_AFTER_PERIODS * period_ns(loaded, use.point), STALE_AFTER_NS_MIN)


def _heartbeats(site: LoadedSite, name: str, used: set[str]) -> tuple[Heartbeat, ...]:
    device = site.map.devices[name]
    loaded = site.profiles[device.profile]
    return tuple(
        Heartbeat(
            point=rule.point,
            wire=site_wire(loaded.wires[rule.point], None, device, invert=False),
            kind=rule.kind,
            period_ns=rule.period_ms * NS_PER_MS,
            minimum=rule.min,
            maximum=rule.max,
        )
        for rule in loaded.profile.heartbeats
        if rule.point not in used
    )


def _messages(site: LoadedSite, name: str, wires: set[Wire]) -> tuple[MessagePlan, ...]:
    side = can_side(site, name)
    used = {wire.message for wire in wires if isinstance(wire, CanWire)}
    return () if side is None else message_plans(side, used)


def _link_plan(site: LoadedSite, name: str) -> LinkPlan:
    link = site.map.links[name]
    return LinkPlan(
        name=name,
        protocol=link.kind,
        host=link.host,
        port=link.port or (502 if link.kind == "modbus_tcp" else 43113),
        timeout_ns=link.timeout_ms * NS_PER_MS,
        attempts=link.attempts,
        backoff_min_ns=link.backoff_min_ms * NS_PER_MS,
        backoff_max_ns=max(link.backoff_min_ms, link.backoff_max_ms) * NS_PER_MS,
        interface=link.interface,
        channel=link.channel,
        bitrate=link.bitrate,
        local_address=link.local_address,
    )
