"""A hot-standby pair of real processes, hurt again and again; what came of it, as figures.

    python tools/pair_drill.py kill --times 100 --cycle-ms 50    kill -9 of the leader's whole controller
    python tools/pair_drill.py pause --times 50 [--fence time]   SIGSTOP of it for a second, then SIGCONT
    python tools/pair_drill.py swap --times 50                   planned swaps
    python tools/pair_drill.py all --times 50                    all three killed at a random instant, and started again

Two controllers, a witness and a device that records each write, on the loopback. Beside it a bare loop measures how
long this machine itself stands still. Exit code 1 when two wrote at once, a counter went back, or a command was lost.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from rich.progress import track

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.e2e.pairsite import PairSite, until  # noqa: E402  # found through the path above

ASKED = 3
SETTLE_S = 0.5


class Stalls:
    """How long a thread that asks to be woken every millisecond was kept waiting at most."""

    def __init__(self) -> None:
        self.worst_ms = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.is_set():
            before = time.monotonic()
            time.sleep(0.001)
            self.worst_ms = max(self.worst_ms, (time.monotonic() - before) * 1000.0 - 1.0)

    def take(self) -> float:
        """The longest since the last look, in ms."""
        worst, self.worst_ms = self.worst_ms, 0.0
        return worst


class Drill:
    """One pair under one kind of harm. `gaps_ms`: from the harm to the first write of the next leader."""

    def __init__(self, pair: PairSite, seed: int) -> None:
        self.pair = pair
        self.gaps_ms: list[float] = []
        self.stalls_ms: list[float] = []
        self.stale: list[tuple[int, float]] = []
        self.lost_commands = 0
        self._chance = random.Random(seed)
        self._stalls = Stalls()
        self._seq = 0

    def kill(self) -> None:
        """The leader's whole controller, and start it again."""
        leader = self.pair.wait_in_sync()
        self._command("ab".replace(leader, ""))
        time.sleep(self._chance.uniform(0.1, SETTLE_S))
        self._stalls.take()
        self._measure(self.pair.kill(leader))
        self.pair.start(leader)

    def swap(self) -> None:
        """In order; the gap is the longest between two writes around it."""
        leader = self.pair.wait_in_sync()
        time.sleep(self._chance.uniform(0.1, SETTLE_S))
        term = self.pair.drive.term
        self._stalls.take()
        since_ns = time.monotonic_ns() - 3_000_000 * self.pair.cycle_ms
        with self.pair.client(leader) as client:
            client.request("pair_ask", what="swap")
        until(lambda: self.pair.drive.term > term)
        self.stalls_ms.append(self._stalls.take())
        time.sleep(SETTLE_S)
        writes = self.pair.drive.scans_written(since_ns)
        self.gaps_ms.append(max(after - before for (before, _), (after, _) in pairwise(writes)))

    def pause(self) -> None:
        """The leader's whole controller for a second; then it finds that another leads."""
        leader = self.pair.wait_in_sync()
        time.sleep(self._chance.uniform(0.1, SETTLE_S))
        at_ns = time.monotonic_ns()
        self.pair.signal(leader, signal.SIGSTOP)
        self._measure(at_ns)
        time.sleep(max(0.0, 1.0 - (time.monotonic_ns() - at_ns) / 1e9))
        self.pair.signal(leader, signal.SIGCONT)
        time.sleep(SETTLE_S)
        self._look_for_stale(at_ns)

    def all(self) -> None:
        """All three, at a random instant after a command was acknowledged."""
        self.pair.wait_in_sync()
        self._command(self._chance.choice("ab"))
        time.sleep(self._chance.uniform(0.0, SETTLE_S))
        for member in self._chance.sample("abw", 3):
            self.pair.kill(member)
        self.pair.start("w", "a", "b")
        leader = self.pair.wait_in_sync()
        with self.pair.client(leader) as client:  # the same again: it is known, and does not run a second time
            client.request("command", name="add", value=1, client="drill", seq=self._seq)
        time.sleep(SETTLE_S)
        # The programs' memory is lost, their count with it. What ran in the last moment, and was not noted, runs again.
        self.lost_commands += self.pair.drive.value(ASKED) not in (0, 1)

    def _command(self, member: str) -> None:
        self._seq += 1
        with self.pair.client(member) as client:
            client.request("command", name="add", value=1, client="drill", seq=self._seq)

    def _measure(self, harmed_ns: int) -> None:
        """From the harm to the first write in a newer term, or where none is told to the next write."""
        writes = self.pair.drive.writes
        known = len(writes)
        term = self.pair.drive.term

        def next_write() -> bool:
            return self.pair.drive.term > term if term else self._first_after_gap(harmed_ns) > 0

        until(next_write)
        if term:
            at_ns = next(
                at for at, address, words in writes[known - 1 :] if at > harmed_ns and _term(address, words) > term
            )
        else:
            at_ns = self._first_after_gap(harmed_ns)
        self.gaps_ms.append((at_ns - harmed_ns) / 1e6)
        self.stalls_ms.append(self._stalls.take())

    def _first_after_gap(self, harmed_ns: int) -> int:
        """When the first write came that was not in the old leader's hands at the harm; 0 while there is none."""
        after = [at for at, _, _ in self.pair.drive.writes if at > harmed_ns + 20_000_000]
        return after[0] if after else 0

    def _look_for_stale(self, since_ns: int) -> None:
        """Writes that show an older scan than one before them did, and how long until a newer one came."""
        newest, stale_since = 0, 0
        count, lasted_ms = 0, 0.0
        for at_ms, scan in self.pair.drive.scans_written(since_ns):
            if scan < newest:
                count += 1
                stale_since = stale_since or at_ms
            elif scan > newest:
                if stale_since:
                    lasted_ms, stale_since = max(lasted_ms, at_ms - stale_since), 0
                newest = scan
        self.stale.append((count, lasted_ms))


def _term(address: int, words: tuple[int, ...]) -> int:
    return (words[-2] << 16) + words[-1] if address + len(words) == 10 else 0


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> int:
    """Exit code 0 when every promise was kept."""
    parser = argparse.ArgumentParser(description="A pair of real processes, hurt again and again")
    parser.add_argument("what", choices=["kill", "swap", "pause", "all"])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--cycle-ms", type=int, default=50)
    parser.add_argument("--fence", choices=["term", "time"], default="term")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print figures for a machine to read")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        pair = PairSite(Path(folder), cycle_ms=options.cycle_ms, fence=options.fence)
        drill = Drill(pair, options.seed)
        try:
            pair.start("w", "a", "b")
            for _ in track(range(options.times), description=options.what, disable=options.json):
                getattr(drill, options.what)()
            with suppress(AssertionError):
                pair.wait_in_sync()
            return report(drill, options)
        finally:
            pair.close()


def report(drill: Drill, options: argparse.Namespace) -> int:
    """Print the figures; 1 when a promise was broken."""
    terms = drill.pair.drive.terms_written()
    back = sum(after < before for before, after in pairwise(terms))
    figures = {
        "what": options.what,
        "times": options.times,
        "cycle_ms": options.cycle_ms,
        "fence": options.fence,
        "writes": len(drill.pair.drive.writes),
        "terms": len(set(terms)),
        "writes of an older term taken": back,
        "writes of an older term refused": drill.pair.drive.refused,
        "commands lost or run twice": drill.lost_commands,
    }
    for name, values in (("gap_ms", drill.gaps_ms), ("machine_stall_ms", drill.stalls_ms)):
        if values:
            figures[name] = {
                p: round(_percentile(values, s), 1) for p, s in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
            }
            figures[name]["max"] = round(max(values), 1)
    if drill.stale:
        figures["stale writes"] = sum(count for count, _ in drill.stale)
        figures["longest stale_ms"] = max(lasted for _, lasted in drill.stale)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:34}{value}")
    return 1 if back or drill.lost_commands else 0


if __name__ == "__main__":
    sys.exit(main())
