"""Generated programs, as they are and laid out by chance, in the house layout."""

import random

import pytest
from relayout import formatted, meaning, relaid
from st_text.program import text_of

GENERATED = 10


@pytest.mark.parametrize("seed", range(1, 1 + GENERATED))
def test_format_when_programs_are_generated_and_damaged_then_tokens_stay_and_a_second_time_changes_nothing(seed):
    text = text_of(seed)
    for given in (text, relaid(text, random.Random(seed))):
        made = formatted(given)
        assert meaning(made) == meaning(text)
        assert formatted(made) == made
