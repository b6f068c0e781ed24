"""Entry of the processes that the supervisor starts: `python -m runtime.node.child NAME RUN_DIR FDS… PARENT_PID`.

Each entry imports its own packages only, so that the scan process never loads a network library.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.node import runplan
from runtime.node.parent import arm_last_words, end_with_parent
from runtime.node.runplan import RunPlan


def scan(run_dir: Path, control_fd: int, image_fd: int) -> None:
    """The scan process. The kernel ends it with its supervisor; io then brings the outputs to fail-safe."""
    from runtime.scan.process import run_scan
    from runtime.scan.realtime import RealtimeSettings

    plan = RunPlan.load(run_dir)
    manifest = Manifest.load(run_dir / runplan.MANIFEST)
    run_scan(
        manifest=manifest,
        object_code=(run_dir / runplan.OBJECT).read_bytes(),
        initial=_warm_memory(manifest, (run_dir / runplan.INITIAL).read_bytes(), image_fd, plan),
        control_fd=control_fd,
        image_fd=image_fd,
        realtime=RealtimeSettings(priority=plan.realtime_priority, cpu=plan.realtime_cpu),
        cache_dir=Path(plan.cache_dir),
    )


def _warm_memory(manifest: Manifest, initial: bytes, image_fd: int, plan: RunPlan) -> bytes:
    """Initial memory with the retained values: of the scan process before this one, else of the last save."""
    if not plan.retain_every_ns:
        return initial
    from runtime.image.primitives import use_cache
    from runtime.image.snapshot import SnapshotReader
    from runtime.scan.retainfile import Folder, RetainStore
    from runtime.scan.retaining import warm_start, warm_start_from

    use_cache(Path(plan.cache_dir))
    image = ImageSegment.attach(os.dup(image_fd), manifest.layout())
    last = SnapshotReader(image).latest()
    image.close()
    if last is not None:
        return warm_start_from(last, manifest, initial)
    return warm_start(manifest, initial, RetainStore(Folder(Path(plan.state_dir)))).initial


def retain(run_dir: Path, control_fd: int, image_fd: int) -> None:
    """The process that saves retained values; at its end once more, when the scan has ended."""
    from runtime.image.snapshot import SnapshotReader
    from runtime.scan.retainfile import Folder, RetainStore
    from runtime.scan.retaining import Retainer, keep_saving
    from runtime.wire.endpoints import endpoints
    from runtime.wire.events import EventSender

    ControlSegment.attach(control_fd).close()
    plan, manifest = RunPlan.load(run_dir), Manifest.load(run_dir / runplan.MANIFEST)
    snapshots = SnapshotReader(ImageSegment.attach(image_fd, manifest.layout()))
    store = RetainStore(Folder(Path(plan.state_dir)))
    retainer = Retainer(manifest, (run_dir / runplan.INITIAL).read_bytes(), store)
    sender = EventSender(endpoints(run_dir), "supervisor")
    _freeze()

    def wait() -> bool:
        stopped = signal.sigtimedwait({signal.SIGTERM}, plan.retain_every_ns / 1e9) is not None
        if stopped:
            arm_last_words()
        return not stopped

    keep_saving(retainer, snapshots.latest, wait=wait, on_event=sender.send)
    sender.close()


def recorder(run_dir: Path, control_fd: int, image_fd: int) -> None:
    """The process that records what the scans take in."""
    from runtime.node.recorderchild import run_recorder

    run_recorder(run_dir, run_dir, control_fd=control_fd, image_fd=image_fd, number=0)


def io(run_dir: Path, control_fd: int, image_fd: int) -> None:
    """The io process: devices, or for a plant the devices it plays."""
    from random import Random

    from runtime.drivers.engine import IoEngine
    from runtime.image.frame import FrameReader
    from runtime.image.pages import PageReader, PageWriter
    from runtime.image.primitives import primitives
    from runtime.iomap.plan import IoPlan
    from runtime.wire.endpoints import endpoints
    from runtime.wire.events import EventSender

    control = ControlSegment.attach(control_fd)  # refuses another version's segments
    sink_clock = control.word_address("sink_clock_ns")
    manifest = Manifest.load(run_dir / runplan.MANIFEST)
    layout = manifest.layout()
    image = ImageSegment.attach(image_fd, layout)
    io_plan = IoPlan.load(run_dir / runplan.IO_PLAN)
    if io_plan.served:
        from runtime.sim.served_registry import SERVED as REGISTRY
    else:
        from runtime.drivers.registry import DRIVERS as REGISTRY
    sender = EventSender(endpoints(run_dir), "io")
    engine = IoEngine(
        io_plan,
        pages={device: PageWriter(image, device) for device in layout.pages},
        frames=FrameReader(image),
        clock=time.monotonic_ns,
        on_event=sender.send,
        registry=REGISTRY,
        remembered={device: PageReader(image, device).read() for device in layout.pages},
        random=Random(),  # noqa: S311 - spreads reconnects in time, guards nothing
        beat=lambda now_ns: primitives().store_u64(sink_clock, now_ns),
    )
    _freeze()
    asyncio.run(_until_stopped(engine.run, before_stop=arm_last_words))
    sender.close()


def gateway(run_dir: Path, control_fd: int, image_fd: int) -> None:
    """The gateway process."""
    from runtime.core.diagnostic import render
    from runtime.core.fault import ConfigFault
    from runtime.gateway.engine import Gateway, ScadaService
    from runtime.gateway.scada_map import load_scada_map

    manifest = Manifest.load(run_dir / runplan.MANIFEST)
    plan = RunPlan.load(run_dir)
    service = None
    if plan.scada_map:
        written = run_dir / runplan.SCADA_MAP
        scada_map, diagnostics = load_scada_map(written, tags=manifest.tags, bindings=manifest.bindings)
        if scada_map is None:
            raise ConfigFault("\n".join(render(d) for d in diagnostics), mend="the supervisor has checked this map")
        service = ScadaService(scada_map, plan.scada_host, plan.scada_port)
    engine = Gateway(
        manifest,
        image=ImageSegment.attach(image_fd, manifest.layout()),
        control=ControlSegment.attach(control_fd),
        run_dir=run_dir,
        state_dir=Path(plan.state_dir),
        view=plan.view,
        scada=service,
    )
    _freeze()
    asyncio.run(_until_stopped(engine.run, before_stop=arm_last_words))


ENTRIES: dict[str, tuple[Callable[[Path, int, int], None], signal.Signals]] = {
    "scan": (scan, signal.SIGKILL),
    "io": (io, signal.SIGTERM),  # it writes fail-safe values first, within its last words
    "gateway": (gateway, signal.SIGTERM),
    "recorder": (recorder, signal.SIGKILL),
    "retain": (retain, signal.SIGTERM),  # saves the last snapshot first
}
"""Entry of each process, and the signal it gets when its supervisor dies."""


def main(argv: list[str]) -> None:
    """Run one process until it is told to end."""
    name, run_dir, control_fd, image_fd, parent_pid = argv
    entry, farewell = ENTRIES[name]
    end_with_parent(farewell, int(parent_pid))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the supervisor, which ends us in order
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGTERM})  # until the entry has its answer to it
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s {name}[%(process)d] %(levelname)s %(message)s", stream=sys.stderr
    )
    logging.info("starts")
    entry(Path(run_dir), int(control_fd), int(image_fd))


def _freeze() -> None:
    """What start-up made is never looked at by the collector again."""
    gc.collect()
    gc.freeze()


async def _until_stopped(run: Callable[[asyncio.Event], Awaitable[None]], *, before_stop: Callable[[], None]) -> None:
    stop = asyncio.Event()

    def on_signal() -> None:
        before_stop()
        stop.set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, on_signal)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    await run(stop)


if __name__ == "__main__":
    main(sys.argv[1:])
