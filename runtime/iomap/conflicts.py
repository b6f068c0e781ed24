"""What may not exist twice: writers of a tag, writers of a device point, addresses on a bus, CAN ids."""

from collections.abc import Iterable, Iterator

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.canids import EXTENDED_ID_MAX, STANDARD_ID_MAX, BusId
from runtime.iomap.canplan import CanSide, bus_id, can_side
from runtime.iomap.load import LoadedSite
from runtime.iomap.sitemap import Link
from runtime.iomap.uses import Use


def check_conflicts(site: LoadedSite, uses: list[Use]) -> Iterator[Diagnostic]:
    """Everything that two entries of the map claim at once."""
    yield from _tags_bound_twice(uses)
    yield from _links_twice(site)
    yield from _devices_at_one_address(site)
    yield from _can_ids_twice(site)


def _tags_bound_twice(uses: Iterable[Use]) -> Iterator[Diagnostic]:
    first_by_tag: dict[str, Use] = {}
    for use in uses:
        first = first_by_tag.setdefault(use.tag.name, use)
        if first is use:
            continue
        labels = (
            Label(use.place, f"{use.device}.{use.name} {_does(use)} it"),
            Label(first.place, f"{first.device}.{first.name} {_does(first)} it"),
        )
        if use.is_output != first.is_output:
            message, mend = f"`{use.tag.name}` is input and output at once", "use two tags"
            yield error("M3005", message, *labels, help=mend)
        elif use.is_output:
            message = f"the output `{use.tag.name}` is bound to two device points"
            yield error("M3004", message, *labels, help="declare a tag for each and assign both in the program")
        else:
            message = f"two device points feed the input `{use.tag.name}`"
            yield error("M3004", message, *labels, help="give each a tag of its own and choose in the program")


def _does(use: Use) -> str:
    return "is driven by" if use.is_output else "feeds"


def _endpoint(link: Link) -> tuple[object, ...]:
    if link.kind == "modbus_tcp":
        return ("modbus_tcp", link.host, link.port or 502)
    return ("can", link.interface, link.channel, link.port)


def _links_twice(site: LoadedSite) -> Iterator[Diagnostic]:
    seen: dict[tuple[object, ...], str] = {}
    for name, link in site.map.links.items():
        first = seen.setdefault(_endpoint(link), name)
        if first != name:
            places = site.document.places
            yield error(
                "M4002",
                f"the links `{name}` and `{first}` lead to the same place",
                Label(places.key("links", name), "the same address"),
                Label(places.key("links", first), "as here"),
                help=f"put all its devices on link {first}: they then share one connection",
            )


def _devices_at_one_address(site: LoadedSite) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, int], str] = {}
    for name, device in site.map.devices.items():
        link = site.map.links.get(device.link)
        if link is None or link.kind != "modbus_tcp":
            continue
        first = seen.setdefault((device.link, device.unit), name)
        if first != name:
            places = site.document.places
            yield error(
                "M4002",
                f"`{name}` and `{first}` are the same unit of link {device.link}",
                Label(places.value("devices", name, "unit"), f"unit {device.unit}"),
                Label(places.value("devices", first, "unit"), f"unit {device.unit} here too"),
                help="every device on a link has a unit of its own",
            )


def _can_ids_twice(site: LoadedSite) -> Iterator[Diagnostic]:
    taken: dict[str, list[tuple[BusId, str, str]]] = {}
    for name, device in site.map.devices.items():
        side = can_side(site, name)
        if side is None:
            continue
        yield from _misplaced_address(site, name, side)
        own = [
            (bus_id(side, side.database.frames[message], rule), name, message)
            for message, rule in side.profile.messages.items()
            if message in side.database.frames
        ]
        others = taken.setdefault(device.link, [])
        mistake = next(_id_mistakes(site, own, others), None)
        others += own
        if mistake is not None:
            yield mistake


def _id_mistakes(
    site: LoadedSite, own: list[tuple[BusId, str, str]], others: list[tuple[BusId, str, str]]
) -> Iterator[Diagnostic]:
    places = site.document.places
    for place, name, message in own:
        key = "address" if site.map.devices[name].address is not None else "id_offset"
        at = places.value("devices", name, key)
        top = EXTENDED_ID_MAX if place.extended else STANDARD_ID_MAX
        if place.frame_id > top:
            largest = top - place.frame_id + site.map.devices[name].id_offset
            mend = f"ids end at 0x{top:X}: the offset may be 0x{largest:X} at most"
            label = Label(at, f"message {message} gets 0x{place.frame_id:X}")
            yield error("M4007", f"the CAN ids of `{name}` leave their range", label, help=mend)
        for other_place, other, other_message in others:
            if place.meets(other_place):
                yield error(
                    "M4003",
                    f"`{name}` and `{other}` use the same CAN id 0x{place.frame_id:X}",
                    Label(at, f"here it is message {message}"),
                    Label(places.value("devices", other, key), f"here it is message {other_message}"),
                    help="choose offsets that keep the devices' ids apart"
                    if key == "id_offset"
                    else "every device on a bus has an address of its own",
                )


def _misplaced_address(site: LoadedSite, name: str, side: CanSide) -> Iterator[Diagnostic]:
    assert side.profile.can is not None, "it has a database"
    by_address = side.profile.can.ids == "j1939"
    key, instead = ("id_offset", "address") if by_address else ("address", "id_offset")
    if key in side.device.model_fields_set:
        at = Label(
            site.document.places.value("devices", name, key),
            f"the ids of {side.device.profile} are {side.profile.can.ids}",
        )
        yield error("M3011", f"`{key}` has no meaning here", at, help=f"use {instead}")
