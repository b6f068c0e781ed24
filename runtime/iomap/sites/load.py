"""Loads a site map with all the profiles it names, and reports everything wrong that needs no program to see."""

from pathlib import Path
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, error, has_errors
from runtime.iomap.kinds.builtin import BUILT_IN
from runtime.iomap.kinds.kind import Kinds, LinkKind, Unusable
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.profiles.pointtable import read_points
from runtime.iomap.profiles.profilefiles import profile_files, twice
from runtime.iomap.reading.read import Document, Unfitted, did_you_mean, fit, missing_key, read_toml
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.sitemap import Device, Link, SiteMap


def load_site_map(
    path: Path, *, shown: str = "", kinds: Kinds = BUILT_IN
) -> tuple[LoadedSite | None, list[Diagnostic]]:
    """The site map of a file under io_maps/sites/ (profiles and databases lie in the folders beside `sites`).

    None when the file itself does not fit; a site with diagnostics must not be started. `shown`: the path as the user
    gave it. `kinds`: the kinds of links that there are.
    """
    toml, diagnostics = read_toml(path, name=shown)
    if toml is None:
        return None, diagnostics
    links, found = _links(toml, kinds)
    devices, unfit = _devices(toml, links)
    raw = dict(toml.raw)
    raw |= {"links": raw["links"] | {name: link for name, (_, link) in links.items()}} if links else {}
    raw |= {"devices": raw["devices"] | devices} if devices else {}
    content, misfits = fit(raw, SiteMap, toml.places)
    diagnostics = [*misfits, *found, *unfit]
    if content is None or has_errors(found) or any(d.code != "M4004" for d in unfit):
        return None, diagnostics
    document = Document(content, toml.places, path)
    profiles, found = _profiles(document, kinds, shown)
    diagnostics += found
    known = {name: kind for name, (kind, _) in links.items() if kind is not None}
    placed, found = _placed(document, known, profiles)
    diagnostics += found
    return LoadedSite(document, known, profiles, placed, sound=not has_errors(diagnostics)), diagnostics


class _AnyDevice(Device, extra="ignore"):
    """A device on an unknown link: only the keys that all have can be checked."""


_FittedLinks = dict[str, tuple[LinkKind | None, Link]]


def _tables(toml: Unfitted, key: str) -> dict[str, dict[str, Any]]:
    told = toml.raw.get(key)
    return {name: table for name, table in told.items() if isinstance(table, dict)} if isinstance(told, dict) else {}


def _links(toml: Unfitted, kinds: Kinds) -> tuple[_FittedLinks, list[Diagnostic]]:
    """Each link in the table of its kind; one with a mistake stands in as a link without a kind or settings."""
    fitted: _FittedLinks = {}
    diagnostics: list[Diagnostic] = []
    for name, table in _tables(toml, "links").items():
        kind, found = _kind(toml, name, table.get("kind"), kinds)
        link: Link | None = None
        if kind is not None:
            link, found = fit(table, kind.link, toml.places, at=("links", name))
        diagnostics += found
        fitted[name] = (kind, link or Link(kind=""))
    return fitted, diagnostics


def _kind(toml: Unfitted, link: str, told: object, kinds: Kinds) -> tuple[LinkKind | None, list[Diagnostic]]:
    places = toml.places
    if told is None:
        return None, [missing_key(places, ("links", link), "kind")]
    at = places.value("links", link, "kind")
    found = kinds.find(told) if isinstance(told, str) else None
    if isinstance(found, LinkKind):
        return found, []
    if isinstance(found, Unusable):
        message = f"the plug-in for links of kind `{told}` cannot be used"
        return None, [error("M4008", message, Label(at, found.why), help=found.mend)]
    mend = did_you_mean(str(told), kinds.names(), what="kinds")
    return None, [
        error("M4008", f"unknown kind of link `{told}`", Label(at, "neither built in nor a plug-in"), help=mend)
    ]


def _devices(toml: Unfitted, links: _FittedLinks) -> tuple[dict[str, Device], list[Diagnostic]]:
    """Each device in the table of its link's kind."""
    fitted: dict[str, Device] = {}
    diagnostics: list[Diagnostic] = []
    for name, table in _tables(toml, "devices").items():
        if isinstance(table.get("points"), str):
            points, found = read_points(table["points"], toml.path.parent, toml.places, ("devices", name, "points"))
            table, diagnostics = table | {"points": points}, diagnostics + found
        told = table.get("link")
        kind = links[told][0] if isinstance(told, str) and told in links else None
        device, found = fit(table, kind.device if kind else _AnyDevice, toml.places, at=("devices", name))
        if isinstance(told, str) and told not in links:
            at = Label(toml.places.value("devices", name, "link"), "not a table under [links]")
            found.append(error("M4004", f"unknown link `{told}`", at, help=did_you_mean(told, links, what="links")))
        diagnostics += found
        fitted[name] = device or Device(profile="", link="")
    return fitted, diagnostics


def _profiles(
    document: Document[SiteMap], kinds: Kinds, shown: str
) -> tuple[dict[str, LoadedProfile], list[Diagnostic]]:
    profiles: dict[str, LoadedProfile] = {}
    diagnostics: list[Diagnostic] = []
    folder = document.path.parent.parent
    files = profile_files(folder / "profiles")
    for device, rules in document.content.devices.items():
        name = rules.profile
        if name in profiles:
            continue
        at = document.places.value("devices", device, "profile")
        if name not in files:
            mend = did_you_mean(name, files, what="profiles")
            label = Label(at, f"there is no profiles/{name}.toml")
            diagnostics.append(error("M1006", f"unknown profile `{name}`", label, help=mend))
            continue
        file = files[name]
        if twice(file):
            label = Label(at, f"profiles/{name}.toml and {name}.json")
            diagnostics.append(error("M1006", f"the profile `{name}` is there twice", label, help="keep one of them"))
            continue
        profile, found = load_profile(file, folder / "dbc", shown=_beside(shown, file), kinds=kinds)
        diagnostics += found
        if profile is not None:
            profiles[name] = profile
    return profiles, diagnostics


def _placed(
    document: Document[SiteMap], kinds: dict[str, LinkKind], profiles: dict[str, LoadedProfile]
) -> tuple[dict[str, LoadedProfile], list[Diagnostic]]:
    """The profile of each device as this site has it; as it is where link and profile do not go together."""
    placed: dict[str, LoadedProfile] = {}
    diagnostics: list[Diagnostic] = []
    for name, device in document.content.devices.items():
        loaded, kind = profiles.get(device.profile), kinds.get(device.link)
        if loaded is None:
            continue
        placed[name] = loaded
        if kind is not None and kind.protocol is loaded.protocol:
            placed[name], found = loaded.protocol.place(loaded, name, device, document.places)
            diagnostics += found
    return placed, diagnostics


def _beside(shown: str, file: Path) -> str:
    return str(Path(shown).parent.parent / "profiles" / file.name) if shown else ""
