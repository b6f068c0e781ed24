"""The kind of link to lines of a GPIO chip: switches, push buttons, relays, LEDs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.core.tag import Tag
from runtime.iomap.kinds.kind import DeviceProtocol, LinkKind
from runtime.iomap.kinds.playedat import PlayedAtLink
from runtime.iomap.kinds.polled import group_mistakes
from runtime.iomap.places import chip_place
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.settings import GpioSettings, LinkSettings
from runtime.iomap.profiles.profile import Point, Profile
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.sitemap import Device
from runtime.iomap.sites.use import Use
from runtime.iomap.wire import GpioWire, LineBias, LineDrive, Numeric, Wire

CONFIRM_MS = 500
"""How often an input without a poll group is read although no edge came: so that its age tells whether io lives."""
Offset = Annotated[int, Field(ge=0, le=1023)]
LineName = Annotated[str, Field(min_length=1)]


class GpioLink(PlayedAtLink):
    """A chip: its path (/dev/gpiochip0), name or label. `consumer`: what others see as the holder of lines."""

    kind: Literal["gpio"]
    chip: LineName
    consumer: Annotated[str, Field(min_length=1, max_length=31)] = "voltscan"

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return GpioSettings(chip=self.chip, consumer=self.consumer, played_at=self.played_at)

    def endpoint(self) -> tuple[object, ...]:
        """The chip, or who plays it."""
        return ("gpio", self.played_at) if self.played_at else chip_place(self.chip)


class GpioDevice(Device):
    """Lines that belong together. `lines` and `active_low` stand above what the profile says."""

    lines: dict[str, Offset | LineName] = Field(default_factory=dict)
    active_low: bool | None = None


class GpioPoint(Point):
    """A line by name or offset; none in a profile for any board, where the site has to say.

    `debounce_ms`: an input must stand still for so long. `initial`: the state of an output that nobody drove before
    (else its fail-safe state).
    """

    line: Offset | LineName | None = None
    active_low: bool = False
    bias: LineBias = "as_is"
    drive: LineDrive = "push_pull"
    debounce_ms: Annotated[int, Field(ge=0, le=10_000)] = 0
    initial: bool | None = None


class GpioProfile(Profile):
    """A module of lines."""

    points: Annotated[Mapping[str, GpioPoint], Field(min_length=1)]

    def period_ms(self, point: Point) -> int:
        """How often an input is confirmed; its edges come at once."""
        return super().period_ms(point) or (CONFIRM_MS if point.access == "r" else 0)


_INPUT_KEYS = ("debounce_ms",)
_OUTPUT_KEYS = ("drive", "initial")


def _resolve(loaded: LoadedProfile, _dbc_folder: Path) -> list[Diagnostic]:
    profile, places = loaded.profile, loaded.document.places
    assert isinstance(profile, GpioProfile), "the schema of this protocol"
    found: list[Diagnostic] = []
    for name, point in profile.points.items():
        if loaded.profile.group_of(point):
            found += group_mistakes(loaded, name, point)
        for key in _OUTPUT_KEYS if point.access == "r" else _INPUT_KEYS:
            if key in point.model_fields_set:
                what = "an input" if point.access == "r" else "an output"
                at = Label(places.key("points", name, key), f"`{name}` is {what}")
                found.append(error("M2005", f"`{key}` has no meaning here", at, help="take it out"))
        loaded.wires[name] = GpioWire(
            point=name,
            line="" if point.line is None else str(point.line),
            is_output=point.access != "r",
            active_low=point.active_low,
            bias=point.bias,
            drive=point.drive,
            debounce_ms=point.debounce_ms,
            initial=point.initial,
            number=Numeric(bits=1, signed=False, floating=False, boolean=True),
        )
    return found


def _at_site(wire: Wire, device: Device, _tag: Tag | None) -> Wire:
    assert isinstance(wire, GpioWire), "the profile is of this protocol"
    assert isinstance(device, GpioDevice), "the device is on a link of this protocol"
    active_low = wire.active_low if device.active_low is None else device.active_low
    return replace(wire, line=str(device.lines.get(wire.point, wire.line)), active_low=active_low)


def _complete(plan: DevicePlan, _loaded: LoadedProfile, _device: Device) -> DevicePlan:
    return plan


def _check_uses(site: LoadedSite, uses: Sequence[Use]) -> Iterator[Diagnostic]:
    """Points without a line, lines of points that are not there, lines that two points claim."""
    places = site.document.places
    for name, device in site.map.devices.items():
        loaded = site.profiles.get(device.profile)
        if loaded is None or not isinstance(device, GpioDevice):
            continue
        for point in device.lines:
            if point not in loaded.profile.points:
                at = Label(places.key("devices", name, "lines", point), f"not in the profile {device.profile}")
                mend = f"name one of {', '.join(loaded.profile.points)}"
                yield error("M3001", f"the profile {device.profile} has no point `{point}`", at, help=mend)
    first_by_line: dict[tuple[str, str], Use] = {}
    for use in uses:
        assert isinstance(use.wire, GpioWire), "uses of this protocol"
        link = site.map.devices[use.device].link
        played = site.map.links[link]
        if isinstance(played, PlayedAtLink) and played.played_at:
            continue  # by the point's name
        if not use.wire.line:
            at = Label(places.key("devices", use.device), f"{use.tag.name} is bound to its point {use.name}")
            mend = f"write lines = {{ {use.name} = 17 }} (the line's offset, or its name in quotes)"
            yield error("M1004", f"`{use.device}` does not say which line `{use.name}` is", at, help=mend)
            continue
        first = first_by_line.setdefault((link, use.wire.line), use)
        if first is not use:
            here, there = (
                Label(places.key("devices", u.device, "lines", u.name), f"{u.device}.{u.name}") for u in (use, first)
            )
            mend = "every point has a line of its own"
            yield error("M4002", f"line {use.wire.line} of link {link} is two points", here, there, help=mend)


GPIO_PROTOCOL = DeviceProtocol(
    name="gpio",
    profile=GpioProfile,
    resolve=_resolve,
    complete=_complete,
    at_site=_at_site,
    check_uses=_check_uses,
)
GPIO = LinkKind(name="gpio", protocol=GPIO_PROTOCOL, link=GpioLink, device=GpioDevice, playable=True)
