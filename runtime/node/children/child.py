"""Entry of the processes that the supervisor starts: `python -m runtime.node.children.child NAME SEAT… PARENT_PID`.

Each entry imports its own packages only, so that the scan process never loads a network library.
"""

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.core.fault import PlcFault
from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.node import runplan
from runtime.node.children.parent import arm_last_words, end_with_parent
from runtime.node.runplan import RunPlan
from runtime.node.seat import Seat

if TYPE_CHECKING:
    from runtime.node.link import LinkEnd
    from runtime.scan.running import RunningScan


def scan(seat: Seat) -> None:
    """The scan process. The kernel ends it with its supervisor; io then brings the outputs to fail-safe."""
    from runtime.node.link import LinkEnd
    from runtime.scan.process import run_scan
    from runtime.scan.realtime import RealtimeSettings

    plan = RunPlan.load(seat.folder)
    manifest = Manifest.load(seat.folder / runplan.MANIFEST)
    link = LinkEnd(seat.link_fd)
    initial = (seat.folder / runplan.INITIAL).read_bytes()
    run_scan(
        manifest=manifest,
        object_code=(seat.folder / runplan.OBJECT).read_bytes(),
        initial=initial,
        start=_warm_memory(manifest, initial, seat.image_fd, plan),
        control_fd=seat.control_fd,
        image_fd=seat.image_fd,
        realtime=RealtimeSettings(priority=plan.realtime_priority, cpu=plan.realtime_cpu),
        cache_dir=Path(plan.cache_dir),
        number=seat.number,
        eventfds=seat.bells,
        follow=lambda running: _follow_changes(link, running),
    )


def _follow_changes(link: "LinkEnd", running: "RunningScan") -> None:
    """Beside the loop: prepare what the supervisor orders, and have the loop change over when it says so."""
    while (order := link.receive()) is not None:
        try:
            if order.do == "prepare":
                running.prepare(
                    Manifest.load(order.folder / runplan.MANIFEST),
                    (order.folder / runplan.OBJECT).read_bytes(),
                    (order.folder / runplan.INITIAL).read_bytes(),
                    image_fd=order.image_fd,
                    number=order.version,
                )
                link.answer(order.version)
            elif order.do == "change":
                running.change(order.version)
            else:
                running.forget()
        except (PlcFault, OSError) as fault:
            logging.warning("version %d: %s", order.version, fault)
            link.answer(order.version, str(fault))


def _warm_memory(manifest: Manifest, initial: bytes, image_fd: int, plan: RunPlan) -> bytes:
    """Initial memory with the retained values: of the scan process before this one, else of the last save."""
    if not plan.retain_every_ns:
        return initial
    from runtime.image.primitives import use_cache
    from runtime.image.snapshot import SnapshotReader
    from runtime.scan.retain.retainfile import Folder, RetainStore
    from runtime.scan.retain.retaining import warm_start, warm_start_from

    use_cache(Path(plan.cache_dir))
    image = ImageSegment.attach(os.dup(image_fd), manifest.layout())
    last = SnapshotReader(image).latest()
    image.close()
    if last is not None:
        return warm_start_from(last, manifest, initial)
    return warm_start(manifest, initial, RetainStore(Folder(Path(plan.state_dir)))).initial


def retain(seat: Seat) -> None:
    """The process that saves retained values; at its end once more, when the scan has ended."""
    from runtime.image.snapshot import SnapshotReader
    from runtime.scan.retain.retainfile import Folder, RetainStore
    from runtime.scan.retain.retaining import Retainer, keep_saving
    from runtime.wire.endpoints import endpoints
    from runtime.wire.events import EventSender

    ControlSegment.attach(seat.control_fd).close()
    plan, manifest = RunPlan.load(seat.folder), Manifest.load(seat.folder / runplan.MANIFEST)
    snapshots = SnapshotReader(ImageSegment.attach(seat.image_fd, manifest.layout()))
    store = RetainStore(Folder(Path(plan.state_dir)))
    retainer = Retainer(manifest, (seat.folder / runplan.INITIAL).read_bytes(), store)
    sender = EventSender(endpoints(seat.run_dir), "supervisor")
    _freeze()

    def wait() -> bool:
        stopped = signal.sigtimedwait({signal.SIGTERM}, plan.retain_every_ns / 1e9) is not None
        if stopped:
            arm_last_words()
        return not stopped

    keep_saving(retainer, snapshots.latest, wait=wait, on_event=sender.send)
    sender.close()


def recorder(seat: Seat) -> None:
    """The process that records what the scans take in."""
    from runtime.node.children.recorderchild import run_recorder

    fds = {"control_fd": seat.control_fd, "image_fd": seat.image_fd, "link_fd": seat.link_fd}
    run_recorder(seat.run_dir, seat.folder, **fds, number=seat.number)


def io(seat: Seat) -> None:
    """The io process."""
    from runtime.node.children.iochild import run_io

    run_io(seat, _freeze)


def gateway(seat: Seat) -> None:
    """The gateway process."""
    from runtime.node.children.gatewaychild import run_gateway

    run_gateway(seat, _freeze)


def redundancy(seat: Seat) -> None:
    """The redundancy process of a pair."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})  # in the threads, too, that numpy starts when imported
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from runtime.node.children.redundancychild import run_redundancy

    run_redundancy(seat, _freeze)


ENTRIES: dict[str, tuple[Callable[[Seat], None], signal.Signals]] = {
    "scan": (scan, signal.SIGKILL),
    "io": (io, signal.SIGTERM),  # it writes fail-safe values first, within its last words
    "gateway": (gateway, signal.SIGTERM),
    "recorder": (recorder, signal.SIGKILL),
    "redundancy": (redundancy, signal.SIGKILL),  # without it the lease runs out; only a supervisor can say "released"
    "retain": (retain, signal.SIGTERM),  # saves the last snapshot first
}
"""Entry of each process, and the signal it gets when its supervisor dies."""


def main(argv: list[str]) -> None:
    """Run one process until it is told to end."""
    name, *seat, parent_pid = argv
    entry, farewell = ENTRIES[name]
    end_with_parent(farewell, int(parent_pid))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the supervisor, which ends us in order
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGTERM})  # until the entry has its answer to it
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s {name}[%(process)d] %(levelname)s %(message)s", stream=sys.stderr
    )
    logging.info("starts")
    entry(Seat.from_words(seat))


def _freeze() -> None:
    """What start-up made is never looked at by the collector again."""
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main(sys.argv[1:])
