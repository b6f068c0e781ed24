"""What CAN adds to the tables of site maps and profiles."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from runtime.iomap.canids import IdScheme
from runtime.iomap.kinds.can.busload import link_load
from runtime.iomap.places import serial_place
from runtime.iomap.plan.plan import ChecksumKind, DevicePlan, KeepAlive
from runtime.iomap.plan.settings import CanSettings, LinkSettings
from runtime.iomap.profiles.profile import PeriodMs, Point, Profile, Strict
from runtime.iomap.sites.sitemap import Device, Link, Port
from runtime.iomap.wire import Padding


class CanLink(Link):
    """A CAN bus. `local_address`: the interface that multicast frames use; loopback keeps them in the machine.

    `channel`: a network interface (socketcan), a serial device (slcan), a multicast group, a name (virtual). `fd`: CAN
    FD frames too, their data at `data_bitrate` (0: at `bitrate`).
    """

    kind: Literal["can"]
    interface: Literal["udp_multicast", "socketcan", "slcan", "virtual"] = "socketcan"
    channel: Annotated[str, Field(min_length=1)]
    port: Port = 43113
    bitrate: Annotated[int, Field(ge=10_000, le=1_000_000)] = 500_000
    fd: bool = False
    data_bitrate: Annotated[int, Field(ge=0, le=8_000_000)] = 0
    tty_baud: Annotated[int, Field(ge=9_600, le=4_000_000)] = 115_200
    local_address: str = "127.0.0.1"

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return CanSettings(
            interface=self.interface,
            channel=self.channel,
            port=self.port,
            bitrate=self.bitrate,
            fd=self.fd,
            data_bitrate=self.data_bitrate,
            tty_baud=self.tty_baud,
            local_address=self.local_address,
        )

    def endpoint(self) -> tuple[object, ...]:
        """The bus."""
        return serial_place(self.channel) if self.interface == "slcan" else (self.interface, self.channel, self.port)

    def load(self, plans: tuple[DevicePlan, ...]) -> float:
        """Part of the bus's time that its messages take; 1.0 is all of it."""
        return link_load(plans, bitrate=self.bitrate, data_bitrate=self.data_bitrate or self.bitrate)


class CanDevice(Device):
    """A device whose messages have ids of its own on the bus.

    That is the ids of the profile's database plus `id_offset`, or `address` (source address, none: any) with J1939 ids;
    `controller_address` is then the controller's own (none: as the database has it).
    """

    id_offset: Annotated[int, Field(ge=0, le=0x1FFF_FFFF)] = 0
    address: Annotated[int | None, Field(ge=0, le=253)] = None
    controller_address: Annotated[int | None, Field(ge=0, le=253)] = None


class CanRules(Strict):
    """The CAN database of the device: a file under io_maps/dbc/ (.dbc, .kcd, .sym or .arxml).

    `ids`: how frames are told apart, by the exact id or as J1939 parameter groups (priority and, unless the site gives
    the device an `address`, source address do not count).
    """

    dbc: str
    ids: IdScheme = "exact"


class Checksum(Strict):
    """The signal that guards a message, one whole byte, and how it comes of the other bytes."""

    signal: str
    kind: ChecksumKind


class CanMessage(Strict):
    """A message of the database: who sends it and how often. Missing for `timeout_ms`, its points are BAD.

    `min_bytes`: shorter frames are damaged (else: shorter than the database says); signals past a frame's end have no
    value. `counter`: a signal that every new frame moves on; a frame that repeats it is no news. `frozen_after_ms`:
    a message that brings the same bytes for so long is not trusted (0: they may stand still). `keep_alive`: sent though
    no tag drives it, while outputs are driven, or always.
    """

    sent_by: Literal["device", "controller"]
    period_ms: PeriodMs
    timeout_ms: PeriodMs
    min_bytes: Annotated[int | None, Field(ge=0, le=64)] = None
    counter: str = ""
    frozen_after_ms: Annotated[int, Field(ge=0)] = 0
    checksum: Checksum | None = None
    keep_alive: KeepAlive = "no"


class CanPoint(Point):
    """A signal of a message; its scale is the database's. `on`: the raw value that means TRUE.

    A message in which the point would have the raw value `never_sent` is not sent. `padding` makes it a text, and says
    what follows one that is shorter than its signal.
    """

    message: str
    signal: str
    on: Annotated[int | None, Field(ge=0, le=65535)] = None
    never_sent: int | None = None
    padding: Padding | None = None


class CanProfile(Profile):
    """One device type that speaks CAN."""

    cyclic: ClassVar[bool] = True
    can: CanRules
    messages: dict[str, CanMessage] = Field(default_factory=dict)
    points: Annotated[Mapping[str, CanPoint], Field(min_length=1)]

    def period_ms(self, point: Point) -> int:
        """How often the point's message is sent."""
        assert isinstance(point, CanPoint), "a point of this profile"
        return self.messages[point.message].period_ms

    def stale_after_ms(self, point: Point, *, played: bool) -> int:  # noqa: ARG002 - both sides send cyclically
        """The time-out of the point's message."""
        assert isinstance(point, CanPoint), "a point of this profile"
        return self.messages[point.message].timeout_ms
