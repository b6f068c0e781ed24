"""A controller alone whose files have errors when it comes back after a kill or a power cut: it does not need them.

The version that ran last goes on; of the files only the site file itself has to be readable, for what belongs to the
box. Not in a pair, where the other controller goes on, and not with a simulated plant, which has no version kept.
"""

from dataclasses import dataclass
from pathlib import Path

from runtime.config import Site, find_site_file, load_site
from runtime.core.fault import ConfigFault
from runtime.node.change.versionstore import VersionStore
from runtime.node.prepare import run_plan
from runtime.node.runplan import RunPlan


@dataclass(frozen=True, slots=True)
class GoingOn:
    """The kept version `name` of a site, and the run plan that it gets."""

    site: Site
    name: str
    own: RunPlan

    def fill(self, folder: Path) -> None:
        """Write the version's files. Raises ConfigFault when it is damaged, OSError when they cannot be written."""
        VersionStore(Path(self.own.state_dir)).unpack_into(folder, self.name, self.own)


def going_on(site_file: Path) -> GoingOn | None:
    """What goes on in place of files that have errors; None when they are to be mended first."""
    site, _ = load_site(find_site_file(site_file))
    if site is None or site.table.pair is not None or site.table.plant is not None:
        return None
    own = run_plan(site, has_devices=False, has_plant=False, retains=False, pair=None)  # the package knows better
    try:
        last = VersionStore(Path(own.state_dir)).last()
    except ConfigFault:  # then nothing is known to go on with; the files' errors are what is told
        return None
    return GoingOn(site, last.ran[0], own) if last is not None and not last.is_ended else None
