"""What Modbus adds to the tables of site maps and profiles."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runtime.iomap.kinds.modbus.busload import link_load
from runtime.iomap.places import host_place, serial_place
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import LinkSettings, ModbusRtuSettings, ModbusRtuTcpSettings, ModbusTcpSettings, Parity
from runtime.iomap.profiles.profile import PeriodMs, Point, Profile, Strict
from runtime.iomap.sites.sitemap import NS_PER_MS, Device, Link, Port
from runtime.iomap.wire import WRITE_WORDS_MAX, Order, Padding, RawType, Table

_Table = Annotated[Table, Field(strict=False)]
_RawType = Annotated[RawType, Field(strict=False)]
_Span = Annotated[list[Annotated[int, Field(ge=0, le=465_535)]], Field(min_length=2, max_length=2)]


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
        return host_place(self.host, self.port)

    def load(self, plans: tuple[DevicePlan, ...]) -> float:
        """Part of the link's time that its devices take; 1.0 is all of it."""
        return link_load(plans, serial_baud=self.serial_baud)


class ModbusRules(Strict):
    """How the device speaks Modbus.

    `address_base`: what the document calls the first register of each table; the PDU address is register - base.
    `max_words`: most registers in one request. `max_gap_words`: undocumented registers that may be read across.
    `unreadable`: registers (first and last, as in the document) that a read must not touch. `mask_write` false: the
    device has no function 22, so a bit of a register is written by reading, changing and writing the register.
    `read_write`: registers are written with function 23. Outputs that lie next to each other and are due together go in
    one request of at most `max_write_words` (by default max_words), unless `write_together` is false; points of
    `write_order` are written in that order, each in a request of its own.
    """

    address_base: dict[_Table, int] = Field(default_factory=dict)
    max_words: Annotated[int, Field(ge=1, le=125)] = 125
    max_gap_words: Annotated[int, Field(ge=0, le=124)] = 0
    word_order: Order = "big"
    byte_order: Order = "big"
    table: _Table = Table.HOLDING
    group: str = ""
    unreadable: dict[_Table, list[_Span]] = Field(default_factory=dict)
    mask_write: bool = True
    read_write: bool = False
    write_together: bool = True
    max_write_words: Annotated[int | None, Field(ge=1, le=WRITE_WORDS_MAX)] = None
    write_order: list[str] = Field(default_factory=list)

    @property
    def write_words_max(self) -> int:
        """Most registers in one write."""
        return min(self.max_words, WRITE_WORDS_MAX) if self.max_write_words is None else self.max_write_words


class ModbusPoint(Point):
    """A register, several, or bits in them. `register` is the document's; `on` is the raw value of a flag that is TRUE,
    `off` what is written for FALSE.

    `bits`: lowest and highest bit of a field in the registers. `chars` and `padding`: of a text (type string).
    `scale_point`: the point of this profile whose value is the power of ten that `scale` is multiplied by (SunSpec's
    scale factors). `played`: the raw number, or the text, that a played device holds here when no tag drives it.
    """

    register_: Annotated[int, Field(alias="register", ge=0, le=465_535)]
    type: _RawType
    table: _Table | None = None
    word_order: Order | None = None
    byte_order: Order | None = None
    bit: Annotated[int | None, Field(ge=0, le=15)] = None
    on: Annotated[int | None, Field(ge=0, le=65535)] = None
    off: Annotated[int, Field(ge=0, le=65535)] = 0
    bits: Annotated[list[Annotated[int, Field(ge=0, le=63)]] | None, Field(min_length=2, max_length=2)] = None
    chars: Annotated[int | None, Field(ge=1, le=246)] = None
    padding: Padding | None = None
    scale_point: str | None = None
    played: int | str | None = None


_Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400]
GAP_FAST_NS = 1_750_000
GAP_FAST_BAUD = 19200
"""Above this speed the silence between frames is a fixed one (Modbus over serial line V1.02, 2.5.1.1)."""


def gap_between_frames_ns(baud: int) -> int:
    """Three and a half characters of 11 bits."""
    return GAP_FAST_NS if baud > GAP_FAST_BAUD else round(3.5 * 11 / baud * 1e9)


class _SerialLink(ModbusLink):
    """Keys of links with the frames of a serial line. `gap_ms`: silence between frames, by default 3.5 characters."""

    baud: _Baud = 19200
    gap_ms: Annotated[float | None, Field(ge=0, le=1000)] = None

    def load(self, plans: tuple[DevicePlan, ...]) -> float:
        """Part of the link's time that its devices take; 1.0 is all of it."""
        return link_load(plans, serial_baud=self.baud)

    def gap_ns(self) -> int:
        """The silence between frames."""
        return gap_between_frames_ns(self.baud) if self.gap_ms is None else round(self.gap_ms * NS_PER_MS)


class ModbusRtuLink(_SerialLink):
    """A serial line of this machine."""

    kind: Literal["modbus_rtu"]
    device: Annotated[str, Field(min_length=1)]
    parity: Parity = "even"
    stop_bits: Literal[1, 2] = 1

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return ModbusRtuSettings(
            device=self.device,
            baud=self.baud,
            parity=self.parity,
            stop_bits=self.stop_bits,
            gap_ns=self.gap_ns(),
        )

    def endpoint(self) -> tuple[object, ...]:
        """The serial device."""
        return serial_place(self.device)


class ModbusRtuTcpLink(_SerialLink):
    """A converter that passes RTU frames on between a TCP connection and a serial line. `baud` is that line's."""

    kind: Literal["modbus_rtu_tcp"]
    host: str = "127.0.0.1"
    port: Port = 502

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        return ModbusRtuTcpSettings(host=self.host, port=self.port, gap_ns=self.gap_ns())

    def endpoint(self) -> tuple[object, ...]:
        """Host and port."""
        return host_place(self.host, self.port)


class ModbusDevice(Device):
    """A device at a unit number.

    `register_offset` is added to every register of the profile; `registers` places points that the profile cannot, or
    puts others right.
    """

    unit: Annotated[int, Field(ge=0, le=255)] = 1
    register_offset: Annotated[int, Field(ge=0, le=65_535)] = 0
    registers: dict[str, ModbusPoint] = Field(default_factory=dict)


class SerialDevice(ModbusDevice):
    """A device on a serial line, where unit 0 is everybody and nobody answers, and 248 to 255 are nobody's."""

    unit: Annotated[int, Field(ge=1, le=247)] = 1


class CounterRule(Strict):
    """A point that moves as long as the device works; has it not for `frozen_after_ms`, all its inputs are BAD."""

    point: str
    frozen_after_ms: PeriodMs


class ModbusProfile(Profile):
    """One device type that speaks Modbus. `unplaced`: points whose registers no public document gives."""

    modbus: ModbusRules = ModbusRules()
    counters: list[CounterRule] = Field(default_factory=list)
    points: Mapping[str, ModbusPoint] = Field(default_factory=dict)
    unplaced: dict[str, Point] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_points(self) -> Self:
        if not self.points and not self.unplaced:
            raise ValueError("a profile has at least one point")
        return self

    def default_group(self) -> str:
        """The poll group of points that name none."""
        return self.modbus.group
