"""A pair under chance against its invariants, and the invariants against mistakes put in on purpose.

More seeds, and a failing one again: python tools/pair_seeds.py --help.
"""

import pairchance
import pytest
from pairmistakes import QUICK, RARE, SEEDS_MAX, Put

SEEDS = 200


@pytest.mark.parametrize("first", range(0, SEEDS, 20))
def test_pair_when_everything_goes_wrong_then_no_invariant_is_broken_and_it_is_whole_again(first):
    for seed in range(first, first + 20):
        try:
            pairchance.run(seed)
        except AssertionError as broken:
            pytest.fail(f"{broken!r}\nreplay: python tools/pair_seeds.py --seeds 1 --first {seed}")


@pytest.mark.parametrize(("seed", "plays_exchange"), pairchance.kept())
def test_seed_when_it_failed_once_then_it_is_replayed_for_ever(seed, plays_exchange):
    pairchance.run(seed, plays_exchange=plays_exchange)


def test_seed_when_run_twice_then_both_runs_are_the_same():
    first, second = (pairchance.Run(11, plays_exchange=True) for _ in range(2))
    first.go()
    second.go()
    assert first.world.term_device.writes == second.world.term_device.writes
    assert first.events.steps == second.events.steps > 1000
    natively = [[c.native_scans for c in run.world.controllers.values()] for run in (first, second)]
    assert natively[0] == natively[1]
    assert any(natively[0])


@pytest.mark.parametrize("mistake", QUICK, ids=lambda f: f.__name__)
def test_mistake_when_put_into_the_pair_then_an_invariant_catches_it(mistake, monkeypatch):
    _caught(mistake, monkeypatch.setattr)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", RARE, ids=lambda f: f.__name__)
def test_mistake_when_it_needs_a_rare_turn_of_events_in_the_pair_then_an_invariant_catches_it(mistake, monkeypatch):
    _caught(mistake, monkeypatch.setattr)


def _caught(mistake, put: Put) -> None:
    mistake(put)
    for seed in range(SEEDS_MAX):
        try:
            pairchance.run(seed)
        except AssertionError:
            return
    pytest.fail(f"not caught within {SEEDS_MAX} seeds")
