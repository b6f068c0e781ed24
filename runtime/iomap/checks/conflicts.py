"""What may not exist twice: writers of a tag, writers of a device point, links, addresses on a bus."""

from collections.abc import Iterable, Iterator

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.kinds.kind import DeviceProtocol
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.use import Use


def check_conflicts(site: LoadedSite, uses: list[Use]) -> Iterator[Diagnostic]:
    """Everything that two entries of the map claim at once."""
    yield from _tags_bound_twice(uses)
    yield from _links_twice(site)
    yield from _devices_at_one_address(site)
    for protocol in _protocols(site):
        yield from protocol.conflicts(site)
        own = [use for use in uses if site.profiles[site.map.devices[use.device].profile].protocol is protocol]
        yield from protocol.check_uses(site, own)


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


def _links_twice(site: LoadedSite) -> Iterator[Diagnostic]:
    seen: dict[tuple[object, ...], str] = {}
    for name, link in site.map.links.items():
        first = seen.setdefault(link.endpoint(), name)
        if first != name:
            places, one_kind = site.document.places, site.map.links[first].kind == link.kind
            share = f"put all its devices on link {first}: they then share one connection"
            yield error(
                "M4002",
                f"the links `{name}` and `{first}` lead to the same place",
                Label(places.key("links", name), "the same address"),
                Label(places.key("links", first), "as here"),
                help=share
                if one_kind
                else "one place has one protocol: correct the address or the kind of one of them",
            )


def _devices_at_one_address(site: LoadedSite) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], str] = {}
    for name, device in site.map.devices.items():
        told = device.place_on_link()
        if told is None:
            continue
        key, address = told
        first = seen.setdefault((device.link, address), name)
        if first != name:
            places = site.document.places
            yield error(
                "M4002",
                f"`{name}` and `{first}` are the same {key} of link {device.link}",
                Label(places.value("devices", name, key), f"{key} {address}"),
                Label(places.value("devices", first, key), f"{key} {address} here too"),
                help=f"every device on a link has {_AN.get(key[0], 'a')} {key} of its own",
            )


_AN = {"a": "an"}


def _protocols(site: LoadedSite) -> list[DeviceProtocol]:
    """Each protocol of the site once."""
    return list({loaded.protocol.name: loaded.protocol for loaded in site.profiles.values()}.values())
