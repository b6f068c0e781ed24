"""What a site map may say: links, devices on them, and how their points meet the program's tags.

What a kind of link adds to the tables of links and devices stands in its folder under `kinds`.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from runtime.core.duration import duration_ns
from runtime.iomap.plan.plan import DevicePlan, LinkPlan, WithoutLease
from runtime.iomap.plan.playedfaults import FaultKind, FaultPlan
from runtime.iomap.plan.settings import LinkSettings
from runtime.iomap.profiles.profile import Fence, Nature, PeriodMs, RpcAttempts, RpcWaitMs, Strict

NS_PER_MS = 1_000_000
Port = Annotated[int, Field(ge=1, le=65535)]


def _duration(text: str) -> str:
    duration_ns(text)
    return text


Duration = Annotated[str, AfterValidator(_duration)]


class Link(Strict):
    """A connection or bus, as far as all kinds agree: how long to wait before it is tried again."""

    kind: str
    backoff_min_ms: PeriodMs = 100
    backoff_max_ms: PeriodMs = 5000

    def settings(self) -> LinkSettings:
        """What the driver is told of the link."""
        raise NotImplementedError  # of no kind: only a link with a mistake in it

    def endpoint(self) -> tuple[object, ...]:
        """Where the link leads, what it is first: two links to one place are a mistake, of whatever kinds."""
        raise NotImplementedError

    def load(self, plans: tuple[DevicePlan, ...]) -> float:  # noqa: ARG002 - of those that have no bus to fill
        """Part of the link's time that its devices take; 1.0 is all of it."""
        return 0.0

    def plan(self, name: str) -> LinkPlan:
        """The link as io gets it."""
        return LinkPlan(
            name=name,
            settings=self.settings(),
            backoff_min_ns=self.backoff_min_ms * NS_PER_MS,
            backoff_max_ns=max(self.backoff_min_ms, self.backoff_max_ms) * NS_PER_MS,
        )


class PointRule(Strict):
    """What a site says about one point of a device.

    `fail_safe` is a value, an enumeration's label, or "hold". `read_back`: after each write the point is read;
    what differs is told and written again. A write that fails is tried `rpc_attempts` times, `rpc_wait_ms` apart, where
    that is another number than the profile's.
    `frozen_after_ms`: an input whose raw value has not moved for so long is UNCERTAIN (0: it may stand still).
    """

    tag: str | None = None
    invert: bool = False
    stale_after_ms: Annotated[int | None, Field(ge=0)] = None
    fail_safe: Any = None
    dead_band: Annotated[float, Field(ge=0)] = 0.0
    refresh_ms: Annotated[int | None, Field(ge=0)] = None
    min_interval_ms: Annotated[int, Field(ge=0)] = 0
    read_back: bool = False
    rpc_attempts: RpcAttempts | None = None
    rpc_wait_ms: RpcWaitMs | None = None
    frozen_after_ms: Annotated[int | None, Field(ge=0)] = None
    min: float | None = None
    max: float | None = None


class SecretFile(Strict):
    """Where a secret stands: the first line of a file, its path relative to the site map."""

    file: str


class Device(Strict):
    """One device of the site: its profile and its link. Its address there is a key of the link's kind.

    `options` of its profile go to the program (options.py). `charge_sign` 1: it charges on positive commands, so those
    of its points whose sign is told (`positive`) are turned; -1 is the sign of all maps. `fence`: its fence class,
    where it is another one than the profile's.
    """

    profile: str
    link: str
    nature: Nature | None = None
    charge_sign: Literal[-1, 1] = -1
    fence: Fence | None = None
    options: dict[str, bool | int | float | str | SecretFile] = Field(default_factory=dict)
    points: dict[str, PointRule] = Field(default_factory=dict)

    def place_on_link(self) -> tuple[str, str] | None:
        """The key that tells devices on one link apart, and its value for people; None when several may share it."""
        return None


class Command(Strict):
    """A command by name: the structures of the program that carry its request and its acknowledgement."""

    request: str
    ack: str


class PlayedFault(Strict):
    """A fault of a device that the program plays: from `at` after the start, for a while or (without `for`) for good.

    `delay` belongs to kind delay, `period` to kind flapping.
    """

    device: str
    kind: FaultKind
    at: Duration
    duration: Annotated[Duration | None, Field(alias="for")] = None
    delay: Duration = "1s"
    period: Duration = "4s"

    def plan(self) -> FaultPlan:
        """The fault as the device's driver gets it."""
        start_ns = duration_ns(self.at)
        return FaultPlan(
            kind=self.kind,
            start_ns=start_ns,
            end_ns=1 << 62 if self.duration is None else start_ns + duration_ns(self.duration),
            delay_ns=duration_ns(self.delay),
            period_ns=max(2, duration_ns(self.period)),
        )


class SiteMap(Strict):
    """One site. `serve`: the program plays the devices instead of talking to them, with `faults` at their times.

    `without_lease`: what outputs do that the leader of a pair may no longer drive. `write_log`: the file, beside the
    map, in which played Modbus devices write down who wrote what into them.
    """

    site: str
    serve: bool = False
    fail_safe_after_ms: PeriodMs = 1000
    without_lease: WithoutLease = "hold"
    write_log: str = ""
    links: dict[str, Link]
    devices: Annotated[dict[str, Device], Field(min_length=1)]
    commands: dict[str, Command] = Field(default_factory=dict)
    faults: list[PlayedFault] = Field(default_factory=list)
