"""Programs damaged at random: the compiler never raises, and says nothing of its own inside."""

import random

import pytest
from damage import complaint, damaged

MUTANTS = 150


@pytest.mark.parametrize("first", [1, 1 + MUTANTS, 1 + 2 * MUTANTS])
def test_program_when_damaged_then_it_is_told_in_the_users_words(first):
    for seed in range(first, first + MUTANTS):
        found = complaint(damaged(random.Random(seed)))
        assert not found, f"replay with: python tools/mutations.py --mutants 1 --seed {seed}\n{found}"
