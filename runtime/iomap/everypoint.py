"""A site map without a program: a tag for every point of every device, for commissioning and tests.

Nothing is bound to a real program then, so nothing needs a fail-safe value: every output holds.
"""

from dataclasses import replace

from runtime.core.elementary import BOOL, DINT, LINT, LREAL, UDINT, ULINT, Elementary
from runtime.core.tag import Tag, TagTable
from runtime.iomap.build import build
from runtime.iomap.loaded import LoadedSite
from runtime.iomap.plan import IoPlan
from runtime.iomap.uses import find_uses
from runtime.iomap.wire import Numeric


def every_point(site: LoadedSite) -> TagTable:
    """A tag `<device>.<point>` for each point with a sound wire, wide enough for all its values."""
    tags: list[Tag] = []
    for name, loaded in site.placed.items():
        for point, wire in loaded.wires.items():
            rules = loaded.profile.points[point]
            made = Tag(
                name=f"{name}.{point}",
                type=_type(wire.number),
                offset=8 * len(tags),
                index=len(tags),
                unit=rules.unit,
                labels=tuple(rules.enum.items()),
            )
            tags.append(made)
    return TagTable(tags)


def plan_of_every_point(site: LoadedSite) -> IoPlan:
    """The plan of a sound site map with every point bound. Tags that the map names are left out of account."""
    devices = {
        name: device.model_copy(
            update={"points": {n: r.model_copy(update={"tag": None}) for n, r in device.points.items()}}
        )
        for name, device in site.map.devices.items()
    }
    content = site.map.model_copy(update={"devices": devices})
    alone = replace(site, document=replace(site.document, content=content))
    uses, _ = find_uses(alone, every_point(site))
    return build(alone, uses)[1]


def _type(number: Numeric) -> Elementary:
    if number.boolean or number.bits == 1:
        return BOOL
    if not number.is_integral:
        return LREAL
    if number.minimum >= 0:
        return UDINT if number.maximum <= UDINT.maximum else ULINT
    return DINT if number.minimum >= DINT.minimum and number.maximum <= DINT.maximum else LINT
