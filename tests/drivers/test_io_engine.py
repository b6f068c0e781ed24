"""The engine between frames and drivers: one event a change, fail-safe values on the way down, bugs not hidden."""

import asyncio
import contextlib
import os
from random import Random

import pytest
from io_points import MS, FakeFrame, Right, output_point

from runtime.drivers import engine
from runtime.drivers.backoff import Backoff
from runtime.drivers.base import LinkContext
from runtime.drivers.engine import IoEngine
from runtime.iomap.plan.plan import DevicePlan, IoPlan, LinkPlan
from runtime.iomap.plan.settings import ModbusTcpSettings

POINT = output_point(fail_safe=1.0)
PLAN = IoPlan(
    site="x",
    served=False,
    fail_safe_after_ns=100 * MS,
    links=(LinkPlan(name="l", settings=ModbusTcpSettings()),),
    devices={"l": (DevicePlan(name="device_1", profile="x", nature="sensor", served=False, outputs=(POINT,)),)},
)


class FakeDriver:
    def __init__(self, context: LinkContext) -> None:
        self.context = context
        self.wakes = 0
        self.settled: list[object] = []
        self.cancelled = False

    def wake(self) -> None:
        self.wakes += 1

    async def run(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.cancelled = True

    async def settle(self) -> None:
        self.settled.append(self.context.sink.value(POINT, self.context.clock()))


class BrokenDriver(FakeDriver):
    async def run(self) -> None:
        raise ZeroDivisionError


class Bench:
    def __init__(self, driver: type[FakeDriver] = FakeDriver, *, bell_fd: int = -1, pair: Right | None = None) -> None:
        self.now_ns = self.looks = 0
        self.frame: FakeFrame | None = None
        self.events: list[str] = []
        self.drivers: list[FakeDriver] = []

        def make(context: LinkContext) -> FakeDriver:
            self.drivers.append(driver(context))
            return self.drivers[-1]

        self.engine = IoEngine(
            PLAN,
            pages={},
            frames=self,
            clock=lambda: self.now_ns,
            on_event=lambda level, text: self.events.append(f"{level}: {text}"),
            registry={"modbus_tcp": make},
            random=Random(1),
            bell_fd=bell_fd,
            pair=pair,
        )

    def latest(self) -> FakeFrame | None:
        self.looks += 1
        return self.frame

    def look(self, now_ms: int, frame: FakeFrame | None) -> None:
        self.now_ns, self.frame = now_ms * MS, frame
        self.engine.look()


def test_engine_when_frames_stop_and_return_then_one_event_each() -> None:
    bench = Bench()
    first, second = FakeFrame(valid_until_ns=50 * MS), FakeFrame(valid_until_ns=900 * MS)
    for now_ms in range(0, 400, 5):
        bench.look(now_ms, first)
    for now_ms in range(400, 800, 5):
        bench.look(now_ms, second)
    bench.look(805, FakeFrame(valid_until_ns=900 * MS, driving=False))
    bench.look(810, FakeFrame(valid_until_ns=900 * MS))
    assert bench.events == [
        "error: outputs to fail-safe: no valid output frame for 100 ms",
        "info: outputs follow the program again",
        "error: outputs to fail-safe: the controller does not drive (stopped, or a fault waits for acknowledgement)",
        "info: outputs follow the program again",
    ]


def test_drivers_when_nothing_is_new_then_left_alone() -> None:
    bench = Bench()
    frame = FakeFrame(valid_until_ns=50 * MS)
    for now_ms in range(0, 50, 5):
        bench.look(now_ms, frame)
    assert bench.drivers[0].wakes == 1


def test_drivers_when_a_frame_waits_for_the_standby_then_they_hear_of_it_once_that_holds_it() -> None:
    right = Right(lead_term=1, lease_until_ns=900 * MS, replicated_scan=1)
    bench = Bench(pair=right)
    heard = []
    for now_ms, scan, held in (
        (0, 1, 1),
        (5, 1, 1),
        (10, 2, 1),
        (11, 2, 2),
        (12, 2, 2),
        (20, 3, 2),
        (25, 4, 3),
        (26, 4, 4),
    ):
        right.replicated_scan = held
        frame = bench.frame if bench.frame is not None and bench.frame.scan_no == scan else FakeFrame(scan_no=scan)
        before = bench.drivers[0].wakes
        bench.look(now_ms, frame)
        heard.append(bench.drivers[0].wakes - before)
    assert heard == [1, 0, 0, 1, 0, 0, 1, 1]


class DeafDriver(FakeDriver):
    async def run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()
        await super().run()


async def test_engine_when_a_driver_loses_a_cancellation_then_it_is_cancelled_again() -> None:
    bench = Bench(DeafDriver)
    stop = asyncio.Event()
    running = asyncio.create_task(bench.engine.run(stop))
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(10):
        await running
    assert bench.drivers[0].cancelled


async def test_engine_when_stopped_then_drivers_write_fail_safe_values_and_end() -> None:
    bench = Bench()
    bench.frame = FakeFrame(valid_until_ns=1 << 60)
    stop = asyncio.Event()
    running = asyncio.create_task(bench.engine.run(stop))
    while not bench.drivers[0].wakes:  # noqa: ASYNC110 (the engine does not say that it has started)
        await asyncio.sleep(0)
    stop.set()
    await running
    assert bench.drivers[0].settled == [1.0]
    assert bench.drivers[0].cancelled


class TwiceBrokenDriver(BrokenDriver):
    async def settle(self) -> None:
        await super().settle()
        raise KeyError("settle")


@pytest.mark.parametrize("driver", [BrokenDriver, TwiceBrokenDriver])
async def test_engine_when_a_driver_has_a_bug_then_it_ends_with_it_and_outputs_are_at_fail_safe(
    driver: type[FakeDriver],
) -> None:
    bench = Bench(driver)
    bench.frame = FakeFrame(valid_until_ns=1 << 60)
    with pytest.raises((ZeroDivisionError, KeyError)):
        await bench.engine.run(asyncio.Event())
    assert bench.drivers[0].settled == [1.0]


def test_backoff_when_failures_go_on_then_longer_within_bounds_and_never_in_step() -> None:
    backoff = Backoff(min_ns=100, max_ns=1000, random=Random(7))
    waits = [backoff.next_ns() for _ in range(8)]
    for wait, step in zip(waits, [100, 200, 400, 800, 1000, 1000, 1000, 1000], strict=True):
        assert step // 2 <= wait <= step
    assert len(set(waits[4:])) > 1
    backoff.reset()
    assert backoff.next_ns() <= 100


async def test_engine_when_its_bell_rings_then_it_looks_and_takes_the_ring(monkeypatch) -> None:
    monkeypatch.setattr(engine, "FRAME_PERIOD_S", 3600.0)
    bell_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    bench, stop = Bench(bell_fd=bell_fd), asyncio.Event()
    running = asyncio.create_task(bench.engine.run(stop))
    for looks in range(1, 5):
        while bench.looks < looks:  # noqa: ASYNC110 - the engine says nothing when it has looked
            await asyncio.sleep(0)
        with pytest.raises(BlockingIOError):
            os.eventfd_read(bell_fd)
        os.eventfd_write(bell_fd, 2)
    stop.set()
    await running
    os.close(bell_fd)
