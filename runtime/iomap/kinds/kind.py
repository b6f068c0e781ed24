"""What a kind of link is to the maps: the tables it adds its keys to, and how a point of a profile becomes a wire.

Several kinds may lead to devices of one protocol: Modbus devices are the same behind TCP and behind a serial line.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.core.diagnostic import Diagnostic
from runtime.core.tag import Tag
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.profiles.profile import Profile
from runtime.iomap.reading.locate import Locator
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.sitemap import Device, Link
from runtime.iomap.sites.use import Use
from runtime.iomap.wire import Wire


def _as_it_is(wire: Wire, _device: Device, _tag: Tag | None) -> Wire:
    return wire


def _where_it_is(
    loaded: LoadedProfile, _name: str, _device: Device, _places: Locator
) -> tuple[LoadedProfile, list[Diagnostic]]:
    return loaded, []


def _no_conflicts(_site: LoadedSite) -> Iterator[Diagnostic]:
    yield from ()


def _all_right(_site: LoadedSite, _uses: Sequence[Use]) -> Iterator[Diagnostic]:
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProtocol:
    """How profiles of one `protocol` are read, and what becomes of their points.

    `resolve` fills `wires` of a profile and says what is wrong with it (the folder is that of CAN databases).
    `place` is the profile as a device of that name has it at a site whose map says so, and what is wrong with that.
    `at_site` gives a wire its address at a site (the tag is None for a point without one). `complete` adds to a
    device's plan, made but for it, what its driver needs. `conflicts` are those between devices, `check_uses` tells
    what is wrong with the points of its devices that tags are bound to.
    """

    name: str
    profile: type[Profile]
    resolve: Callable[[LoadedProfile, Path], list[Diagnostic]]
    complete: Callable[[DevicePlan, LoadedProfile, Device], DevicePlan]
    place: Callable[[LoadedProfile, str, Device, Locator], tuple[LoadedProfile, list[Diagnostic]]] = _where_it_is
    at_site: Callable[[Wire, Device, Tag | None], Wire] = _as_it_is
    conflicts: Callable[[LoadedSite], Iterator[Diagnostic]] = _no_conflicts
    check_uses: Callable[[LoadedSite, Sequence[Use]], Iterator[Diagnostic]] = _all_right


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkKind:
    """One `kind` of link: its tables in the site map, and what devices on it speak. `playable`: `serve` can play it."""

    name: str
    protocol: DeviceProtocol
    link: type[Link]
    device: type[Device]
    playable: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a kind that is installed cannot be used, and how to mend it."""

    why: str
    mend: str


class Plugins(Protocol):
    """Kinds that come from outside: `drivers.plugins.Installed`."""

    def names(self) -> Iterable[str]:
        """Kinds that are installed, usable or not."""
        ...

    def find(self, name: str) -> LinkKind | Unusable | None:
        """The kind of that name; None when there is none."""
        ...


class Kinds:
    """All kinds of links that there are. A plug-in is loaded only when a map names its kind."""

    def __init__(self, built_in: Iterable[LinkKind], plugins: Plugins | None = None) -> None:
        self._built_in = {kind.name: kind for kind in built_in}
        self._plugins = plugins

    def find(self, name: str) -> LinkKind | Unusable | None:
        """The kind that a link names; None when there is none."""
        if name in self._built_in or self._plugins is None:
            return self._built_in.get(name)
        return self._plugins.find(name)

    def protocol(self, name: str) -> DeviceProtocol | Unusable | None:
        """The protocol that a profile names; that of a plug-in has the name of its kind."""
        own = next((kind.protocol for kind in self._built_in.values() if kind.protocol.name == name), None)
        if own is not None or self._plugins is None:
            return own
        found = self._plugins.find(name)
        return found.protocol if isinstance(found, LinkKind) else found

    def names(self) -> list[str]:
        """What a link may name."""
        return sorted({*self._built_in, *self._installed()})

    def protocols(self) -> list[str]:
        """What a profile may name."""
        return sorted({*(kind.protocol.name for kind in self._built_in.values()), *self._installed()})

    def _installed(self) -> Iterable[str]:
        return () if self._plugins is None else self._plugins.names()
