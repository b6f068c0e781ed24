"""How soon a device of lines, chips or files is found again: counted in virtual time, its thread taken out."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from random import Random
from typing import Any

import pytest
from io_points import MS, input_point
from virtualtime import VirtualLoop

from runtime.core.fault import DriverFault
from runtime.core.quality import Quality
from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.blockingdevice import BlockingDevice
from runtime.drivers.page import DevicePage
from runtime.drivers.sink import OutputSink
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import I2cSettings
from runtime.iomap.wire import HostWire, Numeric, Wire

POLL_MS, RUN_S = 100, 300.0
WIRE = HostWire(quantity="uptime", path="", number=Numeric(bits=64, signed=True, floating=True))


class AtOnce:
    """In place of the thread: what is submitted is done."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def submit(self, call: Callable[..., Any], *args: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(call(*args))
        except DriverFault as fault:
            done.set_exception(fault)
        return done

    def shutdown(self, *, wait: bool) -> None:
        pass


class Chip(BlockingDevice):
    """Does not answer while `is_away`. Its bus opens all the same, as an I2C bus does."""

    def __init__(self, is_away: Callable[[], bool]) -> None:
        self._is_away = is_away

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def sample(self, wires: Sequence[Wire]) -> Sequence[float | None]:
        if self._is_away():
            raise DriverFault("no chip answers", where="bus")
        return [1.0 for _ in wires]


@pytest.mark.parametrize("down_s", [0.05, 1.0, 30.0, 200.0])
@pytest.mark.parametrize("flaps", [False, True])
def test_chip_when_it_answers_again_then_good_within_30_s_and_told_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, down_s: float, flaps: bool
) -> None:
    monkeypatch.setattr("runtime.drivers.blocking.ThreadPoolExecutor", AtOnce)
    loop, events = VirtualLoop(), list[str]()
    away = lambda: 20 <= loop.time() < 20 + down_s and not (flaps and loop.time() % 4 < 2)  # noqa: E731
    point = input_point("p", 0, WIRE, period_ns=POLL_MS * MS)
    plan = DevicePlan(name="chip_1", profile="x", nature="sensor", served=False, inputs=(point,), outputs=())
    page = DevicePage(plan.inputs, None)
    driver = BlockingDriver(
        LinkContext(
            link=LinkPlan(name="l", settings=I2cSettings(bus=1)),
            devices=(plan,),
            pages={"chip_1": page},
            statistics={"chip_1": DeviceStatistics()},
            sink=OutputSink(fail_safe_after_ns=MS, start_ns=0),
            clock=loop.now_ns,
            on_event=lambda level, text: events.append(f"{level}: {text}"),
            random=Random(1),
        ),
        lambda _plan: Chip(away),
    )

    def is_found() -> bool:
        _, quality, stamp_ns = page.readings[0]
        return quality is Quality.GOOD and stamp_ns >= (20 + down_s) * 1e9

    async def work() -> float:
        running = asyncio.create_task(driver.run())
        while loop.time() < RUN_S and not is_found():  # noqa: ASYNC110 - nothing else runs beside it
            await asyncio.sleep(POLL_MS / 1e3)
        found_s = loop.time() - 20 - down_s
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return found_s

    try:
        found_s = loop.run_until_complete(work())
    finally:
        loop.close()
    assert 0 <= found_s <= 30
    assert sum("lost" in event for event in events) <= 1 + down_s / 60
