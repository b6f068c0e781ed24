"""One link of a site and what plays it, each an io engine on loopback: maps by their text, tags by the profiles."""

import shutil
import socket
from dataclasses import replace
from pathlib import Path

from io_points import MS
from iobench import IoBench

from runtime.core.elementary import BOOL, REAL
from runtime.core.tag import Tag, TagTable
from runtime.drivers.registry import DRIVERS
from runtime.iomap.checks.check import check
from runtime.iomap.plan.plan import DevicePlan, InputPoint, LinkPlan
from runtime.iomap.sites.load import load_site_map
from runtime.sim.played.registry import SERVED

IO_MAPS = Path(__file__).parents[2] / "io_maps"


def free_port() -> int:
    """A TCP port that nobody holds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def planned(folder: Path, text: str, *, serve: bool) -> tuple[LinkPlan, tuple[DevicePlan, ...]]:
    """The one link of a map, and its devices; every point of them has a tag. `folder`: profiles of the test."""
    shutil.copytree(IO_MAPS / "profiles", folder / "profiles", dirs_exist_ok=True)
    (folder / "sites").mkdir(exist_ok=True)
    path = folder / "sites" / "site.toml"
    path.write_text(f'site = "x"\nserve = {str(serve).lower()}\n{text}')
    site, mistakes = load_site_map(path)
    assert site is not None, mistakes
    points = [(d, p, w) for d, placed in site.placed.items() for p, w in placed.wires.items()]
    tags = [
        Tag(name=f"{device}.{point}", type=BOOL if wire.number.boolean else REAL, offset=0, index=number)
        for number, (device, point, wire) in enumerate(points)
    ]
    found = check(site, TagTable(tags))
    assert found.plan is not None, found.diagnostics
    (link,) = found.plan.links
    return replace(link, backoff_max_ns=200 * MS), found.plan.devices[link.name]


class Played(IoBench):
    """One side. `outputs` by `<device>.<point>`: what its program says from the next `say` on."""

    def __init__(self, folder: Path, text: str, *, serve: bool) -> None:
        self.text = text
        link, self.devices = planned(folder, text, serve=serve)
        super().__init__(link, *self.devices, registry=SERVED if serve else DRIVERS)
        points = [(d.name, point) for d in self.devices for point in d.outputs]
        self.outputs = {f"{device}.{point.name}": point for device, point in points}
        self._values: dict[str, float] = dict.fromkeys(self.outputs, 0)
        self.say()

    def say(self, *, driving: bool = True, **values: float) -> None:
        """`relay_1__p_kw = 3.0` drives point p_kw of relay_1."""
        self._values |= {name.replace("__", "."): value for name, value in values.items()}
        assert self._values.keys() == self.outputs.keys(), "no such output"
        by_entry = {point.entry: self._values[name] for name, point in self.outputs.items()}
        self.drive(*(by_entry[entry] for entry in sorted(by_entry)), driving=driving)

    def sees(self, name: str) -> tuple[object, object]:
        """Value and quality of an input."""
        device, _, point_name = name.partition(".")
        plan = next(d for d in self.devices if d.name == device)
        point = plan.point(point_name)
        assert isinstance(point, InputPoint), f"{name} is no input"
        return self.reading(device, point.entry)
