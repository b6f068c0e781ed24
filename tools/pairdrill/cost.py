"""What redundancy takes of a core, and how long a frame is on its way and answered."""

import os
import tempfile
import time
from pathlib import Path

from tests.e2e.pairsite import PairSite

COST_S = 20.0
COST_STATE_BYTES = 64 * 1024


def cost(*, cycle_ms: int) -> dict[str, object]:
    """Percent of a core that each process of leader and standby takes with 64 KB of state, and how long frames take."""
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        pair = PairSite(Path(folder), cycle_ms=cycle_ms, state_bytes=COST_STATE_BYTES)
        try:
            pair.start("w", "a", "b")
            leader = pair.wait_in_sync()
            time.sleep(COST_S / 4)
            term = pair.status(leader)["term"]
            whose = {"leader": leader, "standby": "b" if leader == "a" else "a"}
            pids = {
                f"{who} {name}": pid for who, member in whose.items() for name, pid in pair.named_pids(member).items()
            }
            before, began = {name: _cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
            time.sleep(COST_S)
            took_s = time.monotonic() - began
            shares = {name: round((_cpu_s(pid) - before[name]) / took_s * 100.0, 2) for name, pid in pids.items()}
            told = pair.status(leader)
            return {
                "what": f"cost {cycle_ms} ms",
                **{f"{name} %": share for name, share in shares.items()},
                "frame and answer p50 ms": round(told["ack_p50_ms"], 2),
                "frame and answer p99 ms": round(told["ack_p99_ms"], 2),
                "leads still": told["drives"],
                "new terms meanwhile": told["term"] - term,
            }
        finally:
            pair.close()


def _cpu_s(pid: int) -> float:
    """User and system time of a process so far; proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
