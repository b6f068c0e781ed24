"""Generated SFCs (language.md rule 18): both back ends leave the same memory, and the steps are those of a model."""

import pytest
from chart_differential import compare_chart

CHARTS = 40
GROUP = 10


@pytest.mark.parametrize("first", range(1, CHARTS + 1, GROUP))
def test_generated_charts_when_scanned_then_back_ends_agree_and_steps_are_those_of_the_model(first):
    found = [text for seed in range(first, first + GROUP) if (text := compare_chart(seed))]
    assert not found, "replay one with: python tools/differential.py --charts --programs 1 --seed SEED\n" + found[0]
