"""What io does with the devices of a site: the checked map, resolved down to addresses. Nothing in it is checked again.

The supervisor makes it from the site map and hands it to io as a JSON file. A device of a *served* plan is played, not
polled: its `inputs` are then the points that a remote client writes, its `outputs` those that it reads.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from runtime.core.elementary import Kind, Value, elementary
from runtime.iomap.i2citem import I2cChip
from runtime.iomap.plan.playedfaults import FaultPlan
from runtime.iomap.plan.settings import LinkSettings
from runtime.iomap.wire import WRITE_WORDS_MAX, ModbusWire, Table, Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePolicy:
    """When an output is written: on a change beyond `dead_band`, again after `refresh_ns` (0: never again without a
    change), and never twice within `min_interval_ns`. One that fails is tried again after `retry_ns`, up to `attempts`
    times (requirements IO-31, IO-32).
    """

    dead_band: float = 0.0
    refresh_ns: int = 0
    min_interval_ns: int = 0
    attempts: int = 5
    retry_ns: int = 900_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPoint:
    """A device point that feeds a tag. `entry` is its place in the device's input page.

    `period_ns` is how often the device's value is fetched or sent (0: when the remote writes it). A value outside
    `minimum`..`maximum` is UNCERTAIN; one outside `allowed` (the values of an enumeration; empty: all) is BAD; one that
    has not moved for `frozen_after_ns` (0: it may stand still) is UNCERTAIN.
    """

    name: str
    tag: str
    type_name: str
    entry: int
    wire: Wire
    period_ns: int
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[int, ...] = ()
    frozen_after_ns: int = 0

    @property
    def kind(self) -> Kind:
        """Kind of the tag's elementary type."""
        return elementary(self.type_name).kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPoint:
    """A tag that drives a device point. `entry` is its place in the output frame; `fail_safe` None holds.

    Values are clamped to `minimum`..`maximum` before they are encoded: the device's last guard. `period_ns` is that
    of the point's CAN message or, when served, of its poll group; 0 on a Modbus client. `read_back`: read it after each
    write. `fenced`: its device refuses writes of an older term.
    """

    name: str
    tag: str
    type_name: str
    entry: int
    wire: Wire
    fail_safe: Value | None
    policy: WritePolicy = WritePolicy()
    read_back: bool = False
    period_ns: int = 0
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    fenced: bool = False

    def clamp(self, value: Value) -> Value:
        """The value within the point's limits; a text has none."""
        if isinstance(value, str):
            return value
        if self.minimum is not None and value < self.minimum:
            return type(value)(self.minimum)
        if self.maximum is not None and value > self.maximum:
            return type(value)(self.maximum)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """One Modbus read: `count` items of `table` from `address`, every `period_ns`.

    It answers the inputs `entries`, or the `exponents` or `counters` of these places in the device's plan.
    """

    group: str
    table: Table
    address: int
    count: int
    period_ns: int
    entries: tuple[int, ...]
    exponents: tuple[int, ...] = ()
    counters: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExponentPoint:
    """A point whose value is the power of ten in the scale of others (`wire.Exponent`)."""

    name: str
    wire: ModbusWire


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterPoint:
    """A point that moves while the device works. Has it not for `frozen_after_ns`, nothing of the device is trusted."""

    name: str
    wire: ModbusWire
    frozen_after_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A counter that the driver itself writes while outputs are driven, for a device whose tag is not bound.

    up and down count through `minimum`..`maximum`; toggle alternates between the two.
    """

    point: str
    wire: Wire
    kind: Literal["up", "down", "toggle"]
    period_ns: int
    minimum: int
    maximum: int


ChecksumKind = Literal["sum8", "sum8_id", "xor8", "crc8_j1850", "crc8_autosar"]
WithoutLease = Literal["hold", "fail_safe"]
KeepAlive = Literal["no", "driving", "always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChecksum:
    """The byte of a CAN message that guards the others, the signal that it is, and how it comes of them."""

    signal: str
    byte: int
    kind: ChecksumKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePlan:
    """A CAN message of a device, `frame_id` with the device's offset. Silent for `timeout_ns`, its points turn BAD.

    A frame is of this message when its id agrees in the bits of `id_mask`. One of less than `min_bytes` is damaged;
    one that repeats `counter` (a signal; empty: none) is no news; having brought the same bytes for `frozen_after_ns`
    (0: they may stand still), it is not trusted. `keep_alive`: sent though it has no outputs.
    `never_sent`: raw values of signals with which it does not go out.
    """

    name: str
    frame_id: int
    extended: bool
    sent: bool
    period_ns: int
    timeout_ns: int
    id_mask: int = 0x1FFF_FFFF
    fd: bool = False
    min_bytes: int = 0
    counter: str = ""
    frozen_after_ns: int = 0
    checksum: MessageChecksum | None = None
    keep_alive: KeepAlive = "no"
    never_sent: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FencePlan:
    """The device refuses writes of an older term, which they carry in the point `point`.

    `together`: for each output, by its place in the device's plan, the places of all outputs that are written in one
    request with it and the term, in order of their registers. `free`: points that need no term (heartbeats).
    """

    point: str
    wire: ModbusWire
    together: tuple[tuple[int, ...], ...] = ()
    free: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """One device: who it is on its link, and every point of it that a tag is bound to.

    `spare` are the points of a served profile that no tag drives: they read 0. `dbc` is the text of the profile's CAN
    database, `dbc_format` its format. `table`: the device's table in the map as JSON, for a driver that is a plug-in.
    `faults`: what goes wrong with it while it is played.
    `exponents` are the points that give others their scale; `held` what a played device holds where no tag drives it.
    `counters` show that it works. `mask_write`: the device has Modbus function 22; `read_write`: it is written to with
    function 23. `write_runs` are outputs, by place, whose registers lie next to each other and may be written in one
    request of at most `max_write_words`; those of `write_order` are written in that order, each alone.
    `i2c`: which chip it is, on an I2C bus. `fence`: how it keeps out a former leader of a pair; None: it does not.
    `write_log`: file in which a played device writes down who wrote what.
    """

    name: str
    profile: str
    nature: str
    served: bool
    unit_id: int = 0
    inputs: tuple[InputPoint, ...] = ()
    outputs: tuple[OutputPoint, ...] = ()
    reads: tuple[ReadRequest, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()
    messages: tuple[MessagePlan, ...] = ()
    spare: tuple[Wire, ...] = ()
    max_gap_words: int = 0
    exponents: tuple[ExponentPoint, ...] = ()
    counters: tuple[CounterPoint, ...] = ()
    held: tuple[tuple[ModbusWire, Value], ...] = ()
    mask_write: bool = True
    read_write: bool = False
    write_runs: tuple[tuple[int, ...], ...] = ()
    write_order: tuple[int, ...] = ()
    max_write_words: int = WRITE_WORDS_MAX
    dbc: str = ""
    dbc_format: str = "dbc"
    table: str = ""
    faults: tuple[FaultPlan, ...] = ()
    i2c: I2cChip | None = None
    fence: FencePlan | None = None
    write_log: str = ""

    def asked_together(self) -> list[tuple[int, tuple[int, ...]]]:
        """How often (ns), and the entries of the inputs that come then: Modbus reads, or points of one period."""
        if self.reads:
            return [(read.period_ns, read.entries) for read in self.reads]
        periods = sorted({point.period_ns for point in self.inputs if point.period_ns})
        return [(period, tuple(p.entry for p in self.inputs if p.period_ns == period)) for period in periods]

    def point(self, name: str) -> InputPoint | OutputPoint | None:
        """The bound point of that profile name."""
        points: tuple[InputPoint | OutputPoint, ...] = (*self.inputs, *self.outputs)
        return next((p for p in points if p.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """A connection or bus that devices share. `attempts` failures in a row make a device's points BAD."""

    name: str
    settings: LinkSettings
    timeout_ns: int = 500_000_000
    attempts: int = 2
    backoff_min_ns: int = 100_000_000
    backoff_max_ns: int = 5_000_000_000

    @property
    def kind(self) -> str:
        """The link's kind: which driver it takes."""
        return self.settings.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class IoPlan:
    """All links and devices of a site. `devices` by link name, in order of the map.

    `without_lease`: what outputs do that the leader of a pair may no longer drive, at devices that refuse an older term
    themselves. At others nothing is written.
    """

    site: str
    served: bool
    fail_safe_after_ns: int
    without_lease: WithoutLease = "hold"
    links: tuple[LinkPlan, ...] = ()
    devices: dict[str, tuple[DevicePlan, ...]] = field(default_factory=dict)

    def device(self, name: str) -> DevicePlan | None:
        """The device of that name."""
        return next((d for devices in self.devices.values() for d in devices if d.name == name), None)

    def save(self, path: Path) -> None:
        """Write the plan whole or not at all."""
        partial = path.with_suffix(".partial")
        partial.write_bytes(_ADAPTER.dump_json(self))
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "IoPlan":
        """The plan that `save` wrote."""
        return _ADAPTER.validate_json(path.read_bytes())


_ADAPTER = TypeAdapter(IoPlan)
