"""Loads a site map with all the profiles it names, and reports everything wrong that needs no program to see."""

from dataclasses import dataclass
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error, has_errors
from runtime.iomap.profiles import LoadedProfile, load_profile
from runtime.iomap.read import Document, did_you_mean, read_document
from runtime.iomap.sitemap import SiteMap


@dataclass(frozen=True, slots=True)
class LoadedSite:
    """A site map and the profiles of its devices, by profile name. `sound`: loading found no error."""

    document: Document[SiteMap]
    profiles: dict[str, LoadedProfile]
    sound: bool

    @property
    def map(self) -> SiteMap:
        """The content of the file."""
        return self.document.content


def load_site_map(path: Path, *, shown: str = "") -> tuple[LoadedSite | None, list[Diagnostic]]:
    """The site map of a file under io_maps/sites/ (profiles and databases lie in the folders beside `sites`).

    None when the file itself does not fit; a site with diagnostics must not be started. `shown`: the path as the user
    gave it.
    """
    document, diagnostics = read_document(path, SiteMap, name=shown)
    if document is None:
        return None, diagnostics
    profiles: dict[str, LoadedProfile] = {}
    folder = path.parent.parent
    known = {p.stem for p in (folder / "profiles").glob("*.toml")}
    for device, rules in document.content.devices.items():
        if rules.profile in profiles:
            continue
        if rules.profile not in known:
            at = Label(
                document.places.value("devices", device, "profile"), f"there is no profiles/{rules.profile}.toml"
            )
            mend = did_you_mean(rules.profile, known, what="profiles")
            diagnostics.append(error("M1006", f"unknown profile `{rules.profile}`", at, help=mend))
            continue
        file = folder / "profiles" / f"{rules.profile}.toml"
        profile, found = load_profile(file, folder / "dbc", shown=_beside(shown, file))
        diagnostics += found
        if profile is not None:
            profiles[rules.profile] = profile
    return LoadedSite(document, profiles, sound=not has_errors(diagnostics)), diagnostics


def _beside(shown: str, file: Path) -> str:
    return str(Path(shown).parent.parent / "profiles" / file.name) if shown else ""
