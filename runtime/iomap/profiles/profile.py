"""What every device profile may say: one TOML file a device type, under io_maps/profiles/.

A profile knows nothing of a site: no host, no tag. Point names are the names that tags have by default. What a protocol
adds stands in its folder under `kinds`.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Nature = Literal[
    "battery", "inverter", "pv_inverter", "grid_meter", "pv_meter", "wind_meter", "load_meter", "sensor", "io_module"
]  # fmt: skip
Access = Literal["r", "w", "rw"]
Positive = Literal["discharge", "charge", "import", "export", "production", "consumption", "forward", "unknown"]
"""What a positive value means. `forward`: as the site wires the meter; `unknown`: the document does not say."""
PeriodMs = Annotated[int, Field(ge=1, le=86_400_000)]

RpcAttempts = Annotated[int, Field(ge=1, le=1000)]
RpcWaitMs = Annotated[int, Field(ge=0, le=3_600_000)]
STALE_AFTER_PERIODS = 5
"""An input is BAD when five polls in a row brought nothing: one lost answer is no alarm."""
STALE_AFTER_MS_MIN = 2000
"""Nor is a restart of io, which takes about a second."""


class Strict(BaseModel):
    """A table in which every key is known and every value has its type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SourceOfFacts(Strict):
    """Where the facts of a profile come from."""

    document: str
    page: str = ""


class PollGroup(Strict):
    """Points that are read together, every `period_ms`."""

    period_ms: PeriodMs


class Point(Strict):
    """One value of the device: what points of all protocols have in common.

    Engineering = raw * `scale` + `offset` (a CAN signal has them in its database); `not_implemented` is the raw value
    of a device that has no such quantity; `min` and `max` are in `unit`. `group`: the poll group. `stale_after_ms`:
    when a reading is too old, unless the site says otherwise (0: never; default: five polls). `frozen_after_ms`: a raw
    value that has not moved for so long is not trusted (0: it may stand still). A write that fails is tried
    `rpc_attempts` times, `rpc_wait_ms` apart, unless the site says otherwise. `positive` says which way a positive
    value points. `secret`: `voltscan io` shows no value of it. `count` and `stride` belong to points named with {n} and
    are written out before (expand.py).
    """

    scale: float = 1.0
    offset: float = 0.0
    not_implemented: int | None = None
    unit: str = ""
    access: Access = "r"
    group: str | None = None
    enum: dict[str, int] = {}
    min: float | None = None
    max: float | None = None
    refresh_ms: Annotated[int, Field(ge=0)] = 0
    rpc_attempts: RpcAttempts = 5
    rpc_wait_ms: RpcWaitMs = 900
    stale_after_ms: Annotated[int | None, Field(ge=0)] = None
    frozen_after_ms: Annotated[int, Field(ge=0)] = 0
    positive: Positive | None = None
    secret: bool = False
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


class Option(Strict):
    """What a site may set of a device, for the program that drives it. `secret`: better told as { file = "…" }."""

    default: bool | int | float | str
    unit: str = ""
    secret: bool = False
    comment: str = ""


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


class TermFence(Strict):
    """The device itself refuses writes of an older term: `point` carries the term, in one request with each output."""

    class_: Annotated[Literal["term"], Field(alias="class")]
    point: str


Fence = Literal["time"] | TermFence
"""What keeps a former leader of a pair from the device: the time that the next one waits, or the device."""


class Profile(Strict):
    """One device type, as far as all protocols agree.

    `dialect`: which of the device's maps or firmware lines this is. `lacks`: required points of its natures that the
    device does not have, each with the reason (natures.toml). `base`: the profile whose map this one shares.
    `cyclic`: both sides send by the clock, nobody asks. `fence`: its fence class, in a pair of controllers.
    """

    cyclic: ClassVar[bool] = False
    maker: str
    model: str
    natures: Annotated[list[Nature], Field(min_length=1)]
    version: str
    dialect: str = ""
    base: str = ""
    lacks: dict[str, str] = {}
    protocol: str
    source: SourceOfFacts
    unknowns: list[str] = []
    groups: dict[str, PollGroup] = {}
    heartbeats: list[HeartbeatRule] = []
    options: dict[str, Option] = {}
    fence: Fence = "time"
    points: Annotated[Mapping[str, Point], Field(min_length=1)]

    def group_of(self, point: Point) -> str:
        """The poll group of a point: the one it names, or else the profile's default."""
        return point.group or self.default_group()

    def default_group(self) -> str:
        """The poll group of points that name none: the only one there is ("": none)."""
        return next(iter(self.groups)) if len(self.groups) == 1 else ""

    def period_ms(self, point: Point) -> int:
        """How often a point crosses the bus; 0 when it is only written."""
        group = self.group_of(point)
        return self.groups[group].period_ms if point.access != "w" and group in self.groups else 0

    def stale_after_ms(self, point: Point, *, played: bool) -> int:
        """How old a reading may get by default; 0: any age. `played`: a remote client writes the point."""
        if point.stale_after_ms is not None and not played:
            return point.stale_after_ms
        return 0 if played else max(STALE_AFTER_PERIODS * self.period_ms(point), STALE_AFTER_MS_MIN)
