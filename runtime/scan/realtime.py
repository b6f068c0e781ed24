"""Real-time rights of the scan thread: its priority, its core, memory that is never paged out.

A right that is missing is no reason not to scan: it is reported once, with what gives it, and the scan runs on.
"""

import ctypes
import errno
import gc
import os
from dataclasses import dataclass

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_PR_SET_TIMERSLACK = 29
TIMER_SLACK_NS = 1
"""Linux rounds the wake-ups of threads without real-time priority up by 50 us otherwise (prctl(2))."""


@dataclass(frozen=True, slots=True)
class RealtimeSettings:
    """SCHED_FIFO priority 1 to 98 (0: no real-time scheduling), the CPU to run on (None: any), memory locked or not."""

    priority: int = 80
    cpu: int | None = None
    lock_memory: bool = True


def settle_process(settings: RealtimeSettings) -> list[str]:
    """Lock memory, freeze the garbage collector's generations; what could not be had, and how to get it."""
    gc.collect()
    gc.freeze()
    if not settings.lock_memory:
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    # On fault: what the scan never touches (most of LLVM's library) need not lie in memory.
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return []
    why = errno.errorcode.get(ctypes.get_errno(), "?")
    return [f"memory is not locked ({why}): give the service LimitMEMLOCK=infinity, or the user `memlock unlimited`"]


def settle_thread(settings: RealtimeSettings) -> list[str]:
    """Give the calling thread its priority and core; what could not be had, and how to get it."""
    missing: list[str] = []
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(TIMER_SLACK_NS), 0, 0, 0)
    if settings.cpu is not None:
        try:
            os.sched_setaffinity(0, {settings.cpu})
        except OSError as refused:
            missing.append(f"CPU {settings.cpu} refused ({refused.strerror}): name one of {sorted(_cpus())}")
    if settings.priority > 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(settings.priority))
        except PermissionError:
            missing.append(
                f"no SCHED_FIFO {settings.priority}: give the service LimitRTPRIO=98 and "
                "AmbientCapabilities=CAP_SYS_NICE, or the user `rtprio 98` in /etc/security/limits.conf"
            )
    return missing


def _cpus() -> set[int]:
    return os.sched_getaffinity(0)


def touch_pages(address: int, size: int) -> None:
    """Write back a byte of each page, so that no scan is the first to meet it. Nobody else writes there yet."""
    for at in range(address, address + size, os.sysconf("SC_PAGESIZE")):
        byte = ctypes.c_uint8.from_address(at)
        byte.value = byte.value
