"""What every driver has in common: the protocol, what it is handed, and the few statistics it keeps.

A driver owns one link (a connection or a bus) and all devices on it. It runs in io's one asyncio loop. To its caller a
dead device is BAD quality, never an exception.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, Protocol

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.page import DevicePage
from runtime.drivers.sink import OutputSink
from runtime.iomap.plan.plan import DevicePlan, LinkPlan

EventLevel = Literal["info", "warning", "error"]
EventSink = Callable[[EventLevel, str], None]
"""Called once for each change (device lost, device back, …), never for each poll."""
Clock = Callable[[], int]
"""Monotonic time in ns, the same clock as the scan's."""
Reading = tuple[Value | None, Quality, int]


class PageSink(Protocol):
    """Where one device's readings go: `image.pages.PageWriter`."""

    def write(self, readings: Sequence[Reading], changed: Iterable[int] | None = None) -> object:
        """Publish one reading a point, in map order; `changed`: the only ones that are not those of the last time."""
        ...


class Driver(Protocol):
    """One link."""

    def wake(self) -> None:
        """Outputs may have changed: look at the sink. Called from the same loop, at most once a scan."""
        ...

    async def run(self) -> None:
        """Work until cancelled. Never raises for anything that a device or bus does."""
        ...

    async def settle(self) -> None:
        """Write every output's present value once, without regard to policies. Called on the way down."""
        ...


@dataclass(slots=True)
class DeviceStatistics:
    """What one device cost and gave. `round_trip_ns` is of the last answered request (Modbus), 0 before."""

    requests: int = 0
    errors: int = 0
    round_trip_ns: int = 0
    connected: bool = False
    last_good_ns: int = 0


@dataclass(slots=True)
class BusCounts:
    """What error frames have told since the driver started. `off`: the controller has left the bus.

    `tx_errors` and `rx_errors`: the controller's own counters, as it last told them.
    """

    error_frames: int = 0
    bus_off_count: int = 0
    restarts: int = 0
    overflows: int = 0
    tx_errors: int = 0
    rx_errors: int = 0
    passive: bool = False
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkContext:
    """All that a driver is handed. `pages` and `statistics` by device name; `buses` by link, where there is one."""

    link: LinkPlan
    devices: tuple[DevicePlan, ...]
    pages: Mapping[str, DevicePage]
    statistics: Mapping[str, DeviceStatistics]
    sink: OutputSink
    clock: Clock
    on_event: EventSink
    random: Random
    buses: dict[str, BusCounts] = field(default_factory=dict)


DriverFactory = Callable[[LinkContext], Driver]
Registry = Mapping[str, DriverFactory]
"""Drivers by kind of link."""
