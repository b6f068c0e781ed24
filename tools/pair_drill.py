"""A hot-standby pair of real processes, hurt again and again; what came of it, as figures.

    python tools/pair_drill.py kill --times 100 --cycle-ms 50    kill -9 of the leader's whole controller
    python tools/pair_drill.py pause --times 50 [--fence time]   SIGSTOP of it for a second, then SIGCONT
    python tools/pair_drill.py swap --times 50                   planned swaps
    python tools/pair_drill.py all --times 50                    all three killed at a random instant, and started again
    python tools/pair_drill.py cost [--cycle-ms 10]              what redundancy takes of a core, and frames of time
    python tools/pair_drill.py whole [--share 0.1] [--out F]     all of these, as often as asked of a release (FULL)

Two controllers, a witness and a device that records each write, on the loopback. Beside it a bare loop measures how
long this machine itself stands still. In each `pause` a write of the leader is under way while it stands, and arrives
when another leads. `--out F.json` keeps the figures after each part, and F.svg the distribution of the take-overs.

In the end comes a verdict a row. Exit code 1 when a promise was broken or a round failed; a goal in time that was
missed is told.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pairdrill.cost import cost  # noqa: E402  # the tests' pair, found through the path above
from pairdrill.figures import Figures, Verdict, figures_of, verdicts_on  # noqa: E402
from pairdrill.picture import save_distribution  # noqa: E402
from pairdrill.rounds import Drill, Plan  # noqa: E402
from pairdrill.stalls import Stalls  # noqa: E402

from tests.e2e.pairsite import PairSite  # noqa: E402

FULL = (
    Plan("kill", 100),
    Plan("kill", 100, cycle_ms=10),
    Plan("pause", 50),
    Plan("pause", 50, fence="time"),
    Plan("swap", 50),
    Plan("all", 50),
)
FAILED_MAX = 5
"""Rounds that fail in a row before a part is given up: nothing more would come of it."""
TOLD_EVERY_S = 20.0


def run(plan: Plan, *, seed: int) -> Figures:
    """Hurt a pair of its own as the plan says; the figures."""
    began = time.monotonic()
    stalls = Stalls()
    with tempfile.TemporaryDirectory(prefix="vp", ignore_cleanup_errors=True) as folder:
        pair = PairSite(Path(folder), cycle_ms=plan.cycle_ms, fence=plan.fence)
        drill = Drill(pair, plan, random.Random(seed), stalls)
        try:
            pair.start("w", "a", "b")
            _rounds(drill, began)
            return figures_of(drill, time.monotonic() - began)
        finally:
            pair.close()
            stalls.close()


def _rounds(drill: Drill, began: float) -> None:
    plan, told, row = drill.plan, 0.0, 0
    for number in range(1, plan.times + 1):
        now = drill.go()
        row = row + 1 if now.failed else 0
        spent = time.monotonic() - began
        if now.failed:
            _tell(f"{plan.name}: round {number} failed: {now.failed}")
        if spent - told >= TOLD_EVERY_S or number == plan.times:
            told = spent
            gap = "" if now.gap_ms is None else f", the last took {now.gap_ms:.0f} ms"
            left = spent / number * (plan.times - number)
            _tell(f"{plan.name}: {number}/{plan.times}, {spent:.0f} s gone, {left:.0f} s left{gap}")
        if row == FAILED_MAX:
            _tell(f"{plan.name}: given up after {row} failed rounds in a row")
            return
    drill.finish()


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(rows: list[Figures]) -> None:
    """One column a drill."""
    table = Table("", *(str(row["what"]) for row in rows))
    for name in rows[0]:
        if name not in ("what", "gaps ms", "failed"):
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
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON; beside it the picture, as SVG")
    parser.add_argument("--json", action="store_true", help="print figures for a machine to read")
    options = parser.parse_args()
    plans = [Plan(options.what, options.times, options.cycle_ms, options.fence)]
    if options.what == "whole":
        plans = [Plan(p.what, max(1, round(p.times * options.share)), p.cycle_ms, p.fence) for p in FULL]
    if options.what == "cost":
        rows, verdicts = [cost(cycle_ms=options.cycle_ms)], list[Verdict]()
    else:
        rows, verdicts = _run_all(plans, seed=options.seed, out=options.out)
    if options.json:
        print(json.dumps(rows))
    else:
        show(rows)
        print("\n".join(map(str, verdicts)))
    return 1 if any(not verdict.kept and not verdict.is_goal for verdict in verdicts) else 0


def _run_all(plans: list[Plan], *, seed: int, out: Path | None) -> tuple[list[Figures], list[Verdict]]:
    rows: list[Figures] = []
    verdicts: list[Verdict] = []
    gaps: dict[str, list[float]] = {}
    for plan in plans:
        rows.append(run(plan, seed=seed))
        verdicts += verdicts_on(plan, rows[-1])
        gaps[plan.name] = list(rows[-1]["gaps ms"])  # type: ignore[call-overload]
        if out is not None:
            out.write_text(json.dumps({"parts": rows, "verdicts": [str(v) for v in verdicts]}, indent=1))
            save_distribution(out.with_suffix(".svg"), "take-overs: so many were no longer than", gaps)
    return rows, verdicts


if __name__ == "__main__":
    sys.exit(main())
