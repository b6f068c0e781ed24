"""How punctual polls are, how many reads are good, what they cost, and how long a value takes from device to device."""

import asyncio
import contextlib
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from runtime.core.quality import Quality
from runtime.drivers.base import Reading
from runtime.drivers.bench.peers import serve
from runtime.drivers.engine import IoEngine
from runtime.drivers.registry import DRIVERS
from runtime.iomap.plan.merge import merge_reads
from runtime.iomap.plan.plan import DevicePlan, InputPoint, IoPlan, LinkPlan
from runtime.iomap.plan.settings import ModbusTcpSettings
from runtime.iomap.wire import ModbusWire, Numeric, RawType, Table

DEVICES = 50
POINTS_A_GROUP = 20
NS_PER_MS = 1_000_000
GROUPS_MS = (100, 1000)
ECHO_POLL_MS = 20
SCAN_MS = 10
SETTLED_S = 1.0
"""What comes before is not counted: connections are being made."""
PassOn = Callable[[Sequence[int], float], object]
_WORD = Numeric(bits=16, signed=False, floating=False)


@dataclass(frozen=True, slots=True)
class GroupError:
    """How far the period between two reads of a point was from its poll group's, in parts of it."""

    period_ms: int
    reads: int
    error_p50: float
    error_p99: float
    error_max: float

    def line(self) -> str:
        """For people."""
        return (
            f"  {self.period_ms:5d} ms: {self.reads} periods, error p50 {self.error_p50:.1%}, "
            f"p99 {self.error_p99:.1%}, max {self.error_max:.1%}"
        )


@dataclass(frozen=True, slots=True)
class PollReport:
    """One run with all devices. `core`: processor time of the client, in parts of a core."""

    title: str
    groups: tuple[GroupError, ...]
    good: float
    requests: int
    core: float

    def lines(self) -> list[str]:
        """For people."""
        last = f"  {self.requests} requests, {self.good:.2%} of them good; {self.core:.1%} of a core"
        return [self.title, *(group.line() for group in self.groups), last]


@dataclass(frozen=True, slots=True)
class IoReport:
    """What `voltscan bench io` shows. `ways_ms`: input change to output write, sorted."""

    polls: tuple[PollReport, ...]
    ways_ms: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def table(self) -> str:
        """For people."""
        lines = [line for report in self.polls for line in (*report.lines(), "")]
        bound = ECHO_POLL_MS + 2 * SCAN_MS
        lines.append(
            f"Input change at one device to output write at another through a controller, {ECHO_POLL_MS} ms poll, "
            f"{SCAN_MS} ms scan"
        )
        if self.ways_ms:
            parts = ", ".join(
                f"p{part} {quantile(self.ways_ms, part / 100):.1f} ms" for part in (5, 25, 50, 75, 90, 99)
            )
            lines.append(
                f"  {len(self.ways_ms)} changes: {parts}, max {self.ways_ms[-1]:.1f} ms (p50 bound: {bound} ms)"
            )
        return "\n".join(lines)


def quantile(sorted_values: Sequence[float], part: float) -> float:
    """The value below which that part of them lies (nearest rank)."""
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))]


def run_io_bench(seconds: float, pass_on: PassOn, *, devices: int = DEVICES) -> IoReport:
    """Poll `devices` for `seconds`, then the same beside a dead one, then measure ways through a controller for as
    long: `pass_on` runs it between the devices at two ports, ECHO_POLL_MS and SCAN_MS."""
    with _peers(devices) as (ports, ask_ways):
        *live, dead = ports
        points = devices * POINTS_A_GROUP * len(GROUPS_MS)
        title = f"{devices} Modbus TCP devices, {points} points"
        alone = asyncio.run(_poll(title, live, None, seconds))
        beside = asyncio.run(_poll(f"{title}, beside one that never answers", live, dead, seconds))
        pass_on(live[:2], seconds)
        ways_ms = tuple(sorted(1000 * way for way in ask_ways()))
    return IoReport((alone, beside), ways_ms)


@contextlib.contextmanager
def _peers(count: int) -> Iterator[tuple[list[int], Any]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, count), daemon=True)
    process.start()
    try:
        yield ours.recv(), lambda: _ask(ours)
    finally:
        with contextlib.suppress(OSError):
            ours.send("end")
        process.join(10)
        process.kill()
        ours.close()
        theirs.close()


def _ask(pipe: Connection) -> list[float]:
    pipe.send("ways")
    return list(pipe.recv())


class _Stamps:
    """A page that keeps when each group was read."""

    def __init__(self) -> None:
        self.by_entry: dict[int, list[int]] = {group * POINTS_A_GROUP: [] for group in range(len(GROUPS_MS))}

    def write(self, readings: Sequence[Reading], changed: Iterable[int] | None = None) -> None:  # noqa: ARG002
        """See `PageSink`."""
        for entry, stamps in self.by_entry.items():
            if entry < len(readings):
                _, quality, stamp_ns = readings[entry]
                if quality is Quality.GOOD and (not stamps or stamps[-1] != stamp_ns):
                    stamps.append(stamp_ns)


class _NoFrames:
    """Nothing is written."""

    def latest(self) -> None:
        """See `FrameSource`."""
        return


def _device(place: int, *, periods_ms: Sequence[int], points: int) -> DevicePlan:
    inputs = tuple(
        InputPoint(
            name=f"p{entry}",
            tag=f"device_{place}.p{entry}",
            type_name="UINT",
            entry=entry,
            wire=ModbusWire(table=Table.HOLDING, address=entry, type=RawType.U16, number=_WORD),
            period_ns=periods_ms[entry // points] * NS_PER_MS,
        )
        for entry in range(points * len(periods_ms))
    )
    return DevicePlan(
        name=f"device_{place}",
        profile="bench",
        nature="sensor",
        served=False,
        unit_id=1,
        inputs=inputs,
        reads=merge_reads(inputs, groups={p.name: str(p.period_ns) for p in inputs}, max_words=125, max_gap_words=0),
    )


def _engine(ports: Sequence[int], plans: Sequence[DevicePlan]) -> tuple[IoEngine, list[_Stamps]]:
    links = tuple(LinkPlan(name=f"l{n}", settings=ModbusTcpSettings(port=port)) for n, port in enumerate(ports))
    stamps = [_Stamps() for _ in plans]
    engine = IoEngine(
        IoPlan(
            site="bench",
            served=False,
            fail_safe_after_ns=1 << 62,
            links=links,
            devices={link.name: (plan,) for link, plan in zip(links, plans, strict=True)},
        ),
        pages={plan.name: page for plan, page in zip(plans, stamps, strict=True)},
        frames=_NoFrames(),
        clock=time.monotonic_ns,
        on_event=lambda _level, _text: None,
        registry=DRIVERS,
        random=Random(1),  # noqa: S311 - spreads retries
    )
    return engine, stamps


async def _poll(title: str, live: Sequence[int], dead: int | None, seconds: float) -> PollReport:
    ports = [*live] if dead is None else [*live, dead]
    plans = [_device(place, periods_ms=GROUPS_MS, points=POINTS_A_GROUP) for place in range(len(ports))]
    engine, stamps = _engine(ports, plans)
    stop = asyncio.Event()
    running = asyncio.create_task(engine.run(stop))
    await asyncio.sleep(SETTLED_S)
    live_names = [plan.name for plan in plans[: len(live)]]
    before, cpu_s, from_s = _counts(engine, live_names), time.process_time(), time.monotonic()
    from_ns = time.monotonic_ns()
    await asyncio.sleep(seconds)
    core = (time.process_time() - cpu_s) / (time.monotonic() - from_s)
    requests, errors = (now - then for now, then in zip(_counts(engine, live_names), before, strict=True))
    stop.set()
    await running
    groups = tuple(
        _errors(period_ms, [page.by_entry[group * POINTS_A_GROUP] for page in stamps[: len(live)]], from_ns)
        for group, period_ms in enumerate(GROUPS_MS)
    )
    return PollReport(title, groups, 1.0 - errors / max(1, requests), requests, core)


def _counts(engine: IoEngine, names: Sequence[str]) -> tuple[int, int]:
    statistics = [engine.statistics[name] for name in names]
    return sum(one.requests for one in statistics), sum(one.errors for one in statistics)


def _errors(period_ms: int, stamps: Sequence[Sequence[int]], from_ns: int) -> GroupError:
    found = sorted(
        abs((later - sooner) / NS_PER_MS / period_ms - 1.0)
        for one in stamps
        for sooner, later in itertools.pairwise(one)
        if sooner >= from_ns
    )
    if not found:
        return GroupError(period_ms, 0, 0.0, 0.0, 0.0)
    return GroupError(period_ms, len(found), quantile(found, 0.5), quantile(found, 0.99), found[-1])
