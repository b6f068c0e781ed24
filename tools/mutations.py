"""Compiles any number of damaged programs: no crash, no hang, no message that speaks of the compiler's inside.

usage: python tools/mutations.py [--mutants N] [--seed S]      (mutant number k has seed S + k)
"""

import argparse
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / "lang" / part) for part in ("", "front", "backends"))]

from damage import TEXTS, complaint, damaged  # noqa: E402  # the tests' damage, found through the path above
from text_generator import TextGenerator  # noqa: E402

GENERATED_FROM = 1000
"""Seeds below are those of the test suite, which damages the language's own tests only."""


def main() -> int:
    """Exit code 0 when the compiler always behaved."""
    parser = argparse.ArgumentParser(description="damaged programs")
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generated = [TextGenerator(seed).text() for seed in range(10)]
    wrong = 0
    for number, seed in enumerate(range(options.seed, options.seed + options.mutants), 1):
        text = damaged(random.Random(seed), TEXTS if seed < GENERATED_FROM else TEXTS + generated)
        found = complaint(text)
        if found:
            wrong += 1
            print(f"seed {seed}: {found}\nreplay: python tools/mutations.py --mutants 1 --seed {seed}", flush=True)
        if number % 1000 == 0:
            print(f"{number} mutants, {wrong} wrong", flush=True)
    print(f"{options.mutants} mutants from seed {options.seed}: {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
