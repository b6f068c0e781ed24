"""A hot-standby pair of real processes, hurt again and again; what came of it, as figures.

    python tools/pair_drill.py kill --times 100 --cycle-ms 50    kill -9 of the leader's whole controller
    python tools/pair_drill.py pause --times 50 [--fence time]   SIGSTOP of it for a second, then SIGCONT
    python tools/pair_drill.py swap --times 50                   planned swaps
    python tools/pair_drill.py all --times 50                    all three killed at a random instant, and started again
    python tools/pair_drill.py cost [--cycle-ms 10]              what redundancy takes of a core, and frames of time
    python tools/pair_drill.py whole [--share 0.1] [--out F]     all of these, as often as asked of a release (FULL)

Two controllers, a witness and a device that records each write, on the loopback. Beside it a bare loop measures how
long this machine itself stands still. Exit code 1 when two wrote at once, a counter went back, an integral was not that
of its scans, or a command was lost or ran twice.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.e2e.pairsite import PairSite, until  # noqa: E402  # found through the path above

_, SUM, _, ASKED = range(4)
CALM_CYCLES = 4
"""After the pair is whole, up to so many cycles pass before the next harm, so that it meets any moment of a cycle."""
COST_S = 20.0
COST_STATE_BYTES = 64 * 1024
PAUSE_S = 1.0
TAKEN_OVER_S = 10.0
"""By then nobody will: the standby had just been late on a busy machine, was not in sync, and may not."""
WAKES_S = 0.3
"""A controller that goes on after a pause has written by then what it had in its hands."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One kind of harm, so often."""

    what: str
    times: int
    cycle_ms: int = 50
    fence: str = "term"

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{self.what} {self.cycle_ms} ms" + (f" {self.fence}" if self.what == "pause" else "")


FULL = (
    Plan("kill", 100),
    Plan("kill", 100, cycle_ms=10),
    Plan("pause", 50),
    Plan("pause", 50, fence="time"),
    Plan("swap", 50),
    Plan("all", 50),
)


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
        self.lost_commands = self.not_taken_over = 0
        self._chance = random.Random(seed)
        self._stalls = Stalls()
        self._seq = 0

    def kill(self) -> None:
        """The leader's whole controller, right after the standby passed on a command, and start it again."""
        leader = self._whole()
        self._command("ab".replace(leader, ""))
        self._calm()
        self._stalls.take()
        self._measure(self.pair.kill(leader))
        self.pair.start(leader)

    def swap(self) -> None:
        """In order; the gap is the longest between two writes around it."""
        leader = self._whole()
        self._calm()
        term = self.pair.drive.term
        self._stalls.take()
        since_ns = time.monotonic_ns() - 3_000_000 * self.pair.cycle_ms
        with self.pair.client(leader) as client:
            client.request("pair_ask", what="swap")
        until(lambda: self.pair.drive.term > term)
        taken = len(self.pair.drive.writes)
        until(lambda: len(self.pair.drive.writes) >= taken + 3)
        self.stalls_ms.append(self._stalls.take())
        writes = self.pair.drive.scans_written(since_ns)
        self.gaps_ms.append(max(after - before for (before, _), (after, _) in pairwise(writes)))

    def pause(self) -> None:
        """The leader's whole controller for a second; then it finds that another leads."""
        leader = self._whole()
        self._calm()
        self._stalls.take()
        at_ns = time.monotonic_ns()
        self.pair.signal(leader, signal.SIGSTOP)
        self._measure(at_ns)
        time.sleep(max(0.0, PAUSE_S - (time.monotonic_ns() - at_ns) / 1e9))
        self.pair.signal(leader, signal.SIGCONT)
        time.sleep(WAKES_S)
        self.stale.append(stale_writes(self.pair.drive.scans_written(at_ns)))

    def all(self) -> None:
        """All three, at a random instant after a command was acknowledged."""
        self._whole()
        self._command(self._chance.choice("ab"))
        self._calm()
        for member in self._chance.sample("abw", 3):
            self.pair.kill(member)
        self.pair.start("a", "b", "w")
        leader = self._whole()
        until(lambda: self._ask_again(leader))
        taken = len(self.pair.drive.writes)
        until(lambda: len(self.pair.drive.writes) >= taken + 3)
        # The programs' memory is lost, their count with it. What ran in the last moment, and was not noted, runs again.
        self.lost_commands += self.pair.drive.value(ASKED) not in (0, 1)

    def finish(self, what: str) -> None:
        """What can be told only in the end: where memory never was lost, each command must have counted once."""
        self._whole()
        if what == "kill":
            until(lambda: self.pair.drive.value(ASKED) >= self._seq, limit_s=10.0)
            self.lost_commands += abs(self.pair.drive.value(ASKED) - self._seq)

    def _whole(self) -> str:
        return self.pair.wait_in_sync()

    def _calm(self) -> None:
        time.sleep(self._chance.uniform(0.0, CALM_CYCLES * self.pair.cycle_ms / 1000.0))

    def _command(self, member: str) -> None:
        """Until it is answered: nobody knows of one that is not, and the same again does not run twice."""
        self._seq += 1
        until(lambda: self._ask_again(member))

    def _ask_again(self, member: str) -> bool:
        with self.pair.client(member) as client:
            return bool(client.request("command", name="add", value=1, client="drill", seq=self._seq))

    def _measure(self, harmed_ns: int) -> None:
        """From the harm to the first write that is surely another's: of a newer term, or where the device is told none,
        after a pause that is longer than what was on its way."""
        known, term = len(self.pair.drive.writes), self.pair.drive.term

        def first_ns() -> int:
            writes = self.pair.drive.writes[max(0, known - 1) :]
            if term:
                return next((at for at, address, words in writes if _term(address, words) > term), 0)
            times = [at for at, _, _ in writes if at > harmed_ns - 1_000_000_000]
            return next(
                (after for before, after in pairwise(times) if after > harmed_ns and after - before > self._silent_ns),
                0,
            )

        try:
            at_ns = int(until(lambda: str(first_ns() or ""), limit_s=TAKEN_OVER_S))
        except AssertionError:
            self.not_taken_over += 1
            return
        self.gaps_ms.append((at_ns - harmed_ns) / 1e6)
        self.stalls_ms.append(self._stalls.take())

    @property
    def _silent_ns(self) -> int:
        """Longer than between two writes of one leader in each of its cycles."""
        return self.pair.cycle_ms * 600_000


def stale_writes(scans: list[tuple[int, int]]) -> tuple[int, float]:
    """How many writes showed an older scan than one before them did, and the longest (ms) until a newer one came."""
    newest, stale_since = 0, 0
    count, lasted_ms = 0, 0.0
    for at_ms, scan in scans:
        if scan < newest:
            count += 1
            stale_since = stale_since or at_ms
        elif scan > newest:
            if stale_since:
                lasted_ms, stale_since = max(lasted_ms, at_ms - stale_since), 0
            newest = scan
    return count, lasted_ms


def _term(address: int, words: tuple[int, ...]) -> int:
    return (words[-2] << 16) + words[-1] if address + len(words) == 10 else 0


def _is_wrong_integral(address: int, words: tuple[int, ...]) -> bool:
    whole = address == 0 and len(words) >= 2 * SUM + 2
    return whole and words[2 * SUM : 2 * SUM + 2] != words[:2]


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def run(plan: Plan, *, seed: int, quiet: bool) -> dict[str, object]:
    """Hurt a pair of its own as the plan says; the figures."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        pair = PairSite(Path(folder), cycle_ms=plan.cycle_ms, fence=plan.fence)
        drill = Drill(pair, seed)
        try:
            pair.start("w", "a", "b")
            for _ in track(range(plan.times), description=f"{plan.name:20}", disable=quiet):
                getattr(drill, plan.what)()
            drill.finish(plan.what)
            return figures_of(drill, plan) | {"seconds": round(time.monotonic() - began, 1)}
        finally:
            pair.close()


def figures_of(drill: Drill, plan: Plan) -> dict[str, object]:
    """What came of it, by what the device noted."""
    drive = drill.pair.drive
    terms = drive.terms_written()
    scans = [] if plan.what in ("all", "pause") else [scan for _, scan in drive.scans_written()]
    figures: dict[str, object] = {
        "what": plan.name,
        "times": plan.times,
        "writes": len(drive.writes),
        "terms": len(set(terms)),
        "older terms taken": sum(after < before for before, after in pairwise(terms)),
        "older terms refused": drive.refused,
        "counters back": sum(after < before for before, after in pairwise(scans)),
        "wrong integrals": sum(_is_wrong_integral(address, words) for _, address, words in drive.writes),
        "commands wrong": drill.lost_commands,
        "not taken over": drill.not_taken_over,
        "stale writes": sum(count for count, _ in drill.stale),
        "longest stale ms": max((lasted for _, lasted in drill.stale), default=0.0),
    }
    for name, values in (("gap", drill.gaps_ms), ("stall", drill.stalls_ms)):
        for p, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            figures[f"{name} {p} ms"] = round(_percentile(values, share), 1) if values else None
    return figures


def is_broken(figures: dict[str, object]) -> bool:
    """Whether a promise was. A stale write is within what class `time` promises; of class `term` none may be taken."""
    return any(figures[name] for name in ("older terms taken", "counters back", "wrong integrals", "commands wrong"))


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


def show(rows: list[dict[str, object]]) -> None:
    """One column a drill."""
    table = Table("", *(str(row["what"]) for row in rows))
    for name in rows[0]:
        if name != "what":
            table.add_row(name, *("" if row[name] is None else str(row[name]) for row in rows))
    Console().print(table)


def main() -> int:
    """Exit code 0 when every promise was kept."""
    parser = argparse.ArgumentParser(description="A pair of real processes, hurt again and again")
    parser.add_argument("what", choices=["kill", "swap", "pause", "all", "cost", "whole"])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--cycle-ms", type=int, default=50)
    parser.add_argument("--fence", choices=["term", "time"], default="term")
    parser.add_argument("--share", type=float, default=1.0, help="of the times of `whole`, to try it out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON")
    parser.add_argument("--json", action="store_true", help="print figures for a machine to read")
    options = parser.parse_args()
    if options.what == "whole":
        plans = [Plan(p.what, max(1, round(p.times * options.share)), p.cycle_ms, p.fence) for p in FULL]
    else:
        plans = [Plan(options.what, options.times, options.cycle_ms, options.fence)]
    if options.what == "cost":
        plans, rows = [], [cost(cycle_ms=options.cycle_ms)]
    else:
        rows = []
    for plan in plans:
        rows.append(run(plan, seed=options.seed, quiet=options.json))
        if options.out is not None:
            options.out.write_text(json.dumps(rows, indent=1))
    if options.json:
        print(json.dumps(rows))
    else:
        show(rows)
    return 1 if any(is_broken(row) for row in rows if options.what != "cost") else 0


if __name__ == "__main__":
    sys.exit(main())
