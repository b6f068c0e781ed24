"""The kind of links to CAN devices, and what a CAN device's plan holds besides its points."""

from dataclasses import replace

from runtime.core.tag import Tag
from runtime.iomap.kinds.can.conflicts import ids_twice
from runtime.iomap.kinds.can.keys import CanDevice, CanLink, CanProfile
from runtime.iomap.kinds.can.plan import can_side, message_plans
from runtime.iomap.kinds.can.points import resolve
from runtime.iomap.kinds.kind import DeviceProtocol, LinkKind
from runtime.iomap.plan.plan import DevicePlan, InputPoint, OutputPoint
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.sites.sitemap import Device
from runtime.iomap.wire import CanWire, Wire


def _at_site(wire: Wire, device: Device, tag: Tag | None) -> Wire:
    assert isinstance(wire, CanWire), "the profile is of this protocol"
    assert isinstance(device, CanDevice), "the device is on a link of this protocol"
    number = wire.number
    if tag is not None and tag.type.name == "BOOL" and number.bits == 1:
        number = replace(number, boolean=True)
    return replace(wire, number=number, frame_id=wire.frame_id + device.id_offset)


def _complete(plan: DevicePlan, loaded: LoadedProfile, device: Device) -> DevicePlan:
    side = can_side(loaded, device, served=plan.served)
    assert side is not None, "what is no CAN device, or has no database, does not get this far"
    points: tuple[InputPoint | OutputPoint, ...] = (*plan.inputs, *plan.outputs)
    used = {point.wire.message for point in points if isinstance(point.wire, CanWire)}
    return replace(plan, messages=message_plans(side, used), dbc=side.database.text, dbc_format=side.database.format)


CAN_PROTOCOL = DeviceProtocol(
    name="can", profile=CanProfile, resolve=resolve, complete=_complete, at_site=_at_site, conflicts=ids_twice
)
CAN = LinkKind(name="can", protocol=CAN_PROTOCOL, link=CanLink, device=CanDevice, playable=True)
