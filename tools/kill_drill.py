"""Kill each process of a running demo site, again and again, and print what happened.

    .venv/bin/python tools/kill_drill.py --rounds 10

Starts configs/demo.toml without HMI, then for io, gateway and the plant in turn: kill -9, wait until its work is done
again, and count the overruns of the scan in the five seconds after, beside a bare native loop. At the end it kills the
scan (outputs to fail-safe, start from Init) and the supervisor (nothing may be left).
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.core.fault import PlcFault
from runtime.node.runplan import living_processes
from runtime.scan.bench.bare import BareLoop
from runtime.scan.kernel import Kernel
from runtime.scan.realtime import RealtimeSettings
from runtime.wire.client import connect
from runtime.wire.rundir import run_dir

SITE, PLANT = "demo", "demo_plant"
ANSWERS_S = 60.0
"""A controller that runs answers long before, on whatever machine."""
LOOK_S = 0.02
AFTER_KILL_S = 5.0
SETTLE_S = 2.0
WIDTHS = (5, 20, 7, 9, 16, 12, 17)
WIDTHS = (5, 20, 7, 9, 16, 12, 17)


@dataclass
class Round:
    """What one kill did."""

    victim: str
    back_s: float
    saw_bad: bool
    counter_went_on: bool
    scan_missed: int
    bare_missed: int


def ask(op: str, site: str = SITE, **fields: Any) -> dict[str, Any]:
    """One request; raises PlcFault when nobody answers within 300 ms."""
    with connect(site, timeout_ms=300) as client:
        return client.request(op, **fields)


def status() -> dict[str, Any]:
    """Of the controller, once it answers: on a busy machine a gateway may not at once. Raises PlcFault."""
    told: list[dict[str, Any]] = []

    def has_answered() -> bool:
        told.append(ask("status"))
        return True

    wait_for(has_answered, ANSWERS_S)
    return told[0] if told else ask("status")


def wait_for(condition: Callable[[], bool], limit_s: float) -> float:
    """Seconds until the condition holds; the limit when it never did."""
    start = time.monotonic()
    while time.monotonic() - start < limit_s:
        with contextlib.suppress(PlcFault, OSError, ValueError, KeyError):
            if condition():
                return time.monotonic() - start
        time.sleep(LOOK_S)
    return limit_s


def all_good() -> bool:
    """Every input is GOOD, the scan runs and drives."""
    status = ask("status")
    return not status["bad_inputs"] and bool(status["driving"]) and bool(status["scanning"])


def value(name: str, site: str = SITE) -> Any:
    """The value of one variable."""
    return ask("read", site, names=[name])["values"][0]["value"]


def back_at_work(victim: str, old_pid: int, killed_at_s: float) -> bool:
    """The victim has a successor, all inputs are good, and a device was read since the kill."""
    if living_processes(run_dir(SITE)).get(victim, old_pid) == old_pid or not all_good():
        return False
    ages = [
        v["age_ms"] for v in ask("read", names=["grid_meter_1.p_kw", "inverter_1.p_kw", "battery_1.soc_pct"])["values"]
    ]
    return max(ages) < (time.monotonic() - killed_at_s) * 1000 - 50


def missed(status: dict[str, Any]) -> int:
    """Scans that did not run at their deadline."""
    return int(status["overruns"]) + int(status["skipped"])


def drill(victim: str, kernel: Kernel) -> Round:
    """Kill one process and watch for five seconds."""
    before = status()
    cycle_ns = int(before["cycle_ns"])
    bare = BareLoop(
        kernel, period_ns=cycle_ns, wakeups=int(AFTER_KILL_S * 1e9) // cycle_ns, realtime=RealtimeSettings()
    )
    pid = living_processes(run_dir(SITE))[victim]
    bare.start()
    start = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    saw_bad = victim != "plant" or wait_for(lambda: bool(ask("status")["bad_devices"]), 4.0) < 4.0
    wait_for(lambda: back_at_work(victim, pid, start), 15.0)
    back_s = time.monotonic() - start
    bare_missed = bare.result().skipped
    after = status()
    went_on = int(after["scan_no"]) > int(before["scan_no"])
    return Round(victim, back_s, saw_bad, went_on, missed(after) - missed(before), bare_missed)


def drill_scan() -> str:
    """Stop the scan, then kill it: its outputs at fail-safe, then a new scan from Init."""
    wait_for(lambda: abs(value("inverter_1.p_set_kw", PLANT)) > 1.0, 30.0)
    pid = living_processes(run_dir(SITE))["scan"]
    os.kill(pid, signal.SIGSTOP)
    safe_s = wait_for(lambda: value("inverter_1.p_set_kw", PLANT) == 0.0, 10.0)
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: abs(value("inverter_1.p_set_kw", PLANT)) > 1.0, 30.0)
    os.kill(pid, signal.SIGKILL)
    zero_s = wait_for(lambda: value("inverter_1.p_set_kw", PLANT) == 0.0, 10.0)
    states: list[str] = []

    def runs_again() -> bool:
        state = str(value("plant_1.state"))
        if int(ask("status")["scan_no"]) and state not in states:
            states.append(state)
        return living_processes(run_dir(SITE)).get("scan", pid) != pid and state == "RUN"

    run_s = wait_for(runs_again, 30.0)
    return (
        f"scan halted: the plant's setpoint is at fail-safe after {safe_s:.2f} s\n"
        f"scan killed: the plant's setpoint is 0 after {zero_s:.2f} s, then {' -> '.join(states)} after {run_s:.1f} s"
    )


def drill_supervisor(process: "subprocess.Popen[bytes]") -> str:
    """Kill the supervisor: all of its processes, and the plant's, must go."""
    pids = [*living_processes(run_dir(SITE)).values(), *living_processes(run_dir(PLANT)).values()]
    process.kill()
    process.wait()
    gone_s = wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 10.0)
    left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    return f"supervisor: {len(pids)} processes, {len(left)} left, gone after {gone_s:.2f} s"


def main() -> int:
    """Run the drill; 1 when something did not come back."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--site", default="configs/demo.toml")
    told = options.parse_args()
    kernel = Kernel()
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli", "run", told.site, "--no-hmi"], stdout=subprocess.DEVNULL
    )
    try:
        up_s = wait_for(all_good, 60.0)
        print(f"site is up and all inputs are good after {up_s:.1f} s")
        wait_for(lambda: value("plant_1.state") == "RUN", 30.0)
        rounds = [
            drill(victim, kernel)
            for _ in range(told.rounds)
            for victim in ("io", "gateway", "plant")
            if not time.sleep(SETTLE_S)
        ]
        report(rounds)
        print(drill_scan())
    finally:
        print(drill_supervisor(process))
    return 0 if all(r.back_s < 15.0 and r.saw_bad and r.counter_went_on for r in rounds) else 1


def report(rounds: list[Round]) -> None:
    """Print the table."""
    heads = ("times", "back after s: mean", "worst", "BAD seen", "counter went on", "scan missed", "bare loop missed")
    print(f"{'killed':10} " + " ".join(f"{head:>{width}}" for head, width in zip(heads, WIDTHS, strict=True)))
    for victim in ("io", "gateway", "plant"):
        of = [r for r in rounds if r.victim == victim]
        print(
            f"{victim:10} {len(of):5} {sum(r.back_s for r in of) / len(of):20.2f} {max(r.back_s for r in of):7.2f} "
            f"{sum(r.saw_bad for r in of) if victim == 'plant' else '-':>9} {sum(r.counter_went_on for r in of):16} "
            f"{sum(r.scan_missed for r in of):12} {sum(r.bare_missed for r in of):17}"
        )


if __name__ == "__main__":
    sys.exit(main())
