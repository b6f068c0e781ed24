"""The io process: devices, or for a plant the devices it plays; through online changes.

While a change is being prepared every page is written to both segments, so that the new version's first scan has its
inputs. Where the I/O plan stays the same, no device notices anything. Where it changed, the devices are connected to
anew, without fail-safe values in between; until they answer, points that both maps bind keep reading and time.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from runtime.core.quality import Quality
from runtime.drivers.engine import IoEngine
from runtime.drivers.sink import Frame
from runtime.image.frame import FrameReader
from runtime.image.manifest import Manifest
from runtime.image.pages import PageReader, PageWriter, Reading
from runtime.image.pairwords import PairWords, SinkTerm
from runtime.image.primitives import primitives
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.iomap.plan.plan import IoPlan
from runtime.node import runplan
from runtime.node.children.iofigures import figures_of
from runtime.node.children.parent import arm_last_words
from runtime.node.following import end_on_sigterm, follow
from runtime.node.link import LinkEnd, Order
from runtime.node.runplan import RunPlan
from runtime.node.seat import Seat
from runtime.scan.realtime import RealtimeSettings, settle_thread
from runtime.wire.endpoints import endpoints
from runtime.wire.events import EventSender
from runtime.wire.iofigures import PERIOD_S, save_figures

BELOW_SCAN = 20
"""Priorities that the io of a pair is below the scan: ten below redundancy, without whose word it writes nothing."""
_NEVER: Reading = (None, Quality.BAD, 0)


class _Page:
    """A device's page, in one segment or in two."""

    def __init__(self, writer: PageWriter) -> None:
        self.writers = [writer]

    def write(self, readings: Sequence[Reading], changed: Iterable[int] | None = None) -> None:
        for writer in self.writers:
            writer.write(readings, changed)


class _Frames:
    """The output frames, of the newest segment that has one."""

    def __init__(self, reader: FrameReader) -> None:
        self.readers = [reader]

    def latest(self) -> Frame | None:
        for reader in reversed(self.readers):
            frame = reader.latest()
            if frame is not None:
                return frame
        return None


@dataclass(slots=True)
class _Version:
    """What io knows of a version of the programs."""

    manifest: Manifest
    plan: IoPlan
    image: ImageSegment

    def moves_the_same(self, other: "_Version") -> bool:
        """True when no device and no driver can tell the two apart."""
        return self.plan == other.plan and self.manifest.bindings == other.manifest.bindings


class IoProcess:
    """One io process through the versions it sees. A Follower."""

    def __init__(self, seat: Seat, on_event: EventSender) -> None:
        self._control = ControlSegment.attach(seat.control_fd)  # mapped while this process lives
        self._sink_clock = self._control.word_address("sink_clock_ns")
        manifest = Manifest.load(seat.folder / runplan.MANIFEST)
        image = ImageSegment.attach(seat.image_fd, manifest.layout())
        self._now = _Version(manifest, IoPlan.load(seat.folder / runplan.IO_PLAN), image)
        self._next: _Version | None = None
        self._sender = on_event
        self._run_dir = seat.run_dir
        self._bell_fd = seat.io_bell_fd
        self._hand_over = asyncio.Event()
        readings = {device: PageReader(image, device).read() for device in image.layout.pages}
        self._build(readings)

    async def run(self, link: LinkEnd, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        following = asyncio.create_task(follow(link, self))
        telling = asyncio.create_task(self._tell_figures())
        try:
            while True:
                await self._engine.run(stop, self._hand_over)
                if stop.is_set():
                    return
                self._go_over()
        finally:
            following.cancel()
            telling.cancel()

    async def _tell_figures(self) -> None:
        """Write down what io has counted, once a second."""
        while True:
            figures = figures_of(self._now.plan, self._engine.statistics, self._engine.buses, time.monotonic_ns())
            await asyncio.to_thread(save_figures, self._run_dir, figures)
            await asyncio.sleep(PERIOD_S)

    async def prepare(self, order: Order) -> None:
        """See Follower."""
        manifest = await asyncio.to_thread(Manifest.load, order.folder / runplan.MANIFEST)
        plan = await asyncio.to_thread(IoPlan.load, order.folder / runplan.IO_PLAN)
        layout = await asyncio.to_thread(manifest.layout)
        new = _Version(manifest, plan, ImageSegment.attach(order.image_fd, layout))
        self._next = new
        if new.moves_the_same(self._now):
            for device, page in self._pages.items():
                page.writers.append(PageWriter(new.image, device))
                self._engine.pages[device].publish(whole=True)
            self._frames.readers.append(FrameReader(new.image))
        else:
            for device, readings in self._readings_for(new).items():
                PageWriter(new.image, device).write(readings)

    def settled(self) -> None:
        """See Follower."""
        new, old = self._next, self._now
        assert new is not None
        if not new.moves_the_same(old):
            self._hand_over.set()  # the engine lets go of its devices, then `run` goes over
            return
        for page in self._pages.values():
            del page.writers[0]
        del self._frames.readers[0]
        self._now, self._next = new, None
        old.image.close()

    def forget(self) -> None:
        """See Follower."""
        if self._next is None:
            return
        for page in self._pages.values():
            del page.writers[1:]
        del self._frames.readers[1:]
        self._next.image.close()
        self._next = None

    def _go_over(self) -> None:
        new, old = self._next, self._now
        assert new is not None
        readings = self._readings_for(new)
        self._hand_over = asyncio.Event()
        self._now, self._next = new, None
        self._build(readings)
        old.image.close()

    def _readings_for(self, new: _Version) -> dict[str, list[Reading]]:
        """The newest readings in the pages of another version, by tag and type."""
        known: dict[tuple[str, str], Reading] = {}
        for slot in self._now.image.layout.inputs:
            reading = self._engine.pages[slot.device].readings[slot.entry]
            known[slot.tag.name.lower(), slot.tag.type.name] = reading
        found: dict[str, list[Reading]] = {device: [] for device in new.image.layout.pages}
        for slot in new.image.layout.inputs:  # of each device in the order of its entries
            found[slot.device].append(known.get((slot.tag.name.lower(), slot.tag.type.name), _NEVER))
        return found

    def _build(self, readings: Mapping[str, Sequence[Reading] | None]) -> None:
        now = self._now
        self._pages = {device: _Page(PageWriter(now.image, device)) for device in now.image.layout.pages}
        self._frames = _Frames(FrameReader(now.image))
        if now.plan.served:
            from runtime.sim.played.registry import SERVED as REGISTRY
        else:
            from runtime.drivers.registry import DRIVERS as REGISTRY
        self._engine = IoEngine(
            now.plan,
            pages=self._pages,
            frames=self._frames,
            clock=time.monotonic_ns,
            on_event=self._sender.send,
            registry=REGISTRY,
            remembered=readings,
            random=Random(),  # noqa: S311 - spreads reconnects in time, guards nothing
            beat=self._beat,
            pair=PairWords(self._control) if self._control.control.pair else None,
            term_store=SinkTerm(self._control),
            bell_fd=self._bell_fd,
            links_lost=self._control.control.links_lost,
        )

    def _beat(self, now_ns: int) -> None:
        """What others go by: that io looks at the output frame, and which links it reaches."""
        primitives().store_u64(self._sink_clock, now_ns)
        lost = self._engine.links_lost(now_ns)
        if lost != self._control.control.links_lost:
            primitives().store_u64(self._control.word_address("links_lost"), lost)


def _hurry(plan: RunPlan) -> None:
    """In a pair, real-time priority: a frame is good for one lease, and on a busy machine io came for it too late again
    and again (the first output of a take-over after 200 to 1200 ms). Where the right is missing redundancy says so."""
    if plan.pair is not None and plan.realtime_priority > 0:
        own = max(1, plan.realtime_priority - BELOW_SCAN)
        settle_thread(RealtimeSettings(priority=own, lock_memory=False))


def run_io(seat: Seat, freeze: Callable[[], None]) -> None:
    """The io process until SIGTERM."""
    sender = EventSender(endpoints(seat.run_dir), "io")
    _hurry(RunPlan.load(seat.folder))

    async def run() -> None:
        process, stop = IoProcess(seat, sender), asyncio.Event()
        freeze()
        end_on_sigterm(stop, before_stop=arm_last_words)
        await process.run(LinkEnd(seat.link_fd), stop)

    asyncio.run(run())
    sender.close()
