"""Both back ends agree on generated programs, the compiler takes all of them, and charts do as a model of rule 18."""

import pytest
from generated import complaint

GROUP = 20
PROGRAMS = {"ir": 280, "text": 120, "charts": 100}
"""500 in all. `tools/differential.py --programs 20000` runs as many of other seeds as one has time for."""
SLOW_FROM = {"text": 61}
"""Half of the texts, which take 0.4 s of a core each, are slow tests."""


def _group(sort, first):
    return pytest.param(sort, first, marks=pytest.mark.slow if first >= SLOW_FROM.get(sort, first + 1) else ())


GROUPS = [_group(sort, first) for sort, count in PROGRAMS.items() for first in range(1, count + 1, GROUP)]


@pytest.mark.parametrize(("sort", "first"), GROUPS)
def test_generated_programs_when_run_in_both_back_ends_then_all_memory_is_equal(sort, first):
    found = [told for seed in range(first, first + GROUP) if (told := complaint(sort, seed))]
    command = f"python tools/differential.py --programs 1 --sort {sort} --seed SEED"
    assert not found, f"{len(found)} differ; replay one with: {command}\n{found[0]}"
