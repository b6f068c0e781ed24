"""What Modbus adds to the tables of site maps and profiles."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from runtime.iomap.kinds.modbus.busload import link_load
from runtime.iomap.plan import DevicePlan, LinkPlan
from runtime.iomap.profile import PeriodMs, Point, Profile, Strict
from runtime.iomap.settings import LinkSettings, ModbusTcpSettings
from runtime.iomap.sitemap import NS_PER_MS, Device, Link, Port
from runtime.iomap.wire import Order, RawType, Table

_Table = Annotated[Table, Field(strict=False)]
_RawType = Annotated[RawType, Field(strict=False)]


class ModbusLink(Link):
    """Keys of all Modbus links. `attempts` requests in a row without an answer, and the device is lost."""

    timeout_ms: PeriodMs = 500
    attempts: Annotated[int, Field(ge=1, le=10)] = 2

    def plan(self, name: str) -> LinkPlan:
        """The link as io gets it."""
        plan = super().plan(name)
        return LinkPlan(
            name=plan.name,
            settings=plan.settings,
            timeout_ns=self.timeout_ms * NS_PER_MS,
            attempts=self.attempts,
            backoff_min_ns=plan.backoff_min_ns,
            backoff_max_ns=plan.backoff_max_ns,
        )


class ModbusTcpLink(ModbusLink):
    """A Modbus TCP server. Devices behind one gateway share one link, and so one connection.

    `serial_baud`: speed of the serial line behind a gateway, for the poll load (0: none).
    """

    kind: Literal["modbus_tcp"]
    host: str = "127.0.0.1"
    port: Port = 502
    serial_baud: Annotated[int, Field(ge=0)] = 0

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return ModbusTcpSettings(host=self.host, port=self.port)

    def endpoint(self) -> tuple[object, ...]:
        """Host and port."""
        return (self.host, self.port)

    def load(self, plans: tuple[DevicePlan, ...]) -> float:
        """Part of the link's time that its devices take; 1.0 is all of it."""
        return link_load(plans, serial_baud=self.serial_baud)


class ModbusDevice(Device):
    """A device at a unit number."""

    unit: Annotated[int, Field(ge=0, le=255)] = 1

    def place_on_link(self) -> tuple[str, str] | None:
        """The unit number."""
        return ("unit", str(self.unit))


class ModbusRules(Strict):
    """How the device speaks Modbus.

    `address_base`: what the document calls the first register of each table; the PDU address is register - base.
    `addresses`: "site" when no public document gives registers, so that the site map has to (`registers` of a device).
    `max_words`: most registers in one request. `max_gap_words`: undocumented registers that may be read across.
    """

    address_base: dict[_Table, int] = Field(default_factory=dict)
    addresses: Literal["document", "site"] = "document"
    max_words: Annotated[int, Field(ge=1, le=125)] = 125
    max_gap_words: Annotated[int, Field(ge=0, le=124)] = 0
    word_order: Order = "big"
    byte_order: Order = "big"
    table: _Table = Table.HOLDING
    group: str = ""


class ModbusPoint(Point):
    """A register, or a bit in it. `register` is the document's; `on` is the raw value of a flag that is TRUE."""

    register_: Annotated[int, Field(alias="register", ge=0, le=465_535)]
    type: _RawType
    table: _Table | None = None
    word_order: Order | None = None
    byte_order: Order | None = None
    bit: Annotated[int | None, Field(ge=0, le=15)] = None
    on: Annotated[int | None, Field(ge=0, le=65535)] = None


class ModbusProfile(Profile):
    """One device type that speaks Modbus."""

    modbus: ModbusRules = ModbusRules()
    points: Annotated[Mapping[str, ModbusPoint], Field(min_length=1)]

    def default_group(self) -> str:
        """The poll group of points that name none."""
        return self.modbus.group
