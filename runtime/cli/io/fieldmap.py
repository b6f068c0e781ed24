"""The map that the commands of `voltscan io` work with: all points of a site, whether a program uses them or not."""

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from runtime.core.diagnostic import Severity, has_errors, render
from runtime.core.fault import ConfigFault
from runtime.core.tag import TagTable
from runtime.drivers.registry import installed_kinds
from runtime.iomap.plan.plan import DevicePlan, IoPlan, LinkPlan
from runtime.iomap.sites.everypoint import every_point, plan_of_every_point
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.sites.loaded import LoadedSite
from runtime.wire.rundir import is_running, run_dir


@dataclass(frozen=True, slots=True)
class FieldMap:
    """A sound site map with every point of its devices: `tags` are named `<device>.<point>`.

    `site`: the name under which its controller runs.
    """

    site: str
    loaded: LoadedSite
    tags: TagTable
    plan: IoPlan

    @property
    def runs(self) -> bool:
        """True while a controller of the site runs on this machine."""
        return is_running(run_dir(self.site))

    def link(self, name: str) -> tuple[LinkPlan, tuple[DevicePlan, ...]]:
        """A link and its devices. Raises ConfigFault when there is none of that name."""
        for link in self.plan.links:
            if link.name == name:
                return link, self.plan.devices[name]
        links = ", ".join(link.name for link in self.plan.links)
        raise ConfigFault(f"the map has no link {name!r} with devices", mend=f"name one of {links}")


def read_field_map(path: Path) -> FieldMap:
    """The site map of a file: a map of its own, or the one that a site file names.

    Prints warnings on standard error. Raises ConfigFault when the map has mistakes; they are printed too.
    """
    path, name = _map_of(path)
    loaded, found = load_site_map(path, shown=str(path), kinds=installed_kinds())
    for diagnostic in found:
        if has_errors(found) is (diagnostic.severity is Severity.ERROR):
            print(render(diagnostic), end="\n\n", file=sys.stderr)
    if loaded is None or not loaded.sound:
        raise ConfigFault("the map has mistakes", where=str(path), mend=f"voltscan check {path} tells all of them")
    return FieldMap(name or loaded.map.site, loaded, every_point(loaded), plan_of_every_point(loaded))


def _map_of(path: Path) -> tuple[Path, str]:
    """The map that a site file names and the name of that site; of a map itself the name is not known yet."""
    try:
        told = tomllib.loads(path.read_text())
    except OSError as fault:
        raise ConfigFault(f"cannot read it: {fault.strerror}", where=str(path), mend="check the path") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return path, ""  # reported with its place when it is loaded
    named = told.get("io_map")
    return (path.parent / named, str(told.get("name", ""))) if isinstance(named, str) else (path, "")
