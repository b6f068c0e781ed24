"""Which messages a CAN device of a site has, with the ids they have there."""

from dataclasses import dataclass

from runtime.iomap.canids import BusId, exact_id, j1939_id
from runtime.iomap.dbc import CanDatabase, CanFrame
from runtime.iomap.kinds.can.keys import CanDevice, CanMessage, CanProfile
from runtime.iomap.plan.plan import MessageChecksum, MessagePlan
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.sites.sitemap import NS_PER_MS, Device


@dataclass(frozen=True, slots=True, kw_only=True)
class CanSide:
    """A device as one side of the bus sees it."""

    profile: CanProfile
    database: CanDatabase
    device: CanDevice
    served: bool


def can_side(loaded: LoadedProfile, device: Device, *, served: bool) -> CanSide | None:
    """A device of a site map, None when it is no CAN device or its profile or link is not sound."""
    profile = loaded.profile
    if loaded.database is None or not isinstance(profile, CanProfile) or not isinstance(device, CanDevice):
        return None
    return CanSide(profile=profile, database=loaded.database, device=device, served=served)


def message_plans(side: CanSide, used: set[str]) -> tuple[MessagePlan, ...]:
    """The messages of which a tag uses a signal, and those that keep the device awake, in order of the profile."""
    made = []
    for name, rule in side.profile.messages.items():
        sent = (rule.sent_by == "device") == side.served
        if name in used or (sent and rule.keep_alive != "no"):
            made.append(_message_plan(side, name, rule, sent=sent))
    return tuple(made)


def bus_id(side: CanSide, frame: CanFrame, rule: CanMessage) -> BusId:
    """The id of a message at this site."""
    rules, device = side.profile.can, side.device
    if rules.ids == "exact":
        return exact_id(frame.frame_id, extended=frame.extended, offset=device.id_offset)
    source, destination = device.address, device.controller_address
    if rule.sent_by == "controller":
        source, destination = destination, source
    return j1939_id(frame.frame_id, source=source, destination=destination)


def _message_plan(side: CanSide, name: str, rule: CanMessage, *, sent: bool) -> MessagePlan:
    frame = side.database.frames[name]
    place = bus_id(side, frame, rule)
    return MessagePlan(
        name=name,
        frame_id=place.frame_id,
        extended=place.extended,
        sent=sent,
        period_ns=rule.period_ms * NS_PER_MS,
        timeout_ns=rule.timeout_ms * NS_PER_MS,
        id_mask=place.mask,
        fd=frame.fd,
        min_bytes=frame.length if rule.min_bytes is None else rule.min_bytes,
        counter=rule.counter,
        frozen_after_ns=rule.frozen_after_ms * NS_PER_MS,
        checksum=_checksum(frame, rule),
        keep_alive=rule.keep_alive,
        never_sent=tuple(
            (point.signal, point.never_sent)
            for point in side.profile.points.values()
            if point.message == name and point.never_sent is not None
        ),
    )


def _checksum(frame: CanFrame, rule: CanMessage) -> MessageChecksum | None:
    told = rule.checksum
    return (
        told if told is None else MessageChecksum(signal=told.signal, byte=frame.byte_of[told.signal], kind=told.kind)
    )
