"""Runs all devices of a site in one asyncio loop, and is the output sink between frames and drivers."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from random import Random

from runtime.drivers.base import (
    BusCounts,
    Clock,
    DeviceStatistics,
    Driver,
    EventSink,
    LinkContext,
    PageSink,
    Reading,
    Registry,
)
from runtime.drivers.fieldwatch import DrivenLink, FieldWatch, driven_devices
from runtime.drivers.frozen import FrozenWatch
from runtime.drivers.page import DevicePage
from runtime.drivers.sink import FrameSource, OutputSink, PairRight, SinkState, TermStore
from runtime.iomap.plan.plan import IoPlan

FRAME_PERIOD_S = 0.005
"""How often the output frame is looked at: half a scan of the default cycle; 200 looks a second cost 1 % of a core."""
WAITING_PERIOD_S = 0.001
"""How often while a frame waits for the standby of a pair, which takes it within a millisecond or two, and no bell
tells when."""
CANCEL_AGAIN_S = 0.2
SETTLE_S = 1.0
"""What the way down may take to write fail-safe values."""


class IoEngine:
    """All links of a plan, driven from one frame source into one page a device.

    `pages` by device name, for the devices that have inputs. `registry` says which driver a kind of link takes: that
    of `drivers.registry` for real devices, that of `sim.played.registry` for played ones. `remembered`: what the pages
    held before, by device (`image.pages.PageReader.read`), so that a restart of io is no gap in the inputs. `beat` is
    told the time of each look at the frame: whoever watches io sees by it that outputs are followed. `pair`: what this
    member of a pair may do; None for a controller alone. `term_store` keeps the sink's term over a restart of io.
    `bell_fd`: an eventfd that rings when there is a new frame, or `pair` has changed; -1 for none.
    `links_lost`: what an io before this one said of its links (fieldwatch.py).
    """

    def __init__(
        self,
        plan: IoPlan,
        *,
        pages: Mapping[str, PageSink],
        frames: FrameSource,
        clock: Clock,
        on_event: EventSink,
        registry: Registry,
        random: Random,
        remembered: Mapping[str, Sequence[Reading] | None] | None = None,
        beat: Callable[[int], None] = lambda _: None,
        pair: PairRight | None = None,
        term_store: TermStore | None = None,
        bell_fd: int = -1,
        links_lost: int = 0,
    ) -> None:
        self.plan = plan
        self.sink = OutputSink(
            fail_safe_after_ns=plan.fail_safe_after_ns,
            start_ns=clock(),
            pair=pair,
            store=term_store,
            fail_safe_unleased=plan.without_lease == "fail_safe",
        )
        devices = [device for devices in plan.devices.values() for device in devices]
        self.statistics = {device.name: DeviceStatistics() for device in devices}
        self.buses: dict[str, BusCounts] = {}
        known = remembered or {}
        self.pages = {
            d.name: DevicePage(d.inputs, pages.get(d.name), known.get(d.name), FrozenWatch(d.name, on_event))
            for d in devices
        }
        self._field = FieldWatch(_driven_links(plan, self.statistics), lost=links_lost, now_ns=clock())
        self._frames = frames
        self._beat = beat
        self._clock = clock
        self._bell_fd = bell_fd
        self._on_event = on_event
        self._drives = any(device.outputs for device in devices)
        self._drivers: list[Driver] = [
            registry[link.kind](
                LinkContext(
                    link=link,
                    devices=plan.devices[link.name],
                    pages=self.pages,
                    statistics=self.statistics,
                    sink=self.sink,
                    clock=clock,
                    on_event=on_event,
                    random=random,
                    buses=self.buses,
                )
            )
            for link in plan.links
        ]

    async def run(self, stop: asyncio.Event, hand_over: asyncio.Event | None = None) -> None:
        """Work until `stop` is set; then write every output's fail-safe value, within SETTLE_S, and return.

        `hand_over`: another engine takes the devices over at once, so outputs are left as they are.

        A bug in a driver ends the engine (and with it io, which is started again), after the same fail-safe values.
        """
        drivers = [asyncio.create_task(driver.run()) for driver in self._drivers]
        follow = asyncio.create_task(self._follow_frames())
        ends = [asyncio.create_task(event.wait()) for event in (stop, hand_over) if event is not None]
        try:
            done, _ = await asyncio.wait([*drivers, follow, *ends], return_when=asyncio.FIRST_COMPLETED)
            broken = done.difference(ends)
            follow.cancel()
            if broken or hand_over is None or not hand_over.is_set() or stop.is_set():
                await self._settle()
            for task in broken:
                task.result()
        finally:
            await _end([*drivers, follow, *ends])

    async def _follow_frames(self) -> None:
        if self._bell_fd >= 0:
            await self._follow_bell()
        while True:
            self.look()
            await asyncio.sleep(WAITING_PERIOD_S if self.sink.waits else FRAME_PERIOD_S)

    async def _follow_bell(self) -> None:
        """Look when it rings, and as often as without one: time passes for the sink too."""
        loop, rung = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._bell_fd, _hear, self._bell_fd, rung)
        try:
            while True:
                rung.clear()
                self.look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(FRAME_PERIOD_S):
                        await rung.wait()
        finally:
            loop.remove_reader(self._bell_fd)

    def links_lost(self, now_ns: int) -> int:
        """A bit for each driven link that is reached no more (image/control.py)."""
        return self._field.lost(now_ns, drives=self.sink.state is not SinkState.STANDBY)

    def look(self) -> None:
        """Take the newest frame, and tell the drivers once there is something else to write.

        It is an event when outputs come to or from fail-safe.
        """
        epoch, before, chosen = self.sink.epoch, self.sink.state, self.sink.frame
        now_ns = self._clock()
        state = self.sink.take(self._frames.latest(), now_ns)
        self._beat(now_ns)
        if self.sink.frame is not chosen or state is not before:  # in a pair not at once with a new frame
            for driver in self._drivers:
                driver.wake()
        if self.sink.epoch == epoch or not self._drives:
            return
        if state is SinkState.STANDBY:
            self._on_event("info", "outputs are left to the other controller")
        elif state is SinkState.FAIL_SAFE:
            self._on_event("error", f"outputs to fail-safe: {self._why(before)}")
        elif before is SinkState.STANDBY:
            self._on_event("info", "outputs are this controller's now")
        else:
            self._on_event("info", "outputs follow the program again")

    def _why(self, before: SinkState) -> str:
        if before is SinkState.WAITING:
            return f"no valid output frame for {self.plan.fail_safe_after_ns // 1_000_000} ms"
        return "the controller does not drive (stopped, or a fault waits for acknowledgement)"

    async def _settle(self) -> None:
        self.sink.close()
        if self.sink.state is SinkState.STANDBY:
            return
        settling = [asyncio.create_task(driver.settle()) for driver in self._drivers]
        if not settling:
            return
        done, late = await asyncio.wait(settling, timeout=SETTLE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            self._on_event("warning", f"not every output took its fail-safe value within {SETTLE_S:g} s")
        for task in done:
            task.result()  # a bug here has not kept the others from settling


def _hear(bell_fd: int, rung: asyncio.Event) -> None:
    with suppress(BlockingIOError):  # another look has taken what it rang for
        os.eventfd_read(bell_fd)
    rung.set()


def _driven_links(plan: IoPlan, statistics: Mapping[str, DeviceStatistics]) -> list[DrivenLink]:
    return [
        DrivenLink([statistics[device.name] for device in driven], is_read=any(device.inputs for device in driven))
        for driven in driven_devices(plan).values()
    ]


async def _end(tasks: Sequence[asyncio.Task[object]]) -> None:
    """Cancel them until all have ended: a cancellation that meets an answer in `asyncio.wait_for` is lost (3.11)."""
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
