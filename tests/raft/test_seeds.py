"""Chance against the invariants, and the invariants against mistakes put in on purpose.

More seeds, and a failing one again: python tools/raft_seeds.py --help.
"""

import pytest
import raftfaults
from raftmistakes import BY_SCRIPT, QUICK, RARE, SEEDS_MAX, Put
from raftscript import SCRIPTS, render

SEEDS = 60


@pytest.mark.parametrize("first", range(0, SEEDS, 15))
def test_group_when_everything_goes_wrong_then_no_invariant_is_broken_and_it_comes_to_rest(first):
    for seed in range(first, first + 15):
        raftfaults.run(seed)


@pytest.mark.parametrize("mistake", QUICK, ids=lambda f: f.__name__)
def test_mistake_when_put_in_on_purpose_then_an_invariant_catches_it(mistake, monkeypatch):
    _caught(mistake, monkeypatch.setattr)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", RARE, ids=lambda f: f.__name__)
def test_mistake_when_it_needs_a_rare_turn_of_events_then_an_invariant_catches_it_all_the_same(mistake, monkeypatch):
    _caught(mistake, monkeypatch.setattr)


@pytest.mark.parametrize(("mistake", "script"), BY_SCRIPT, ids=lambda v: v if isinstance(v, str) else v.__name__)
def test_mistake_when_only_one_order_of_steps_shows_it_then_a_script_goes_through_them(mistake, script, monkeypatch):
    text = (SCRIPTS / f"{script}.txt").read_text()
    assert render(text) == text
    mistake(monkeypatch.setattr)
    assert render(text) != text


def _caught(mistake, put: Put) -> None:
    mistake(put)
    for seed in range(SEEDS_MAX):
        try:
            raftfaults.run(seed)
        except AssertionError:
            return
    pytest.fail(f"not caught within {SEEDS_MAX} seeds")
