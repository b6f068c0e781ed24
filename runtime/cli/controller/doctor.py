"""`voltscan doctor`: can this machine scan punctually? A verdict a line, and how to mend what is not fine."""

import json
from dataclasses import asdict

from runtime.cli.textable import table
from runtime.image.nativecode import native_cache
from runtime.node.host.hostchecks import Verdict, check_host, judge_delay, try_rights, worst
from runtime.node.statedir import cache_dir
from runtime.scan.bench.bare import run_bare
from runtime.scan.kernel import Kernel
from runtime.scan.realtime import RealtimeSettings

PERIOD_NS = 1_000_000
_MARKS = {Verdict.FINE: "●", Verdict.FAIR: "▲", Verdict.POOR: "✗"}


def doctor(seconds: float, *, as_json: bool) -> int:
    """Check and measure for so many seconds; 1 when something is poor."""
    checks = [*check_host(), *try_rights()]
    kernel = Kernel(native_cache(cache_dir()))
    bare = run_bare(kernel, period_ns=PERIOD_NS, duration_ns=int(seconds * 1e9), realtime=RealtimeSettings())
    checks.append(judge_delay(bare.release_delay, PERIOD_NS))
    verdict = worst(checks)
    if as_json:
        delay = bare.release_delay.summary()
        print(json.dumps({"verdict": verdict, "checks": [asdict(c) for c in checks], "release_delay": delay}))
    else:
        print(table((f"{_MARKS[c.verdict]} {c.verdict}", c.name, c.found) for c in checks))
        mends = [(f"{c.name}:", c.mend) for c in checks if c.mend and c.verdict is not Verdict.FINE]
        if mends:
            print("\nHow to mend it")
            print(table(mends))
    return 1 if verdict is Verdict.POOR else 0
