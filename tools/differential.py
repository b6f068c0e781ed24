"""Runs any number of generated programs in both back ends and stops at the first difference.

usage: python tools/differential.py [--programs N] [--seed S] [--charts]      (program number k has seed S + k)
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "lang"), str(ROOT / "tests" / "lang" / "backends")]

from chart_differential import compare_chart  # noqa: E402  # as the next line
from differential import compare  # noqa: E402  # the tests' generator, found through the path above


def main() -> int:
    """Exit code 0 when all agree, 1 at a difference."""
    parser = argparse.ArgumentParser(description="both back ends on generated programs")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--charts", action="store_true", help="SFCs in ST text instead of programs in IR")
    options = parser.parse_args()
    charts = " --charts" if options.charts else ""
    for seed in range(options.seed, options.seed + options.programs):
        found = compare_chart(seed) if options.charts else compare(seed)
        if found:
            print(f"DIFFERENCE {found}\nreplay: python tools/differential.py --programs 1 --seed {seed}{charts}")
            return 1
        if (seed - options.seed + 1) % 100 == 0:
            print(f"{seed - options.seed + 1} programs agree", flush=True)
    print(f"{options.programs} programs from seed {options.seed}: no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
