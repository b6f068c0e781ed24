"""Real-time set-up of the scan: its priority, its core, memory that is never paged out, processors that stay awake.

A right that is missing is no reason not to scan: it is told once, with what gives it, and the scan runs on.
"""

import ctypes
import errno
import gc
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from runtime.core.rights import RIGHTS, Right

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_PR_SET_TIMERSLACK = 29
TIMER_SLACK_NS = 1
"""Linux rounds the wake-ups of threads without real-time priority up by 50 us otherwise (prctl(2))."""
DMA_LATENCY = Path("/dev/cpu_dma_latency")
"""Holds the longest wake-up in us that processors may take, while it is open (kernel: power/pm_qos_interface)."""


@dataclass(frozen=True, slots=True)
class RealtimeSettings:
    """SCHED_FIFO priority 1 to 98 (0: no real-time scheduling), the CPU to run on (None: any), memory locked or not."""

    priority: int = 80
    cpu: int | None = None
    lock_memory: bool = True


@dataclass(frozen=True, slots=True)
class MissingRight:
    """A right that could not be had, and why."""

    right: Right
    why: str

    def __str__(self) -> str:
        text = RIGHTS[self.right]
        return f"{text.without} ({self.why}); add `{text.unit_line}` to the unit file"


def settle_process(settings: RealtimeSettings) -> list[MissingRight]:
    """Lock memory, freeze the garbage collector's generations, keep the processors awake; what could not be had."""
    gc.collect()
    gc.freeze()
    missing = _stay_awake() if settings.priority > 0 else []
    if not settings.lock_memory:
        return missing
    libc = ctypes.CDLL(None, use_errno=True)
    # On fault: what the scan never touches (most of LLVM's library) need not lie in memory.
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return missing
    return [*missing, MissingRight(Right.LOCKED_MEMORY, errno.errorcode.get(ctypes.get_errno(), "?"))]


def _stay_awake() -> list[MissingRight]:
    """The file stays open until the process ends: that is what keeps the request alive. Without the file (a virtual
    machine) nobody sleeps deeply."""
    try:
        fd = os.open(DMA_LATENCY, os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, struct.pack("=i", 0))
    except FileNotFoundError:
        return []
    except OSError as refused:
        return [MissingRight(Right.WAKEFULNESS, refused.strerror or "?")]
    return []


def settle_thread(settings: RealtimeSettings) -> list[MissingRight]:
    """Give the calling thread its priority and core; what could not be had."""
    missing: list[MissingRight] = []
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(TIMER_SLACK_NS), 0, 0, 0)
    if settings.cpu is not None:
        try:
            os.sched_setaffinity(0, {settings.cpu})
        except OSError as refused:
            allowed = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
            missing.append(MissingRight(Right.PROCESSOR, f"{settings.cpu}: {refused.strerror}; allowed: {allowed}"))
    if settings.priority > 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(settings.priority))
        except PermissionError:
            missing.append(MissingRight(Right.PRIORITY, f"priority {settings.priority} refused"))
    return missing
