"""Feeds the machine's watchdog for a while, then stops as the supervisor does when scans stand: the machine must reset.

Run in a guest of its own by starve.sh; leaves what it lived to see in /vmout/out.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).parents[2]))
from runtime.node.host.hardwarewatchdog import HardwareWatchdog

TIMEOUT_S = 3
FED_S = 2 * TIMEOUT_S
"""Twice as long as an unfed machine lives: it is fed, or this script does not get past here."""
SEEN = Path("/vmout/out/seen")


def tell(what: str) -> None:
    """Leave a line for the host, now: the next moment may not come."""
    with SEEN.open("a") as seen:
        seen.write(what + "\n")
    os.sync()
    print(what, flush=True)


def main() -> None:
    """Feed, then starve."""
    dog = HardwareWatchdog(Path("/dev/watchdog"), timeout_s=TIMEOUT_S)
    tell(f"time-out {dog.timeout_s} s")
    start_ns = time.monotonic_ns()
    while (now_ns := time.monotonic_ns()) - start_ns < FED_S * 1_000_000_000:
        dog.tick(now_ns, goes_on=True)
        time.sleep(0.1)
    tell("alive while fed")
    while (now_ns := time.monotonic_ns()) - start_ns < (FED_S + 10 * TIMEOUT_S) * 1_000_000_000:
        dog.tick(now_ns, goes_on=False)
        time.sleep(0.1)
    tell("alive although starved")


if __name__ == "__main__":
    main()
