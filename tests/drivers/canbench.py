"""A CAN bus on virtual time: stations of devices that are polled or played, frames handed over in between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import can
from cantools.database.can import Database
from io_points import MS, input_point, output_point

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.can.station import Outgoing, Station
from runtime.drivers.page import DevicePage
from runtime.drivers.sink import SinkState
from runtime.iomap.dbc import parse_database
from runtime.iomap.plan.plan import DevicePlan, InputPoint, LinkPlan, MessagePlan, OutputPoint
from runtime.iomap.plan.settings import CanSettings
from runtime.iomap.wire import CanWire, Numeric

LINK = LinkPlan(name="l", settings=CanSettings(interface="virtual", channel="c"))


@dataclass
class HandedSink:
    """A sink that hands out what a test put in: a value by point, None to say nothing."""

    values: dict[str, Value | None] = field(default_factory=dict)
    state: SinkState = SinkState.DRIVING

    def value(self, point: OutputPoint, _now_ns: int) -> Value | None:
        return self.values.get(point.name)

    def drives(self, _now_ns: int) -> bool:
        return self.state is SinkState.DRIVING

    def is_silent(self, _now_ns: int) -> bool:
        return self.state is SinkState.STANDBY


def message(name: str, frame_id: int, *, sent: bool = False, **changes: object) -> MessagePlan:
    """A message every 100 ms that times out after 500 ms."""
    made: dict[str, object] = {
        "name": name,
        "frame_id": frame_id,
        "extended": False,
        "sent": sent,
        "period_ns": 100 * MS,
        "timeout_ns": 500 * MS,
    }
    return MessagePlan(**(made | changes))  # type: ignore[arg-type]


def device_of(dbc: str, messages: Sequence[MessagePlan], name: str = "rack_1", dbc_format: str = "dbc") -> DevicePlan:
    """A device with a point for each signal of these messages, named as the signal."""
    database: Database = parse_database(dbc, dbc_format)
    inputs: list[InputPoint] = []
    outputs: list[OutputPoint] = []
    for plan in messages:
        for signal in database.get_message_by_name(plan.name).signals:
            number = Numeric(
                bits=signal.length,
                signed=signal.is_signed,
                floating=signal.is_float,
                scale=float(signal.scale),
                offset=float(signal.offset),
            )
            wire = CanWire(message=plan.name, signal=signal.name, frame_id=plan.frame_id, number=number)
            if signal.name in (plan.counter, plan.checksum and plan.checksum.signal):
                continue
            if plan.sent:
                outputs.append(output_point(signal.name, len(outputs), None, wire=wire))
            else:
                inputs.append(input_point(signal.name, len(inputs), wire))  # type: ignore[arg-type]
    return DevicePlan(
        name=name,
        profile="p",
        nature="battery",
        served=False,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        messages=tuple(messages),
        dbc=dbc,
        dbc_format=dbc_format,
    )


class StationBench:
    """One station, its clock at `now_ns`, the events it told with their time in ms."""

    def __init__(self, *devices: DevicePlan, make: Callable[[LinkContext], Station] = Station) -> None:
        self.now_ns = 1_000 * MS
        self.sink = HandedSink()
        self.events: list[tuple[int, str]] = []
        self.pages = {plan.name: DevicePage(plan.inputs, None) for plan in devices}
        self.statistics = {plan.name: DeviceStatistics() for plan in devices}
        self.station = make(
            LinkContext(
                link=LINK,
                devices=devices,
                pages=self.pages,
                statistics=self.statistics,
                sink=self.sink,  # type: ignore[arg-type]
                clock=lambda: self.now_ns,
                on_event=lambda level, text: self.events.append((self.now_ns // MS, f"{level}: {text}")),
                random=Random(1),
            )
        )
        self.station.opened(self.now_ns)

    def take(self, *frames: can.Message) -> bool:
        return self.station.take(frames, self.now_ns)

    def step(self, step_ms: float) -> list[Outgoing]:
        """Time passes; what is due then."""
        self.now_ns += int(step_ms * MS)
        return list(self.station.due(self.now_ns))

    def run(self, duration_ms: int, each: Callable[[], object], step_ms: int = 10) -> None:
        """Time passes in steps; `each` is done before each."""
        for _ in range(duration_ms // step_ms):
            each()
            self.step(step_ms)

    def reading(self, point: str, device: str = "rack_1") -> tuple[Value | None, Quality]:
        page = self.pages[device]
        entry = next(p.entry for p in page.points if p.name == point)
        value, quality, _ = page.readings[entry]
        return value, quality

    def age_ms(self, point: str, device: str = "rack_1") -> float:
        page = self.pages[device]
        entry = next(p.entry for p in page.points if p.name == point)
        return (self.now_ns - page.readings[entry][2]) / MS


def frame(frame_id: int, payload_hex: str, *, extended: bool = False) -> can.Message:
    """A data frame."""
    return can.Message(arbitration_id=frame_id, data=bytes.fromhex(payload_hex), is_extended_id=extended)
