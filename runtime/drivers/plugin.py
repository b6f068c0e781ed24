"""What a package offers that brings a driver of its own. Its manual: io_maps/README.md, "A driver of your own".

The package names an instance of `DriverPlugin` as an entry point of the group `voltscan.drivers`; the entry point's
name is the kind of its links and the protocol of its profiles. Its tables are checked as Voltscan's own are.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, create_model

from runtime.core.diagnostic import Diagnostic
from runtime.drivers.base import DriverFactory
from runtime.iomap.kinds.kind import DeviceProtocol, LinkKind
from runtime.iomap.kinds.polled import group_mistakes, number_of
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import LinkSettings, PluginSettings
from runtime.iomap.profiles.profile import Point, Profile
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.sites.sitemap import Device, Link
from runtime.iomap.wire import PluginWire, RawType, Wire

Table = TypeVar("Table", bound=BaseModel)


class PluginLink(Link):
    """Keys of a plug-in's link: a subclass adds its own."""

    def settings(self) -> LinkSettings:
        """The whole table, for the driver to read with `link_table`."""
        return PluginSettings(kind=self.kind, table=self.model_dump_json())

    def endpoint(self) -> tuple[object, ...]:
        """Where the link leads: all keys of the subclass."""
        own = set(type(self).model_fields).difference(Link.model_fields)
        return self.kind, *sorted((key, str(getattr(self, key))) for key in own)


class PluginDevice(Device):
    """Keys of a device on a plug-in's link, such as its address: a subclass adds its own."""


class PluginPoint(Point):
    """Keys of a plug-in's point: a subclass adds its own. `type`: what its raw number is."""

    type: Annotated[RawType, Field(strict=False)] = RawType.F64


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPlugin:
    """A driver from outside, with the tables that maps and profiles have for it."""

    driver: DriverFactory
    link: type[PluginLink] = PluginLink
    device: type[PluginDevice] = PluginDevice
    point: type[PluginPoint] = PluginPoint

    def kind(self, name: str) -> LinkKind:
        """The kind of link that maps may name thanks to this plug-in."""
        protocol = DeviceProtocol(name=name, profile=_profile_of(self.point), resolve=_resolve, complete=_complete)
        return LinkKind(name=name, protocol=protocol, link=self.link, device=self.device)


def link_table(plan: LinkPlan, table: type[Table]) -> Table:
    """The link's table of the site map, as the plug-in's own class."""
    assert isinstance(plan.settings, PluginSettings), "a link of a plug-in's kind"
    return table.model_validate_json(plan.settings.table)


def device_table(plan: DevicePlan, table: type[Table]) -> Table:
    """The device's table of the site map, as the plug-in's own class."""
    return table.model_validate_json(plan.table)


def point_table(wire: Wire, table: type[Table]) -> Table:
    """The point's table of the profile, as the plug-in's own class."""
    assert isinstance(wire, PluginWire), "a point of a plug-in's device"
    return table.model_validate_json(wire.table)


def _profile_of(point: type[PluginPoint]) -> type[Profile]:
    return create_model("PluginProfile", __base__=Profile, points=(dict[str, point], ...))  # type: ignore[valid-type]


def _resolve(loaded: LoadedProfile, _dbc_folder: Path) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for name, point in loaded.profile.points.items():
        assert isinstance(point, PluginPoint), "the schema of this plug-in"
        found += group_mistakes(loaded, name, point)
        loaded.wires[name] = PluginWire(table=point.model_dump_json(), number=number_of(point.type, point))
    return found


def _complete(plan: DevicePlan, _loaded: LoadedProfile, device: Device) -> DevicePlan:
    return replace(plan, table=device.model_dump_json())
