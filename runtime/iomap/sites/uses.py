"""Finds out which device points are used: each point whose tag exists, by its own name or by the site's say-so."""

import re
from collections.abc import Iterator
from dataclasses import replace

from runtime.core.diagnostic import Diagnostic, Label, Span, error
from runtime.core.tag import Tag, TagTable
from runtime.iomap.profiles.profile import Point
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.sitemap import Device, PointRule
from runtime.iomap.sites.use import Use
from runtime.iomap.wire import Numeric, Wire

DEVICE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_\d+")
"""`<type>_<n>` (requirements RT-11)."""
CHANNEL_NAME = re.compile(r"[a-z][a-z0-9_]*(\[[\d, ]+\])*(\.[a-z][a-z0-9_]*(\[[\d, ]+\])*)*", re.IGNORECASE)


def find_uses(site: LoadedSite, tags: TagTable) -> tuple[list[Use], list[Diagnostic]]:
    """All bindings of the site in order of the map, and what is wrong with names."""
    uses: list[Use] = []
    found: list[Diagnostic] = []
    for name, device in site.map.devices.items():
        found += _check_name(site, name)
        profile = site.placed.get(name)
        if profile is None:
            continue  # reported when it was loaded
        found += _unknown_points(site, name, device, profile)
        if not site.speaks(name):
            continue  # its link is reported
        for point_name in profile.profile.points:
            use, mistakes = _use(site, tags, name, point_name)
            found += mistakes
            if use is not None:
                uses.append(use)
    return uses, found


def _check_name(site: LoadedSite, device: str) -> Iterator[Diagnostic]:
    if not DEVICE_NAME.fullmatch(device):
        at = Label(site.document.places.key("devices", device), "not of the form type_number")
        yield error("M3009", f"`{device}` is no device name", at, help="write <type>_<n>, such as battery_1 (RT-11)")


def _unknown_points(site: LoadedSite, name: str, device: Device, profile: LoadedProfile) -> Iterator[Diagnostic]:
    for point in device.points:
        if point not in profile.profile.points and point not in profile.unplaced:
            at = Label(
                site.document.places.key("devices", name, "points", point), f"not in {profile.document.path.name}"
            )
            mend = did_you_mean(point, profile.profile.points, what="points")
            yield error("M3001", f"the profile {device.profile} has no point `{point}`", at, help=mend)


def _use(site: LoadedSite, tags: TagTable, device_name: str, name: str) -> tuple[Use | None, list[Diagnostic]]:
    device = site.map.devices[device_name]
    profile = site.placed[device_name]
    wire = profile.wires.get(name)
    rule = device.points.get(name)
    if wire is None:
        return None, []  # its mistake is the profile's and reported there
    wanted = (rule.tag if rule else None) or f"{device_name}.{name}"
    tag = tags.tag(wanted)
    if tag is None:
        return None, [] if rule is None else [_unknown_tag(site, tags, device_name, name, wanted)]
    rule = rule or PointRule()
    point = profile.profile.points[name]
    place = site.document.places.key("devices", device_name, "points", name)
    found = _check_tag_name(tag, place)
    turned = rule.invert != _charges_on_positive(device, point)
    use = Use(
        device=device_name,
        name=name,
        point=point,
        rule=rule,
        wire=site_wire(profile, wire, tag, device, invert=turned),
        tag=tag,
        is_output=(point.access == "r") == site.map.serve,
        turned=turned,
        place=place,
    )
    return use, found


def _charges_on_positive(device: Device, point: Point) -> bool:
    """True for a command that the device takes with the other sign than maps have (requirement INV-21)."""
    return device.charge_sign == 1 and point.access != "r" and point.positive is not None


def _unknown_tag(site: LoadedSite, tags: TagTable, device: str, name: str, wanted: str) -> Diagnostic:
    places = site.document.places
    path = ("devices", device, "points", name)
    at = places.value(*path, "tag") if places.has(*path, "tag") else places.key(*path)
    if tags.find(wanted) is not None:
        label = Label(at, "a variable of a program, which no device can feed or be driven by")
        return error("M3002", f"`{wanted}` is not a tag", label, help="declare it in a VAR_GLOBAL")
    close = tags.nearest(wanted)
    mend = f"did you mean {close}?" if close else "declare it in a VAR_GLOBAL, or take this entry out"
    return error("M3002", f"unknown tag `{wanted}`", Label(at, "the program has no such tag"), help=mend)


def _check_tag_name(tag: Tag, place: Span) -> list[Diagnostic]:
    device, _, channel = tag.name.partition(".")
    if DEVICE_NAME.fullmatch(device.lower()) and CHANNEL_NAME.fullmatch(channel):
        return []
    at = Label(place, f"bound to {tag.name}, declared in {tag.file}:{tag.line}")
    mend = "name it <type>_<n>.<channel>, such as battery_1.soc_pct (RT-11)"
    return [error("M3009", f"`{tag.name}` is no name for a tag of a device", at, help=mend)]


def site_wire(profile: LoadedProfile, wire: Wire, tag: Tag | None, device: Device, *, invert: bool) -> Wire:
    """The wire at this site: at the device's address, its sign turned where the site says so."""
    turned = replace(wire, number=_turned(wire.number)) if invert else wire
    return profile.protocol.at_site(turned, device, tag)


def _turned(number: Numeric) -> Numeric:
    return replace(number, scale=-number.scale, offset=-number.offset)
