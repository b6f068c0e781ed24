"""`voltscan stats --bare`: the scan's release delay beside that of a loop that only sleeps, over the same time.

On the processor that the scan was last on, half a period apart from it: beside a loop on another processor the figures
would say which of the two was disturbed (scan/bench/release.py).
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from runtime.cli.controller.remote import percentile_table
from runtime.core.duration import duration_ns, duration_text
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.gateway.view.frames import percentiles
from runtime.image.nativecode import native_cache
from runtime.node.runplan import living_processes
from runtime.node.statedir import cache_dir
from runtime.scan.bench.bare import run_bare
from runtime.scan.kernel import Kernel
from runtime.scan.realtime import RealtimeSettings
from runtime.wire.client import Client
from runtime.wire.rundir import run_dir

_START_NS = 50_000_000
"""What a thread needs to start, and more."""
_PROCESSOR = 36
"""Of the fields behind the name, which is the second."""


def stats_beside_bare(client: Client, duration: str, *, as_json: bool) -> int:
    """Reset the controller's figures, run a bare loop of the same period beside it, print both."""
    try:
        run_ns = duration_ns(duration)
    except ValueError as wrong:
        raise ConfigFault(str(wrong), where="--bare") from wrong
    before = client.request("stats")
    client.request("stats_reset", client=client.name)
    cache: ObjectCache = native_cache(cache_dir())
    kernel, cycle_ns = Kernel(cache), before["cycle_ns"]
    processor = _scan_processor(client)
    bare = run_bare(
        kernel,
        period_ns=cycle_ns,
        duration_ns=run_ns,
        realtime=RealtimeSettings(cpu=processor),
        first_ns=half_way(before["scan_clock_ns"], cycle_ns, after_ns=time.monotonic_ns() + _START_NS),
    )
    after = client.request("stats")
    moved = processor != _scan_processor(client)
    missed = after["overruns"] + after["skipped"]  # the reset began them at 0
    if as_json:
        told: dict[str, Any] = {"scan": after, "bare_release_delay": percentiles(bare.release_delay)}
        print(json.dumps(told | {"scan_missed": missed, "bare_missed": bare.skipped}))
        return 0
    where = "" if processor is None else f", both on processor {processor}"
    print(f"cycle {duration_text(cycle_ns)}, measured for {duration_text(run_ns)}{where}\n")
    rows = [
        ("release delay, scan", after["release_delay"]),
        ("release delay, bare loop", percentiles(bare.release_delay)),
        ("execution, scan", after["execution"]),
    ]
    print(percentile_table(rows))
    print(f"\ndeadlines missed: scan {missed}, bare loop {bare.skipped}")
    if processor is None or moved:
        print("the two may have run on different processors: give the scan one of its own (`cpu` in the site file)")
    return 0


def half_way(deadline_ns: int, period_ns: int, *, after_ns: int) -> int:
    """The first instant after that which lies in the middle between two deadlines; one of them is given."""
    middle_ns = deadline_ns + period_ns // 2
    return middle_ns + max(0, -(-(after_ns - middle_ns) // period_ns)) * period_ns


def _scan_processor(client: Client) -> int | None:
    """Where the scan's thread ran last, if it runs on this machine and this process may go there."""
    pid = living_processes(run_dir(client.site)).get("scan")
    found = None if pid is None else busiest_processor(Path("/proc") / str(pid) / "task")
    return found if found in os.sched_getaffinity(0) else None


def busiest_processor(tasks: Path) -> int | None:
    """The processor that the thread which has gone to sleep most often was last on (proc_pid_stat(5), field 39): of a
    scan process, the thread of the loop, once in each cycle. None when there is none any more."""
    found: list[tuple[int, int]] = []
    for task in tasks.glob("*"):
        try:
            status, stat = (task / "status").read_text(), (task / "stat").read_text()
        except OSError:  # it has ended meanwhile
            continue
        sleeps = next(line for line in status.splitlines() if line.startswith("voluntary_ctxt_switches"))
        found.append((int(sleeps.split()[1]), int(stat.rpartition(")")[2].split()[_PROCESSOR])))
    return max(found)[1] if found else None
