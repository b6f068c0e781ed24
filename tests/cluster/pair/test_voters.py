"""Who votes, step by step: every way ends, only one voter comes or goes at a time, and nobody is added who is gone."""

from itertools import product

import pytest

from runtime.cluster.pair.voters import OnWitnessLoss, Seen, next_step
from runtime.raft.configuration import Configuration

ALL = Configuration(controllers=("a", "b"), witnesses=("w",))
ALONE = Configuration(controllers=("a",), learners=("b", "w"))


def walk(now, here, policy=OnWitnessLoss.STAY, *, other="b", witness="w"):
    """The voters of each configuration from `now` on, until it is as it should be."""
    seen = Seen(here=here, gone={other, witness} - here, equal=here)
    steps = []
    while True:
        step = next_step(now, leader="a", other=other, witness=witness, seen=seen, on_witness_loss=policy)
        if step is None:
            return steps
        assert step.why_not_from(now) == ""
        assert len(steps) < 8
        if step.voters != now.voters:
            steps.append("".join(step.voters))
        now = step


@pytest.mark.parametrize(
    ("now", "here", "policy", "expected"),
    [
        (ALL, {"b", "w"}, OnWitnessLoss.STAY, []),
        (ALL, {"w"}, OnWitnessLoss.STAY, ["aw", "a"]),
        (ALL, {"b"}, OnWitnessLoss.STAY, []),
        (ALL, {"b"}, OnWitnessLoss.SHRINK, ["ab", "a"]),
        (ALL, set(), OnWitnessLoss.STAY, []),
        (ALL, set(), OnWitnessLoss.SHRINK, ["ab", "a"]),
        (ALONE, {"b", "w"}, OnWitnessLoss.STAY, ["aw", "abw"]),
        (ALONE, {"b"}, OnWitnessLoss.STAY, []),
        (ALONE, {"w"}, OnWitnessLoss.STAY, []),
        (ALONE, set(), OnWitnessLoss.STAY, []),
    ],
)
def test_voters_when_members_come_and_go_then_change_one_at_a_time(now, here, policy, expected):
    assert walk(now, here, policy) == expected


@pytest.mark.parametrize(
    ("names", "here", "expected"),
    [
        ({"witness": "x"}, {"b", "x"}, ["ab", "abx"]),
        ({"witness": "x"}, {"b"}, []),
        ({"witness": "x"}, {"x"}, []),
        ({"other": "x"}, {"x", "w"}, ["aw", "axw"]),
        ({"other": "x"}, {"w"}, []),
        ({"other": "x", "witness": "y"}, {"x", "y"}, ["aw", "a", "ay", "axy"]),
    ],
)
def test_voters_when_a_box_is_replaced_under_a_new_name_then_the_old_one_goes_once_the_new_one_is_there(
    names, here, expected
):
    assert walk(ALL, here, **names) == expected


@pytest.mark.parametrize("policy", OnWitnessLoss)
def test_voters_when_any_are_here_then_every_way_ends(policy):
    starts = [
        Configuration(controllers=tuple(c for c in ("a", "b") if c == "a" or c in voters), witnesses=witnesses)
        for voters, witnesses in product((set(), {"b"}), ((), ("w",)))
    ]
    for start, b, w in product(starts, (False, True), (False, True)):
        walk(start, {m for m, is_here in (("b", b), ("w", w)) if is_here}, policy)
