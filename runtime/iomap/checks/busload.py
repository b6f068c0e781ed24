"""Links of which the plan asks more than they can carry. Each kind of link estimates its own load, as a part of 1."""

from collections.abc import Iterator

from runtime.core.diagnostic import Diagnostic, Label, error, warning
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.sites.loaded import LoadedSite

IMPOSSIBLE = 1.0
TIGHT = 0.7
"""Above this, late polls and lost arbitration are to be expected."""


def check_load(site: LoadedSite, devices: dict[str, tuple[DevicePlan, ...]]) -> Iterator[Diagnostic]:
    """Links that cannot carry what the map asks of them, or only just."""
    for name, plans in devices.items():
        link = site.map.links[name]
        load = link.load(plans)
        if load <= TIGHT:
            continue
        at = Label(site.document.places.key("links", name), f"{load * 100:.0f} % of its time is asked for")
        mend = "poll more slowly, bind fewer points, or spread the devices over more links"
        if load > IMPOSSIBLE:
            yield error("M4001", f"link `{name}` cannot carry its devices", at, help=mend)
        else:
            yield warning("M4001", f"link `{name}` is nearly full", at, help=mend)
