"""The hot-standby pair under chance: any number of seeds, and the mistakes that its invariants must catch.

usage: python tools/pair_seeds.py [--seeds 10000] [--first S] [--jobs 2]
       python tools/pair_seeds.py --gate [--jobs 2]   (each mistake put in, and the first seed that catches it)
       python tools/pair_seeds.py --seeds 1 --first S [--mistake NAME]      (one seed again)

A failing seed is added to tests/cluster/pair/kept_seeds.txt, which the test run replays for ever.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "cluster" / "pair")]

import pairchance  # noqa: E402  # the tests' world, found through the path above
from pairmistakes import QUICK, RARE, SEEDS_MAX  # noqa: E402
from seedrun import run_seeds  # noqa: E402

MISTAKES = {mistake.__name__: mistake for mistake in (*QUICK, *RARE)}


def main() -> int:
    """Exit code 0 when nothing broke, or with --gate when every mistake was caught."""
    parser = argparse.ArgumentParser(description="The hot-standby pair under chance")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--gate", action="store_true", help="put each mistake in, see it caught")
    parser.add_argument("--mistake", choices=sorted(MISTAKES), help="put this mistake in")
    parser.add_argument("--figures", action="store_true", help="take-over and swap times of the seeds, not a check")
    options = parser.parse_args()
    if options.gate:
        return _gate(options.jobs)
    if options.mistake:
        MISTAKES[options.mistake](setattr)
    seeds = range(options.first, options.first + options.seeds)
    if options.figures:
        return _figures(seeds)

    def tell(seed: int, found: str) -> None:
        mistake = f" --mistake {options.mistake}" if options.mistake else ""
        if not mistake:
            pairchance.keep(seed)
        print(
            f"\nseed {seed}: {found}\nreplay: python tools/pair_seeds.py --seeds 1 --first {seed}{mistake}", flush=True
        )

    wrong = run_seeds(check, seeds, jobs=options.jobs, on_wrong=tell)
    print(f"{options.seeds} seeds from {options.first}: {wrong} wrong")
    return 1 if wrong else 0


def check(seed: int) -> str:
    """What broke in a seed; empty when nothing did."""
    try:
        pairchance.run(seed)
    except AssertionError as broken:
        return f"{type(broken).__name__}: {broken}"
    return ""


def _gate(jobs: int) -> int:
    missed = 0
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(_first_catch, name): name for name in MISTAKES}
        for done in as_completed(running):
            found = done.result()
            missed += not found
            print(f"{running[done]:42} {found[:150] or f'NOT CAUGHT within {SEEDS_MAX} seeds'}", flush=True)
    return 1 if missed else 0


def _first_catch(name: str) -> str:
    """The first seed that catches a mistake, and what broke; empty when none does."""
    MISTAKES[name](_put)
    found = next((f"seed {seed}: {why}" for seed in range(SEEDS_MAX) if (why := check(seed))), "")
    _take_back()
    return found


_undo: list[tuple[object, str, object]] = []


def _put(owner: object, attribute: str, value: object) -> None:
    _undo.append((owner, attribute, vars(owner)[attribute]))
    setattr(owner, attribute, value)


def _take_back() -> None:
    while _undo:
        owner, attribute, value = _undo.pop()
        setattr(owner, attribute, value)


def _figures(seeds: range) -> int:
    figures: dict[str, list[int]] = {}
    for seed in seeds:
        for name, duration_ns in pairchance.run(seed):
            figures.setdefault(name, []).append(duration_ns)
    for name, durations_ns in figures.items():
        ordered = sorted(durations_ns)
        at = {label: ordered[int(len(ordered) * part)] / 1e6 for label, part in (("p50", 0.5), ("p99", 0.99))}
        told = ", ".join(f"{label} {value:.1f} ms" for label, value in at.items())
        print(f"{name}: {len(ordered)} times, {told}, longest {ordered[-1] / 1e6:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
