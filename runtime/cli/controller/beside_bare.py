"""`voltscan stats --bare`: the scan's release delay beside that of a loop that only sleeps, over the same time."""

import json
from typing import Any

from runtime.cli.controller.remote import percentile_table
from runtime.core.duration import duration_ns, duration_text
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.gateway.frames import percentiles
from runtime.image.nativecode import native_cache
from runtime.node.statedir import cache_dir
from runtime.scan.bench.bare import run_bare
from runtime.scan.kernel import Kernel
from runtime.scan.realtime import RealtimeSettings
from runtime.wire.client import Client


def stats_beside_bare(client: Client, duration: str, *, as_json: bool) -> int:
    """Reset the controller's figures, run a bare loop of the same period beside it, print both."""
    try:
        run_ns = duration_ns(duration)
    except ValueError as wrong:
        raise ConfigFault(str(wrong), where="--bare") from wrong
    before = client.request("stats")
    client.request("stats_reset", client=client.name)
    cache: ObjectCache = native_cache(cache_dir())
    bare = run_bare(Kernel(cache), period_ns=before["cycle_ns"], duration_ns=run_ns, realtime=RealtimeSettings())
    after = client.request("stats")
    missed = after["overruns"] + after["skipped"]  # the reset began them at 0
    if as_json:
        told: dict[str, Any] = {"scan": after, "bare_release_delay": percentiles(bare.release_delay)}
        print(json.dumps(told | {"scan_missed": missed, "bare_missed": bare.skipped}))
        return 0
    print(f"cycle {duration_text(before['cycle_ns'])}, measured for {duration_text(run_ns)}\n")
    rows = [
        ("release delay, scan", after["release_delay"]),
        ("release delay, bare loop", percentiles(bare.release_delay)),
        ("execution, scan", after["execution"]),
    ]
    print(percentile_table(rows))
    print(f"\ndeadlines missed: scan {missed}, bare loop {bare.skipped}")
    return 0
