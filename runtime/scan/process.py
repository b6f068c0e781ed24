"""The scan process: maps the segments, lays out application memory, binds the programs, runs the loop until told.

It starts without the compiler: programs arrive as object code. Python does nothing while the loop runs; the main
thread waits for a signal, the loop runs in a thread without the GIL.
"""

import ctypes
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.core.appmemory import APPLIED_INDEX, FAULT_COUNT, STOP_COUNT
from runtime.image.control import Control
from runtime.image.manifest import Manifest
from runtime.image.nativecode import native_cache
from runtime.image.primitives import primitives, use_cache
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.scan.change.loadedversion import LoadedVersion, capture_at_faults, load_version
from runtime.scan.kernel import Kernel
from runtime.scan.planning import ScanPlan
from runtime.scan.realtime import RealtimeSettings, settle_process, settle_thread
from runtime.scan.running import RunningScan

_LOG = logging.getLogger("voltscan.scan")
STACK_SIZE = 16 << 20
"""Of the scan thread: the frames of a task's deepest chain of calls, which recursion cannot deepen: it is refused."""
_LOOP_ENDED = signal.SIGUSR1


def run_scan(
    *,
    manifest: Manifest,
    object_code: bytes,
    initial: bytes,
    start: bytes | None = None,
    control_fd: int,
    image_fd: int,
    realtime: RealtimeSettings,
    eventfds: Sequence[int] = (),
    cache_dir: Path | None = None,
    number: int = 0,
    follow: Callable[[RunningScan], None] | None = None,
) -> None:
    """Run the scan until `exit_request` or SIGTERM; the last frame then carries fail-safe values.

    `start`: memory to begin with, where that is not `initial`: with retained values. What the site file gives stays
    known by `initial`, so that an online change tells a parameter that an operator wrote from one that was edited.
    Call it in the main thread. SIGINT is left to the supervisor, which stops everything in order. Raises ConfigFault
    when the segments do not belong to the manifest.
    """
    if cache_dir is not None:
        use_cache(cache_dir)
    control = ControlSegment.attach(control_fd)
    version = load_version(
        manifest,
        object_code,
        initial,
        control=control,
        image=ImageSegment.attach(image_fd, manifest.layout()),
        number=number,
        eventfds=_unblocked(eventfds),
        start=start,
    )
    _go_on_latched(version, control.control)
    kernel = Kernel(native_cache(cache_dir) if cache_dir else None)
    capture_at_faults(version, kernel)
    _take_over(version.plan, control, manifest.cycle_ns)
    running = RunningScan(version, control, kernel, tuple(eventfds))
    if follow is not None:
        threading.Thread(target=follow, args=(running,), name="changes", daemon=True).start()
    _run(kernel, version.plan, realtime, control.control, running)


def _go_on_latched(version: LoadedVersion, control: Control) -> None:
    """A stop stays latched over a restart of the scan, and what the last one took of a pair's log stays taken."""
    last = SnapshotReader(version.image).latest()
    if last is not None:
        word = last.memory[APPLIED_INDEX : APPLIED_INDEX + 8]
        ctypes.memmove(version.app_address + APPLIED_INDEX, word, len(word))
    for offset, word in ((FAULT_COUNT, control.fault_count), (STOP_COUNT, control.stop_count)):
        ctypes.c_uint64.from_address(version.app_address + offset).value = word


def _unblocked(eventfds: Sequence[int]) -> Sequence[int]:
    for fd in eventfds:
        os.set_blocking(fd, False)
    return eventfds


def _take_over(plan: ScanPlan, control: ControlSegment, cycle_ns: int) -> None:
    """Go on where a former scan process left the words that only scan writes."""
    words = control.control
    plan.plan.mailbox_tail = words.mailbox.tail
    plan.plan.stats_reset_seen = words.stats_reset
    plan.plan.measured = 1
    # Of a term in which it has led, scan numbers and outputs are known; neither fresh memory nor a state from before it
    # is what they go on from.
    plan.plan.refused_term = words.driven_term
    plan.plan.plc_offset_ns = words.plc_offset_ns  # retained values may hold instants of PLC time
    words.active_term = 0
    words.driving = 0
    words.scan_no = 0
    words.version = plan.plan.version
    words.cycle_ns = cycle_ns
    primitives().add_u64(control.word_address("scan_start_count"), 1)


def _run(kernel: Kernel, plan: ScanPlan, realtime: RealtimeSettings, control: Control, running: RunningScan) -> None:
    watched = {signal.SIGTERM, _LOOP_ENDED}
    signal.pthread_sigmask(signal.SIG_BLOCK, {*watched, signal.SIGINT})  # the scan thread inherits it: no EINTR there
    threading.stack_size(STACK_SIZE)
    loop = threading.Thread(target=_loop, args=(kernel, plan, realtime, control, threading.get_ident()), name="scan")
    loop.start()
    if signal.sigwait(watched) == signal.SIGTERM:
        running.stop()
    loop.join()


def _loop(kernel: Kernel, plan: ScanPlan, realtime: RealtimeSettings, control: Control, waiting: int) -> None:
    # Memory last and in this thread: locking what is still to come would count the thread's stack against a limit.
    missing = (*settle_thread(realtime), *settle_process(realtime))
    for right in missing:
        _LOG.warning("%s", right)
    control.rights_missing = sum(right.right for right in missing)
    kernel.touch_stack()
    kernel.loop(plan.address)
    signal.pthread_kill(waiting, _LOOP_ENDED)
