"""Runs any number of generated ST texts through the whole compiler and both back ends; stops at the first difference.

usage: python tools/text_differential.py [--programs N] [--seed S]      (program number k has seed S + k)
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "lang"), str(ROOT / "tests" / "lang" / "backends")]

from text_differential import compare_text  # noqa: E402  # the tests' generator, found through the path above


def main() -> int:
    """Exit code 0 when all agree, 1 at a difference or a text that does not compile."""
    parser = argparse.ArgumentParser(description="both back ends on generated ST text")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for number, seed in enumerate(range(options.seed, options.seed + options.programs), 1):
        found = compare_text(seed)
        if found:
            print(f"DIFFERENCE {found}\nreplay: python tools/text_differential.py --programs 1 --seed {seed}")
            return 1
        if number % 100 == 0:
            print(f"{number} programs agree", flush=True)
    print(f"{options.programs} programs from seed {options.seed}: no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
