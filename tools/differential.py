"""Runs any number of generated programs in both back ends: every variable must be equal after each of 50 scans.

usage: python tools/differential.py [--programs 20000] [--seed S] [--sort ir text charts] [--jobs 2] [--stop]

Program number k is of sort k modulo the number of sorts. A difference, a text that does not compile, an exception, a
crash or a stall is printed with the command that replays it; exit code 1 when there was one.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "lang"), str(ROOT / "tests" / "lang" / "backends")]

from generated import SORTS, complaint  # noqa: E402  # the tests' generators, found through the path above
from seedrun import run_seeds  # noqa: E402


class Found(Exception):  # ends the run, no error of it
    """The first finding, with --stop."""


def main() -> int:
    """Exit code 0 when all agree, 1 at a difference."""
    parser = argparse.ArgumentParser(description="both back ends on generated programs")
    parser.add_argument("--programs", type=int, default=1000, help="how many, over all sorts")
    parser.add_argument("--seed", type=int, default=1, help="of the first program")
    parser.add_argument("--sort", nargs="+", choices=list(SORTS), default=list(SORTS))
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--stop", action="store_true", help="stop at the first difference")
    options = parser.parse_args()
    sorts, first = options.sort, options.seed * len(options.sort)

    def check(number: int) -> str:
        return complaint(sorts[number % len(sorts)], number // len(sorts))

    def tell(number: int, found: str) -> None:
        sort, seed = sorts[number % len(sorts)], number // len(sorts)
        print(f"\nDIFFERENCE {sort} seed {seed}: {found}")
        print(f"replay: python tools/differential.py --programs 1 --sort {sort} --seed {seed}", flush=True)
        if options.stop:
            raise Found

    try:
        wrong = run_seeds(check, range(first, first + options.programs), jobs=options.jobs, on_wrong=tell)
    except Found:
        return 1
    print(f"{options.programs} programs ({', '.join(sorts)}) from seed {options.seed}: {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
