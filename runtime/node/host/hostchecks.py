"""What of a machine makes a scan punctual or late: read from the kernel's own files, tried, and measured.

Each check is one line: what was found, a verdict, and how to mend it. `root` stands for `/`, so that tests can bring a
machine of their own. Sources: Linux Documentation (admin-guide/kernel-parameters, timers, scheduler/sched-rt-group).
"""

import os
import resource
import socket
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from runtime.core.duration import duration_text
from runtime.core.rights import RIGHTS, Right
from runtime.image.statistics import Distribution
from runtime.scan.realtime import DMA_LATENCY, RealtimeSettings, settle_thread

LOCKED_MIN = 256 << 20
"""Bytes a scan process locks at most: LLVM's linker, the programs, the segments of a large site."""
DELAY_FOR_1MS_NS, DELAY_FOR_10MS_NS = 100_000, 1_000_000
"""Release delays up to a tenth of the cycle do not show in what programs do."""
_GROUP = "239.255.43.1"
_CLOCKS = {"tsc": True, "arch_sys_counter": True, "kvm-clock": True, "hyperv_clocksource_tsc_page": True}


class Verdict(StrEnum):
    """`poor` is what keeps a scan from being punctual; `fair` is what a better machine would have."""

    FINE = "fine"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Check:
    """One line. `mend` is empty where nothing is to be done."""

    name: str
    found: str
    verdict: Verdict
    mend: str = ""


def check_host(root: Path = Path("/")) -> list[Check]:
    """All checks that read the kernel's files below `root`."""
    return [
        _kernel(root),
        _processors(root),
        _isolation(root),
        _governor(root),
        _clock_source(root),
        _throttling(root),
        _machine(root),
    ]


def try_rights() -> list[Check]:
    """What this user may do: tried, in a thread of its own that ends with its rights."""
    missing: list[str] = []
    settings = RealtimeSettings()
    thread = threading.Thread(target=lambda: missing.extend(m.why for m in settle_thread(settings)))
    thread.start()
    thread.join()
    fifo = Check("real-time priority", f"SCHED_FIFO {settings.priority} granted", Verdict.FINE)
    if missing:
        fifo = Check("real-time priority", missing[0], Verdict.POOR, _unit(Right.PRIORITY))
    return [fifo, _memory_lock(), _wakefulness(), _multicast()]


def judge_delay(delay: Distribution, period_ns: int) -> Check:
    """The verdict on a measured release delay."""
    p50, p999 = delay.percentile_ns(50), delay.percentile_ns(99.9)
    figures = ", ".join(
        f"{name} {duration_text(round(ns))}"
        for name, ns in (("p50", p50), ("p99", delay.percentile_ns(99)), ("p99.9", p999), ("max", delay.max_ns))
    )
    found = f"{figures} over {delay.count} wake-ups at {duration_text(period_ns)}"
    if p999 <= DELAY_FOR_1MS_NS:
        return Check("release delay", f"{found}: good for cycles from 1 ms", Verdict.FINE)
    if p999 <= DELAY_FOR_10MS_NS:
        mend = "for cycles below 10 ms mend what is not fine above"
        return Check("release delay", f"{found}: good for cycles from 10 ms", Verdict.FAIR, mend)
    mend = "mend what is not fine above; where nothing is left to mend, the machine or its hypervisor stalls"
    return Check("release delay", f"{found}: late even for a cycle of 10 ms", Verdict.POOR, mend)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _unit(right: Right) -> str:
    return f"add `{RIGHTS[right].unit_line}` to the unit file"


def _kernel(root: Path) -> Check:
    version = _read(root / "proc/version").split("(")[0].replace("Linux version", "").strip()
    if _read(root / "sys/kernel/realtime") == "1" or "PREEMPT_RT" in _read(root / "proc/version"):
        return Check("kernel", f"{version}, PREEMPT_RT", Verdict.FINE)
    mend = "for cycles below 10 ms install a kernel with PREEMPT_RT (Debian: linux-image-rt-amd64)"
    return Check("kernel", f"{version}, not PREEMPT_RT", Verdict.FAIR, mend)


def _processors(root: Path) -> Check:
    count = len(list((root / "sys/devices/system/cpu").glob("cpu[0-9]*")))
    if count >= 2:
        return Check("processors", str(count), Verdict.FINE)
    return Check("processors", str(count), Verdict.FAIR, "with two, scan and the other processes need not share one")


def _isolation(root: Path) -> Check:
    isolated = _read(root / "sys/devices/system/cpu/isolated")
    if isolated:
        mend = f"let [realtime] cpu of the site file name one of {isolated}"
        return Check("isolated processors", isolated, Verdict.FINE, mend)
    mend = "boot with isolcpus=N nohz_full=N rcu_nocbs=N and set [realtime] cpu = N in the site file"
    return Check("isolated processors", "none", Verdict.FAIR, mend)


def _governor(root: Path) -> Check:
    files = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor"))
    governors = sorted({_read(file) for file in files})
    if not governors:
        return Check("frequency governor", "none: the frequency is fixed or the hypervisor's", Verdict.FINE)
    if governors == ["performance"]:
        return Check("frequency governor", "performance", Verdict.FINE)
    mend = "cpupower frequency-set -g performance (for good: a unit or the distribution's cpupower service)"
    return Check("frequency governor", ", ".join(governors), Verdict.FAIR, mend)


def _clock_source(root: Path) -> Check:
    folder = root / "sys/devices/system/clocksource/clocksource0"
    clock = _read(folder / "current_clocksource") or "unknown"
    if _CLOCKS.get(clock):
        return Check("clock source", clock, Verdict.FINE)
    others = [name for name in _read(folder / "available_clocksource").split() if name in _CLOCKS]
    mend = f"boot with clocksource={others[0]}" if others else "it is read by a system call: each costs a microsecond"
    return Check("clock source", clock, Verdict.POOR if others else Verdict.FAIR, mend)


def _throttling(root: Path) -> Check:
    runtime = _read(root / "proc/sys/kernel/sched_rt_runtime_us")
    period = _read(root / "proc/sys/kernel/sched_rt_period_us")
    if runtime == "0":
        return Check("real-time share", "0", Verdict.POOR, "sysctl kernel.sched_rt_runtime_us=950000")
    return Check("real-time share", f"{runtime or '?'} of {period or '?'} us", Verdict.FINE)


def _machine(root: Path) -> Check:
    if "hypervisor" in _read(root / "proc/cpuinfo"):
        mend = "the hypervisor may take the processor away at any time: for real plants use a machine of its own"
        return Check("machine", "virtual", Verdict.FAIR, mend)
    return Check("machine", "real", Verdict.FINE)


def _memory_lock() -> Check:
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit == resource.RLIM_INFINITY or limit >= LOCKED_MIN or os.geteuid() == 0:
        told = "unlimited" if limit == resource.RLIM_INFINITY or os.geteuid() == 0 else f"{limit >> 20} MiB"
        return Check("lockable memory", told, Verdict.FINE)
    return Check("lockable memory", f"{limit >> 10} KiB", Verdict.POOR, _unit(Right.LOCKED_MEMORY))


def _wakefulness() -> Check:
    if not DMA_LATENCY.exists():
        return Check("deep sleep", "the kernel has no /dev/cpu_dma_latency: nothing to hold off", Verdict.FINE)
    if os.access(DMA_LATENCY, os.W_OK):
        return Check("deep sleep", "held off while a scan runs", Verdict.FINE)
    return Check("deep sleep", "/dev/cpu_dma_latency is not writable", Verdict.POOR, _unit(Right.WAKEFULNESS))


def _multicast() -> Check:
    """CAN over UDP multicast, as the demo uses it between processes of one host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            member = struct.pack("4s4s", socket.inet_aton(_GROUP), socket.inet_aton("127.0.0.1"))
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        except OSError as refused:
            mend = "ip route add 239.0.0.0/8 dev lo (the demo's CAN bus needs it, real buses do not)"
            return Check("multicast", refused.strerror or "refused", Verdict.FAIR, mend)
    return Check("multicast", "loopback joins groups", Verdict.FINE)


def worst(checks: Sequence[Check]) -> Verdict:
    """The worst of all verdicts."""
    order = list(Verdict)
    return max((check.verdict for check in checks), key=order.index, default=Verdict.FINE)
