"""What a device profile may say: one TOML file a device type, under io_maps/profiles/.

A profile knows nothing of a site: no host, no tag. Point names are the names that tags have by default.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runtime.iomap.canids import IdScheme
from runtime.iomap.plan import ChecksumKind, KeepAlive
from runtime.iomap.wire import Order, RawType, Table

_Table = Annotated[Table, Field(strict=False)]
_RawType = Annotated[RawType, Field(strict=False)]

Nature = Literal["battery", "inverter", "grid_meter", "pv_meter", "load_meter", "sensor"]
Access = Literal["r", "w", "rw"]
Positive = Literal["discharge", "charge", "import", "export", "production", "consumption", "forward", "unknown"]
"""What a positive value means. `forward`: as the site wires the meter; `unknown`: the document does not say."""
PeriodMs = Annotated[int, Field(ge=1, le=86_400_000)]


class Strict(BaseModel):
    """A table in which every key is known and every value has its type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SourceOfFacts(Strict):
    """Where the facts of a profile come from."""

    document: str
    page: str = ""


class ModbusRules(Strict):
    """How the device speaks Modbus.

    `address_base`: what the document calls the first register of each table; the PDU address is register - base.
    `addresses`: "site" when no public document gives registers, so that the site map has to (`registers` of a device).
    `max_words`: most registers in one request. `max_gap_words`: undocumented registers that may be read across.
    """

    address_base: dict[_Table, int] = {}
    addresses: Literal["document", "site"] = "document"
    max_words: Annotated[int, Field(ge=1, le=125)] = 125
    max_gap_words: Annotated[int, Field(ge=0, le=124)] = 0
    word_order: Order = "big"
    byte_order: Order = "big"
    table: _Table = Table.HOLDING
    group: str = ""


class PollGroup(Strict):
    """Points that are read together, every `period_ms`."""

    period_ms: PeriodMs


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
    value. `counter`: a signal that every new frame moves on; a frame that repeats it is no news. `keep_alive`: sent
    though no tag drives it, while outputs are driven, or always.
    """

    sent_by: Literal["device", "controller"]
    period_ms: PeriodMs
    timeout_ms: PeriodMs
    min_bytes: Annotated[int | None, Field(ge=0, le=64)] = None
    counter: str = ""
    checksum: Checksum | None = None
    keep_alive: KeepAlive = "no"


class Point(Strict):
    """One value of the device.

    Modbus: `register` as in the document, `type`, `bit` (of type bit), `on` (raw value that type flag takes as TRUE).
    CAN: `message`, `signal`. Both: engineering = raw * `scale` + `offset` (a CAN signal has them in its database);
    `not_implemented` is the raw value of a device that has no such quantity; `min` and `max` are in `unit`. A CAN
    message in which the point would have the raw value `never_sent` is not sent.
    `positive` says which way a positive value points. `count` and `stride` belong to points named with {n} and are
    written out before (expand.py).
    """

    register_: Annotated[int | None, Field(alias="register", ge=0, le=465_535)] = None
    table: _Table | None = None
    type: _RawType | None = None
    word_order: Order | None = None
    byte_order: Order | None = None
    bit: Annotated[int | None, Field(ge=0, le=15)] = None
    on: Annotated[int | None, Field(ge=0, le=65535)] = None
    scale: float = 1.0
    offset: float = 0.0
    not_implemented: int | None = None
    never_sent: int | None = None
    message: str | None = None
    signal: str | None = None
    unit: str = ""
    access: Access = "r"
    group: str | None = None
    enum: dict[str, int] = {}
    min: float | None = None
    max: float | None = None
    refresh_ms: Annotated[int, Field(ge=0)] = 0
    positive: Positive | None = None
    count: int | None = None
    stride: int | None = None
    comment: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.count is not None or self.stride is not None:
            raise ValueError("a run of points: its name holds {n}, its count is 1 to 4096, and stride needs a count")
        if self.scale == 0:
            raise ValueError("a scale of 0 makes every value 0")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        return self


class HeartbeatRule(Strict):
    """A point that must keep changing: within `timeout_ms`, or the device stops by itself.

    Where a site binds no tag to it, the driver counts, `up` or `down` through min..max, or `toggle`s between them.
    """

    point: str
    kind: Literal["up", "down", "toggle"] = "up"
    period_ms: PeriodMs
    timeout_ms: PeriodMs
    min: int = 0
    max: int = 65535


class Profile(Strict):
    """One device type.

    `dialect`: which of the device's maps or firmware lines this is. `lacks`: required points of its natures that the
    device does not have, each with the reason (natures.toml). `base`: the profile whose map this one shares.
    """

    maker: str
    model: str
    natures: Annotated[list[Nature], Field(min_length=1)]
    version: str
    dialect: str = ""
    base: str = ""
    lacks: dict[str, str] = {}
    protocol: Literal["modbus", "can"]
    source: SourceOfFacts
    unknowns: list[str] = []
    modbus: ModbusRules | None = None
    groups: dict[str, PollGroup] = {}
    can: CanRules | None = None
    messages: dict[str, CanMessage] = {}
    heartbeats: list[HeartbeatRule] = []
    points: Annotated[dict[str, Point], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_its_protocol(self) -> Self:
        if self.protocol == "can" and self.can is None:
            raise ValueError('protocol = "can" needs a table [can] with the key dbc')
        return self
