"""CAN ids that two devices of one bus claim, that leave their range, or that are given the wrong way."""

from collections.abc import Iterator

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.canids import EXTENDED_ID_MAX, STANDARD_ID_MAX, BusId
from runtime.iomap.kinds.can.keys import CanDevice, CanLink
from runtime.iomap.kinds.can.plan import CanSide, bus_id, can_side
from runtime.iomap.sites.loaded import LoadedSite


def ids_twice(site: LoadedSite) -> Iterator[Diagnostic]:
    """See `DeviceProtocol.conflicts`."""
    taken: dict[str, list[tuple[BusId, str, str]]] = {}
    for name, device in site.map.devices.items():
        loaded = site.profiles.get(device.profile)
        side = None if loaded is None else can_side(loaded, device, served=site.map.serve)
        if side is None:
            continue
        yield from _misplaced_address(site, name, side)
        yield from _frames_too_long(site, name, side)
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
        device = site.map.devices[name]
        assert isinstance(device, CanDevice), "it has CAN ids"
        key = "address" if device.address is not None else "id_offset"
        at = places.value("devices", name, key)
        top = EXTENDED_ID_MAX if place.extended else STANDARD_ID_MAX
        if place.frame_id > top:
            largest = top - place.frame_id + device.id_offset
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
    by_address = side.profile.can.ids == "j1939"
    keys, instead = (("id_offset",), "address") if by_address else (("address", "controller_address"), "id_offset")
    for key in side.device.model_fields_set.intersection(keys):
        at = Label(
            site.document.places.value("devices", name, key),
            f"the ids of {side.device.profile} are {side.profile.can.ids}",
        )
        yield error("M3011", f"`{key}` has no meaning here", at, help=f"use {instead}")


def _frames_too_long(site: LoadedSite, name: str, side: CanSide) -> Iterator[Diagnostic]:
    link = site.map.links[side.device.link]
    fd = [message for message in side.profile.messages if (f := side.database.frames.get(message)) is not None and f.fd]
    if fd and isinstance(link, CanLink) and not link.fd:
        at = Label(site.document.places.value("devices", name, "link"), f"{', '.join(fd)}: CAN FD")
        yield error("M4004", f"`{name}` cannot speak over this link", at, help="set fd = true for the link")
