"""Both back ends agree on generated ST text, and the compiler takes all of it: it is well-typed."""

import pytest
from text_differential import compare_text

FIRST_SEED = 1
PROGRAMS = 120
GROUP = 20


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + PROGRAMS, GROUP))
def test_generated_text_when_run_in_both_back_ends_then_all_memory_is_equal(first):
    found = [told for seed in range(first, first + GROUP) if (told := compare_text(seed))]
    assert not found, f"replay one with: python tools/text_differential.py --programs 1 --seed SEED\n{found}"
