"""Makes bindings and plan from uses that have no mistakes."""

from dataclasses import replace

from runtime.core.binding import Bindings, CommandBinding, InputBinding, OutputBinding
from runtime.iomap.checks.fences import plan_fence
from runtime.iomap.checks.fit import fail_safe_value, limits
from runtime.iomap.plan.plan import (
    DevicePlan,
    Heartbeat,
    InputPoint,
    IoPlan,
    OutputPoint,
    WritePolicy,
)
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.sitemap import NS_PER_MS
from runtime.iomap.sites.use import Use
from runtime.iomap.sites.uses import site_wire


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
        without_lease=site.map.without_lease,
        links=tuple(link.plan(name) for name, link in site.map.links.items() if name in devices),
        devices=devices,
    )


def _device_plan(site: LoadedSite, name: str, inputs: list[Use], outputs: list[tuple[int, Use]]) -> DevicePlan:
    device = site.map.devices[name]
    loaded = site.placed[name]
    used = {use.name for use in inputs} | {use.name for _, use in outputs}
    fence = plan_fence(site, name, [use.wire for _, use in outputs])
    driven = (replace(_output_point(site, loaded, n, use), fenced=fence is not None) for n, use in outputs)
    plan = DevicePlan(
        name=name,
        profile=device.profile,
        nature=device.nature or loaded.profile.natures[0],
        served=site.map.serve,
        inputs=tuple(_input_point(site, loaded, entry, use) for entry, use in enumerate(inputs)),
        outputs=tuple(driven),
        heartbeats=() if site.map.serve else _heartbeats(site, name, used),
        spare=tuple(
            site_wire(loaded, w, None, device, invert=False)
            for n, w in loaded.wires.items()
            if site.map.serve and n not in used
        ),
        faults=tuple(fault.plan() for fault in site.map.faults if fault.device == name),
        fence=fence,
        write_log=str(site.document.path.resolve().parent / site.map.write_log) if site.map.write_log else "",
    )
    return loaded.protocol.complete(plan, loaded, device)


def _input_point(site: LoadedSite, loaded: LoadedProfile, entry: int, use: Use) -> InputPoint:
    low, high = limits(use)
    return InputPoint(
        name=use.name,
        tag=use.tag.name,
        type_name=use.tag.type.name,
        entry=entry,
        wire=use.wire,
        period_ns=_period_ns(loaded, use) if loaded.profile.cyclic or not site.map.serve else 0,
        unit=use.point.unit,
        minimum=low,
        maximum=high,
        allowed=tuple(sorted({value for _, value in use.tag.labels})),
        frozen_after_ns=_frozen_after_ns(use),
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
            attempts=use.point.rpc_attempts if use.rule.rpc_attempts is None else use.rule.rpc_attempts,
            retry_ns=(use.point.rpc_wait_ms if use.rule.rpc_wait_ms is None else use.rule.rpc_wait_ms) * NS_PER_MS,
        ),
        read_back=use.rule.read_back,
        period_ns=_period_ns(loaded, use) if loaded.profile.cyclic or site.map.serve else 0,
        unit=use.point.unit,
        minimum=low,
        maximum=high,
    )


def _period_ns(loaded: LoadedProfile, use: Use) -> int:
    return loaded.profile.period_ms(use.point) * NS_PER_MS


def _frozen_after_ns(use: Use) -> int:
    told_ms = use.rule.frozen_after_ms
    return (use.point.frozen_after_ms if told_ms is None else told_ms) * NS_PER_MS


def _stale_after_ns(site: LoadedSite, use: Use) -> int:
    told_ms = use.rule.stale_after_ms
    profile = site.placed[use.device].profile
    if told_ms is None:
        told_ms = profile.stale_after_ms(use.point, played=site.map.serve)
    return told_ms * NS_PER_MS


def _heartbeats(site: LoadedSite, name: str, used: set[str]) -> tuple[Heartbeat, ...]:
    device = site.map.devices[name]
    loaded = site.placed[name]
    return tuple(
        Heartbeat(
            point=rule.point,
            wire=site_wire(loaded, loaded.wires[rule.point], None, device, invert=False),
            kind=rule.kind,
            period_ns=rule.period_ms * NS_PER_MS,
            minimum=rule.min,
            maximum=rule.max,
        )
        for rule in loaded.profile.heartbeats
        if rule.point not in used and rule.point in loaded.wires
    )
