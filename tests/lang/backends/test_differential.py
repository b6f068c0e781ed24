"""Both back ends agree on generated programs."""

import pytest
from differential import compare

FIRST_SEED = 1
PROGRAMS = 120
GROUP = 20


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + PROGRAMS, GROUP))
def test_back_ends_when_they_run_generated_programs_then_all_memory_is_equal(first):
    found = [text for seed in range(first, first + GROUP) if (text := compare(seed))]
    assert not found, f"replay one with: python tools/differential.py --programs 1 --seed SEED\n{found}"
