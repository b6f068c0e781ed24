"""A hot-standby pair of real processes, hurt again and again; what came of it, as figures.

    python tools/pair_drill.py kill --times 100 --cycle-ms 50    kill -9 of the leader's whole controller
    python tools/pair_drill.py pause --times 50 [--fence time]   SIGSTOP of it for a second, then SIGCONT
    python tools/pair_drill.py swap --times 50                   planned swaps
    python tools/pair_drill.py all --times 50                    all three killed at a random instant, and started again
    python tools/pair_drill.py alone --times 10                  the standby dies, then the witness; the standby is back
    python tools/pair_drill.py cost [--cycle-ms 10]              what redundancy takes of a core, and frames of time
    python tools/pair_drill.py whole [--share 0.1] [--out F]     all of these, as often as asked of a release (FULL)

Two controllers, a witness and a device that records each write, on the loopback. Beside it two bare loops measure how
long this machine itself stands still. In each `pause` a write of the leader is under way while it stands, and arrives
when another leads. Of the slowest take-overs each step is shown (pairdrill/phases.py). `--out F.json` keeps the figures
after each part, and F.svg the distribution of the take-overs.

In the end comes a verdict a row. Exit code 1 when a promise was broken or a round failed; a goal in time that was
missed is told. Stopped by Ctrl-C or SIGTERM it takes all that it has started with it.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pairdrill.cost import cost  # noqa: E402  # the tests' pair, found through the path above
from pairdrill.figures import Figures, Verdict, figures_of, verdicts_on, verdicts_on_cost  # noqa: E402
from pairdrill.picture import save_distribution  # noqa: E402
from pairdrill.rounds import Drill, Plan  # noqa: E402
from pairdrill.stalls import Stalls  # noqa: E402

from runtime.core.fault import PlcFault  # noqa: E402
from tests.e2e.pairsite import PairSite  # noqa: E402

FULL = (
    Plan("kill", 100),
    Plan("kill", 100, cycle_ms=10),
    Plan("pause", 50),
    Plan("pause", 50, fence="time"),
    Plan("swap", 50),
    Plan("all", 50),
    Plan("alone", 10),
)
COST_CYCLE_MS = 10
FAULTS = (AssertionError, PlcFault, OSError, subprocess.SubprocessError)
"""What a part fails by as a whole: its pair never began. The parts after it have pairs of their own."""
FAILED_MAX = 5
"""Rounds that fail in a row before a part is given up: nothing more would come of it."""
_ENDS = (signal.SIGINT, signal.SIGTERM)
TOLD_EVERY_S = 20.0
"""A line each, where there is no terminal for a bar."""


class Told:
    """How far it is: a bar on a terminal, else a line now and then."""

    def __init__(self, plans: list[Plan]) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        self.bar = Progress(*columns, *times, console=console, disable=not console.is_terminal)
        self._task = self.bar.add_task("starts", total=sum(plan.times for plan in plans))
        self._began = self._told = time.monotonic()

    def round(self, plan: Plan, number: int, drill: Drill) -> None:
        """One more is over."""
        now = drill.rounds[-1]
        gap = "" if now.gap_ms is None else f", the last took {now.gap_ms:.0f} ms"
        self.bar.update(self._task, advance=1, description=f"{plan.name}{gap}")
        if now.failed:
            self.line(f"{plan.name}: round {number} failed: {now.failed}")
        spent = time.monotonic()
        if self.bar.disable and (spent - self._told >= TOLD_EVERY_S or number == plan.times):
            self._told = spent
            self.line(f"{plan.name}: {number}/{plan.times}, {spent - self._began:.0f} s gone{gap}")

    def line(self, text: str) -> None:
        """For whoever looks."""
        self.bar.console.print(text, highlight=False, markup=False)


def run(plan: Plan, told: Told, *, seed: int) -> Figures:
    """Hurt a pair of its own as the plan says; the figures."""
    began = time.monotonic()
    stalls = Stalls()
    try:
        with tempfile.TemporaryDirectory(prefix="vp", ignore_cleanup_errors=True) as folder:
            pair = PairSite(Path(folder), cycle_ms=plan.cycle_ms, fence=plan.fence)
            drill = Drill(pair, plan, random.Random(seed), stalls)
            try:
                pair.start("w", "a", "b")
                _rounds(drill, told)
                return figures_of(drill, time.monotonic() - began)
            finally:
                with _undisturbed():
                    pair.close()
    finally:
        stalls.close()


def _rounds(drill: Drill, told: Told) -> None:
    plan, row = drill.plan, 0
    for number in range(1, plan.times + 1):
        now = drill.go()
        row = row + 1 if now.failed else 0
        told.round(plan, number, drill)
        if row == FAILED_MAX:
            told.line(f"{plan.name}: given up after {row} failed rounds in a row")
            return
    drill.finish()


def show(rows: list[Figures]) -> None:
    """One column a drill, and the slowest take-overs of each."""
    console = Console()
    table = Table("", *(str(row["what"]) for row in rows))
    for name in rows[0] if rows else ():
        if name not in ("what", "gaps ms", "failed", "slowest"):
            table.add_row(name, *("" if row[name] is None else str(row[name]) for row in rows))
    if rows:
        console.print(table)
    for row in rows:
        slowest = row.get("slowest")
        assert slowest is None or isinstance(slowest, list)
        if slowest:
            console.print(f"{row['what']}, the slowest take-overs, ms after the kill:", highlight=False)
        for number, phases in enumerate(slowest or [], 1):
            console.print(f"  {number}. {phases}", highlight=False, markup=False)


def show_verdicts(verdicts: list[Verdict]) -> None:
    """One row each."""
    table = Table("verdict", "what", "found")
    for verdict in verdicts:
        table.add_row(verdict.word, verdict.row, verdict.told)
    Console().print(table)


def main() -> int:
    """Exit code 0 when every promise was kept."""
    parser = argparse.ArgumentParser(description="A pair of real processes, hurt again and again")
    parser.add_argument("what", choices=["kill", "swap", "pause", "all", "alone", "cost", "whole"])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--cycle-ms", type=int, default=50)
    parser.add_argument("--fence", choices=["term", "time"], default="term")
    parser.add_argument("--share", type=float, default=1.0, help="of the times of `whole`, to try it out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON; beside it the picture, as SVG")
    parser.add_argument("--json", action="store_true", help="print figures for a machine to read")
    options = parser.parse_args()
    for number in _ENDS:  # both, for a shell's background jobs are born deaf to SIGINT
        signal.signal(number, _end)
    plans = [Plan(options.what, options.times, options.cycle_ms, options.fence)]
    if options.what == "whole":
        plans = [Plan(p.what, max(1, round(p.times * options.share)), p.cycle_ms, p.fence) for p in FULL]
    rows, verdicts = ([], []) if options.what == "cost" else _run_all(plans, seed=options.seed, out=options.out)
    costs: list[Figures] = []
    if options.what in ("cost", "whole"):
        cycle_ms = options.cycle_ms if options.what == "cost" else COST_CYCLE_MS
        costs, found = _measure_cost(cycle_ms)
        verdicts += found
        if options.out is not None:
            _save(options.out, rows + costs, verdicts)
    if options.json:
        print(json.dumps(rows + costs))
    else:
        for table in (rows, costs):
            show(table)
        show_verdicts(verdicts)
    return 1 if any(not verdict.kept and not verdict.is_goal for verdict in verdicts) else 0


def _run_all(plans: list[Plan], *, seed: int, out: Path | None) -> tuple[list[Figures], list[Verdict]]:
    rows: list[Figures] = []
    verdicts: list[Verdict] = []
    gaps: dict[str, list[float]] = {}
    told = Told(plans)
    with told.bar:
        for plan in plans:
            try:
                rows.append(run(plan, told, seed=seed))
            except FAULTS as fault:
                verdicts.append(Verdict(f"{plan.name}, as a whole", f"{type(fault).__name__}: {fault}", kept=False))
                told.line(str(verdicts[-1]))
                continue
            verdicts += verdicts_on(plan, rows[-1])
            if plan.what != "alone":  # nobody takes over
                gaps[plan.name] = list(rows[-1]["gaps ms"])  # type: ignore[call-overload]
            if out is not None:
                _save(out, rows, verdicts)
                save_distribution(out.with_suffix(".svg"), "take-overs: so many were no longer than", gaps)
    return rows, verdicts


def _measure_cost(cycle_ms: int) -> tuple[list[Figures], list[Verdict]]:
    try:
        found = cost(cycle_ms=cycle_ms)
    except FAULTS as fault:
        return [], [Verdict(f"cost {cycle_ms} ms", f"{type(fault).__name__}: {fault}", kept=False)]
    return [found], list(verdicts_on_cost(found))


def _save(out: Path, rows: list[Figures], verdicts: list[Verdict]) -> None:
    out.write_text(json.dumps({"parts": rows, "verdicts": [str(verdict) for verdict in verdicts]}, indent=1))


def _end(number: int, _frame: FrameType | None) -> None:
    """Out of whatever is under way, through all that cleans up."""
    sys.exit(128 + number)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What takes processes down is not to be interrupted; who tried is heard afterwards."""
    heard: list[int] = []
    before = [signal.signal(number, lambda got, _: heard.append(got)) for number in _ENDS]
    yield
    for number, handler in zip(_ENDS, before, strict=True):
        signal.signal(number, handler)
    if heard:
        _end(heard[0], None)


if __name__ == "__main__":
    sys.exit(main())
