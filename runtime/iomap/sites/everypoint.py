"""A site map without a program: a tag for every point of every device, for commissioning and tests.

Nothing is bound to a real program then, so nothing needs a fail-safe value: every output holds.
"""

from collections.abc import Callable
from dataclasses import replace

from runtime.core.elementary import BOOL, DINT, LINT, LREAL, UDINT, ULINT, Elementary, string
from runtime.core.tag import Tag, TagTable
from runtime.iomap.plan.build import build
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.use import Use
from runtime.iomap.sites.uses import find_uses
from runtime.iomap.wire import ModbusWire, Wire


def every_point(site: LoadedSite) -> TagTable:
    """A tag `<device>.<point>` for each point with a sound wire, wide enough for all its values."""
    tags: list[Tag] = []
    for name, loaded in site.placed.items():
        for point, wire in loaded.wires.items():
            rules = loaded.profile.points[point]
            made = Tag(
                name=f"{name}.{point}",
                type=_type(wire),
                offset=8 * len(tags),
                index=len(tags),
                unit=rules.unit,
                labels=tuple(rules.enum.items()),
                minimum=rules.min,
                maximum=rules.max,
                secret=rules.secret,
            )
            tags.append(made)
    return TagTable(tags)


def plan_of_every_point(site: LoadedSite, wanted: Callable[[str], bool] = lambda _: True) -> IoPlan:
    """The plan of a sound site map with every point bound whose name `<device>.<point>` is wanted.

    Points that can be read are inputs, though they can be written too. Tags that the map names are left out of account.
    """
    uses = [
        replace(use, is_output=use.is_output and use.point.access == "w") if not site.map.serve else use
        for use in uses_of_every_point(site)
        if wanted(f"{use.device}.{use.name}")
    ]
    return build(site, uses)[1]


def plan_to_write(site: LoadedSite, name: str) -> IoPlan | None:
    """The plan in which the point `<device>.<point>` is the only output and there is nothing else; None: not writable.

    Heartbeats are left to whoever will drive the site.
    """
    uses = [use for use in uses_of_every_point(site) if f"{use.device}.{use.name}" == name and use.is_output]
    if not uses:
        return None
    plan = build(site, uses)[1]
    alone = {
        link: tuple(replace(d, heartbeats=()) for d in devices if d.outputs) for link, devices in plan.devices.items()
    }
    links = tuple(link for link in plan.links if alone[link.name])
    return replace(plan, links=links, devices={link.name: alone[link.name] for link in links})


def uses_of_every_point(site: LoadedSite) -> list[Use]:
    """A binding for each point, to the tag of its own name."""
    devices = {
        name: device.model_copy(
            update={"points": {n: r.model_copy(update={"tag": None}) for n, r in device.points.items()}}
        )
        for name, device in site.map.devices.items()
    }
    content = site.map.model_copy(update={"devices": devices})
    alone = replace(site, document=replace(site.document, content=content))
    return find_uses(alone, every_point(site))[0]


def _type(wire: Wire) -> Elementary:
    number = wire.number
    if number.chars:
        return string(number.chars)
    if number.boolean or number.bits == 1:
        return BOOL
    if not number.is_integral or (isinstance(wire, ModbusWire) and wire.exponent is not None):
        return LREAL
    if number.minimum >= 0:
        return UDINT if number.maximum <= UDINT.maximum else ULINT
    return DINT if number.minimum >= DINT.minimum and number.maximum <= DINT.maximum else LINT
