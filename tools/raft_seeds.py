"""Raft under chance: any number of seeds, and the mistakes that the invariants must catch.

usage: python tools/raft_seeds.py [--seeds 10000] [--first S] [--jobs 2]
       python tools/raft_seeds.py --gate          (each mistake put in on purpose, and the first seed that catches it)
       python tools/raft_seeds.py --seeds 1 --first S [--mistake NAME]      (one seed again)
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "raft")]

import raftfaults  # noqa: E402  # the tests' group, found through the path above
from raftmistakes import QUICK, RARE, SEEDS_MAX  # noqa: E402
from seedrun import run_seeds  # noqa: E402

MISTAKES = {mistake.__name__: mistake for mistake in (*QUICK, *RARE)}


def main() -> int:
    """Exit code 0 when nothing broke, or with --gate when every mistake was caught."""
    parser = argparse.ArgumentParser(description="Raft under chance")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--gate", action="store_true", help="put each mistake in, see it caught")
    parser.add_argument("--mistake", choices=sorted(MISTAKES), help="put this mistake in")
    options = parser.parse_args()
    if options.gate:
        return _gate()
    if options.mistake:
        MISTAKES[options.mistake](setattr)

    def tell(seed: int, found: str) -> None:
        mistake = f" --mistake {options.mistake}" if options.mistake else ""
        print(
            f"\nseed {seed}: {found}\nreplay: python tools/raft_seeds.py --seeds 1 --first {seed}{mistake}", flush=True
        )

    seeds = range(options.first, options.first + options.seeds)
    wrong = run_seeds(_check, seeds, jobs=options.jobs, on_wrong=tell)
    print(f"{options.seeds} seeds from {options.first}: {wrong} wrong")
    return 1 if wrong else 0


def _check(seed: int) -> str:
    try:
        raftfaults.run(seed)
    except AssertionError as broken:
        return str(broken)
    return ""


def _gate() -> int:
    missed = 0
    for name, mistake in MISTAKES.items():
        undo: list[tuple[object, str, object]] = []

        def put(owner: object, attribute: str, value: object, undo: list[tuple[object, str, object]] = undo) -> None:
            undo.append((owner, attribute, getattr(owner, attribute)))
            setattr(owner, attribute, value)

        mistake(put)
        found = next((f"seed {s}: {why}" for s in range(SEEDS_MAX) if (why := _check(s))), "")
        for owner, attribute, value in reversed(undo):
            setattr(owner, attribute, value)
        print(f"{name:45} {found[:140] or f'NOT CAUGHT within {SEEDS_MAX} seeds'}", flush=True)
        missed += not found
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
