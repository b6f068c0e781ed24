"""Compiles any number of damaged programs: no crash, no hang, no message that speaks of the compiler's inside.

usage: python tools/mutations.py [--mutants 100000] [--seed S] [--jobs 2]      (mutant number k has seed S + k)
"""

import argparse
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / "lang" / part) for part in ("", "front", "backends"))]

from damage import TEXTS, complaint, damaged  # noqa: E402  # the tests' damage, found through the path above
from seedrun import run_seeds  # noqa: E402
from st_text.program import text_of  # noqa: E402

GENERATED_FROM = 1000
"""Seeds below are those of the test suite, which damages the language's own tests only."""
GENERATED = 6


def main() -> int:
    """Exit code 0 when the compiler always behaved."""
    parser = argparse.ArgumentParser(description="damaged programs")
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    texts = TEXTS + [text_of(seed) for seed in range(GENERATED)]

    def check(seed: int) -> str:
        return complaint(damaged(random.Random(seed), TEXTS if seed < GENERATED_FROM else texts))

    def tell(seed: int, found: str) -> None:
        print(f"\nseed {seed}: {found}\nreplay: python tools/mutations.py --mutants 1 --seed {seed}", flush=True)

    seeds = range(options.seed, options.seed + options.mutants)
    wrong = run_seeds(check, seeds, jobs=options.jobs, on_wrong=tell)
    print(f"{options.mutants} mutants from seed {options.seed}: {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
