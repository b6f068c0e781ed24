"""What a site map may say: links, devices on them, and how their points meet the program's tags."""

from typing import Annotated, Any, Literal

from pydantic import Field

from runtime.iomap.profile import Nature, PeriodMs, Strict

Port = Annotated[int, Field(ge=1, le=65535)]


class Link(Strict):
    """A connection or bus. Devices behind one Modbus gateway share one link, and so one connection.

    `serial_baud`: speed of the serial line behind a Modbus TCP gateway, for the poll load (0: none).
    `local_address`: the interface that multicast CAN frames use; loopback keeps them in the machine.
    """

    kind: Literal["modbus_tcp", "can"]
    host: str = "127.0.0.1"
    port: Port | None = None
    timeout_ms: PeriodMs = 500
    attempts: Annotated[int, Field(ge=1, le=10)] = 2
    backoff_min_ms: PeriodMs = 100
    backoff_max_ms: PeriodMs = 5000
    serial_baud: Annotated[int, Field(ge=0)] = 0
    interface: Literal["udp_multicast", "socketcan", "virtual"] = "socketcan"
    channel: str = ""
    bitrate: Annotated[int, Field(ge=10_000, le=1_000_000)] = 500_000
    local_address: str = "127.0.0.1"


class PointRule(Strict):
    """What a site says about one point of a device.

    `fail_safe` is a value, an enumeration's label, or "hold". `read_back`: after each write the point is read;
    what differs is told and written again.
    """

    tag: str | None = None
    invert: bool = False
    stale_after_ms: Annotated[int | None, Field(ge=0)] = None
    fail_safe: Any = None
    dead_band: Annotated[float, Field(ge=0)] = 0.0
    refresh_ms: Annotated[int | None, Field(ge=0)] = None
    min_interval_ms: Annotated[int, Field(ge=0)] = 0
    read_back: bool = False
    min: float | None = None
    max: float | None = None


class Device(Strict):
    """One device of the site: its profile, its link, its address there.

    That is `unit` on Modbus, `id_offset` on CAN, `address` (source address, none: any) with J1939 ids.
    """

    profile: str
    link: str
    nature: Nature | None = None
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    id_offset: Annotated[int, Field(ge=0, le=0x1FFF_FFFF)] = 0
    address: Annotated[int | None, Field(ge=0, le=253)] = None
    points: dict[str, PointRule] = Field(default_factory=dict)


class Command(Strict):
    """A command by name: the structures of the program that carry its request and its acknowledgement."""

    request: str
    ack: str


class SiteMap(Strict):
    """One site. `serve`: the program plays the devices instead of talking to them."""

    site: str
    serve: bool = False
    fail_safe_after_ms: PeriodMs = 1000
    links: dict[str, Link]
    devices: Annotated[dict[str, Device], Field(min_length=1)]
    commands: dict[str, Command] = Field(default_factory=dict)
