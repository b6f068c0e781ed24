"""The kind of link to the machine itself: temperature of the processor, load, memory, disk, throttling."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.kinds.kind import DeviceProtocol, LinkKind
from runtime.iomap.kinds.playedat import PlayedAtLink
from runtime.iomap.kinds.polled import group_mistakes
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.settings import HostSettings, LinkSettings
from runtime.iomap.profiles.profile import Point, Profile
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.sites.sitemap import Device
from runtime.iomap.wire import HostWire, Numeric

Quantity = Literal[
    "cpu_temperature", "cpu_used", "load_1m", "load_5m", "load_15m", "memory_used", "disk_used", "uptime",
    "under_voltage", "frequency_capped", "throttled", "temperature_limited",
]  # fmt: skip
WARNINGS: tuple[str, ...] = ("under_voltage", "frequency_capped", "throttled", "temperature_limited")


class HostLink(PlayedAtLink):
    """The machine that io runs on."""

    kind: Literal["host"]

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return HostSettings(played_at=self.played_at)

    def endpoint(self) -> tuple[object, ...]:
        """There is one, and any number that are played."""
        return ("host", self.played_at)


class HostPoint(Point):
    """`quantity`: in °C, % of all, processes waiting (load), seconds; a warning of a Raspberry Pi is a bit.

    `path`: in which file system, for disk_used.
    """

    quantity: Quantity
    path: str = ""


class HostProfile(Profile):
    """What of the machine is read, and how often."""

    points: Annotated[Mapping[str, HostPoint], Field(min_length=1)]


def _resolve(loaded: LoadedProfile, _dbc_folder: Path) -> list[Diagnostic]:
    profile, places = loaded.profile, loaded.document.places
    assert isinstance(profile, HostProfile), "the schema of this protocol"
    found: list[Diagnostic] = []
    for name, point in profile.points.items():
        found += group_mistakes(loaded, name, point)
        if point.access != "r":
            at = Label(places.value("points", name, "access"), "the machine is only read")
            found.append(error("M2005", f"`{name}` cannot be written", at, help='write access = "r"'))
        if point.path and point.quantity != "disk_used":
            at = Label(places.key("points", name, "path"), f"`{point.quantity}` is of the whole machine")
            found.append(error("M2005", "`path` has no meaning here", at, help="take it out"))
        boolean = point.quantity in WARNINGS
        number = Numeric(
            bits=1 if boolean else 64,
            signed=not boolean,
            floating=not boolean,
            boolean=boolean,
            scale=point.scale,
            offset=point.offset,
        )
        loaded.wires[name] = HostWire(quantity=point.quantity, path=point.path or "/", number=number)
    return found


def _complete(plan: DevicePlan, _loaded: LoadedProfile, _device: Device) -> DevicePlan:
    return plan


HOST_PROTOCOL = DeviceProtocol(name="host", profile=HostProfile, resolve=_resolve, complete=_complete)
HOST = LinkKind(name="host", protocol=HOST_PROTOCOL, link=HostLink, device=Device, playable=True)
