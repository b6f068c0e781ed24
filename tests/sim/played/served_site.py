"""The demo site's two sides on free ports, with tags made from the profiles instead of from a program."""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from runtime.core.binding import Bindings
from runtime.core.elementary import BOOL, REAL, UDINT, UINT, Elementary, Value
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.drivers.base import Registry
from runtime.drivers.engine import IoEngine
from runtime.image.frame import OutputFrame
from runtime.iomap.checks.check import check
from runtime.iomap.plan.plan import IoPlan, LinkPlan
from runtime.iomap.plan.settings import CanSettings, ModbusTcpSettings
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.wire import Numeric
from tests.ports import free_port

SITES = Path(__file__).parents[3] / "io_maps" / "sites"
FRAME_VALID_NS = 60_000_000_000
"""A frame of these tests stays valid unless a test takes it away: no test depends on being quick."""
PATIENCE_S = 120.0


def tags_of(site: LoadedSite) -> TagTable:
    """A tag of a fitting type for every point of every device, and the commands' tags are left out."""
    tags: list[Tag] = []
    for device, rules in site.map.devices.items():
        for point, wire in site.profiles[rules.profile].wires.items():
            name = f"{device}.{point}"
            tags.append(Tag(name=name, type=_type(wire.number, point), offset=0, index=len(tags)))
    return TagTable(tags)


def _type(number: Numeric, point: str) -> Elementary:
    if number.boolean or point == "connect_cmd":
        return BOOL
    if number.is_integral and not number.signed:
        return UINT if number.bits <= 16 else UDINT
    return REAL


def checked(name: str | Path) -> tuple[Bindings, IoPlan]:
    """A map of the project by its name, or another one by its path."""
    site, mistakes = load_site_map(SITES / f"{name}.toml" if isinstance(name, str) else name)
    assert site is not None, mistakes
    site = replace(site, document=replace(site.document, content=site.map.model_copy(update={"commands": {}})))
    found = check(site, tags_of(site))
    assert found.bindings is not None, found.diagnostics
    assert found.plan is not None
    return found.bindings, found.plan


def free_ports() -> dict[int, int]:
    """A free port for each port of the demo maps."""
    return {15021: free_port(), 15022: free_port(), 43113: free_port(socket.SOCK_DGRAM)}


def _moved(link: LinkPlan, ports: dict[int, int]) -> LinkPlan:
    settings = link.settings
    if isinstance(settings, ModbusTcpSettings | CanSettings):
        settings = replace(settings, port=ports.get(settings.port, settings.port))
    return replace(link, settings=settings, backoff_max_ns=200_000_000)


class Side:
    """One io engine with hand-made frames; `outputs` by tag name."""

    def __init__(self, name: str | Path, ports: dict[int, int], registry: Registry) -> None:
        self.bindings, plan = checked(name)
        links = tuple(_moved(link, ports) for link in plan.links)
        self.plan = replace(plan, links=links, fail_safe_after_ns=200_000_000)
        self.outputs: dict[str, Value] = {output.tag: 0 for output in self.bindings.outputs}
        self.driving = True
        self.silent = False
        self.events: list[str] = []
        self.stop = asyncio.Event()
        self._registry = registry
        self._frame: OutputFrame | None = None
        self._shown: tuple[object, ...] = ()
        self.engine = self._make()

    def _make(self) -> IoEngine:
        return IoEngine(
            self.plan,
            pages={},
            frames=self,
            clock=time.monotonic_ns,
            on_event=lambda level, text: self.events.append(f"{level}: {text}"),
            registry=self._registry,
            random=Random(1),
        )

    def latest(self) -> OutputFrame | None:
        if self.silent:
            return None
        shown = (self.driving, *self.outputs.values())
        if shown != self._shown:
            now_ns = time.monotonic_ns()
            self._shown = shown
            self._frame = OutputFrame(1, 1, now_ns, now_ns + FRAME_VALID_NS, self.driving, tuple(self.outputs.values()))
        return self._frame

    def start(self) -> "asyncio.Task[None]":
        """Run the engine; a second start is a new engine, as after a restart of io."""
        self.stop = asyncio.Event()
        self.engine = self._make()
        return asyncio.create_task(self.engine.run(self.stop))

    def reading(self, tag: str) -> tuple[Value | None, Quality]:
        for device in self.engine.pages.values():
            for point, (value, quality, _) in zip(device.points, device.readings, strict=True):
                if point.tag == tag:
                    return value, quality
        raise AssertionError(f"no input {tag}")

    def qualities(self, device: str) -> set[Quality]:
        return {quality for _, quality, _ in self.engine.pages[device].readings}


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fails only when it does not come at all."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        await asyncio.sleep(0.005)
