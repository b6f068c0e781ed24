"""The hot-standby pair under chance: any number of seeds, and the mistakes that its invariants must catch.

usage: python tools/pair_seeds.py [--seeds 10000] [--first S] [--jobs N]
       python tools/pair_seeds.py --gate [--jobs N]   (each mistake put in, and the first seed that catches it)
       python tools/pair_seeds.py --seeds 1 --first S [--mistake NAME]      (one seed again)

A failing seed is added to tests/cluster/pair/kept_seeds.txt, which the test run replays for ever.
"""

import argparse
import os
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "cluster" / "pair")]

import pairchance  # noqa: E402  # the tests' world, found through the path above
from pairmistakes import QUICK, RARE, SEEDS_MAX  # noqa: E402
from seedrun import Progress, run_seeds  # noqa: E402

MISTAKES = {mistake.__name__: mistake for mistake in (*QUICK, *RARE)}


def main() -> int:
    """Exit code 0 when nothing broke, or with --gate when every mistake was caught."""
    parser = argparse.ArgumentParser(description="The hot-standby pair under chance")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes: one a core")
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

    began = time.monotonic()
    wrong = run_seeds(check, seeds, jobs=options.jobs, on_wrong=tell)
    print(f"{options.seeds} seeds from {options.first}: {wrong} wrong, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def check(seed: int) -> str:
    """What broke in a seed; empty when nothing did."""
    try:
        pairchance.run(seed)
    except AssertionError as broken:
        return f"{type(broken).__name__}: {broken}"
    return ""


def _gate(jobs: int) -> int:
    """Each mistake, and by which seed it was caught; told as they are found, and as a table in the end."""
    progress, began = Progress(len(MISTAKES)), time.monotonic()
    table: dict[str, str] = {}
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(_first_catch, name): name for name in reversed(MISTAKES)}
        waiting = set(running)
        while waiting:
            finished, waiting = wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
            for done in finished:
                ended = done.exception()
                found = table[running[done]] = done.result() if ended is None else ""
                if ended is not None:
                    print(f"{running[done]}: the simulation itself ended: {ended!r}", flush=True)
                progress.done += 1
                progress.wrong += not found
                print(_row(running[done], found), flush=True)
            progress.show(last=not waiting)
    print("\nmistake, the first seed that catches it, and what it breaks")
    for name in MISTAKES:
        print(_row(name, table[name]))
    print(f"{len(MISTAKES)} mistakes, {progress.wrong} not caught, {time.monotonic() - began:.0f} s")
    return 1 if progress.wrong else 0


def _row(name: str, found: str) -> str:
    return f"{name:50} {found[:150] or f'NOT CAUGHT within {SEEDS_MAX} seeds'}"


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
