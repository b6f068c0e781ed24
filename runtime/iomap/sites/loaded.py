"""A site map and its profiles as they are once loaded: what all checks and the plan are made from."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runtime.iomap.dbc import CanDatabase
from runtime.iomap.profiles.profile import Profile
from runtime.iomap.reading.read import Document
from runtime.iomap.sites.sitemap import SiteMap
from runtime.iomap.wire import Wire

if TYPE_CHECKING:
    from runtime.iomap.kinds.kind import DeviceProtocol, LinkKind


@dataclass(slots=True)
class LoadedProfile:
    """A profile that fits its schema, with every sound point resolved to its wire.

    As at no site in particular, or as one device of a site has it (`LoadedSite.placed`). `unplaced`: points without an
    address.
    """

    name: str
    document: Document[Profile]
    protocol: "DeviceProtocol"
    wires: dict[str, Wire] = field(default_factory=dict)
    database: CanDatabase | None = None
    unplaced: frozenset[str] = frozenset()

    @property
    def profile(self) -> Profile:
        """The content of the file."""
        return self.document.content


@dataclass(frozen=True, slots=True)
class LoadedSite:
    """A site map, the kinds of its links by link name, and the profiles of its devices by profile name.

    `placed`: by device name, its profile with every point where this site has it. `sound`: loading found no error.
    """

    document: Document[SiteMap]
    kinds: "dict[str, LinkKind]"
    profiles: dict[str, LoadedProfile]
    placed: dict[str, LoadedProfile]
    sound: bool

    @property
    def map(self) -> SiteMap:
        """The content of the file."""
        return self.document.content

    def speaks(self, device: str) -> bool:
        """True when the device's link is known, its profile is, and both are of one protocol."""
        table = self.map.devices[device]
        kind, profile = self.kinds.get(table.link), self.profiles.get(table.profile)
        return kind is not None and profile is not None and kind.protocol is profile.protocol
