"""The table of cuts in virtual time: who goes on, in which term, and that all are whole again once it is healed."""

import pytest
from pairgroup import CYCLE, MS, Group

from runtime.cluster.pair.voters import OnWitnessLoss
from runtime.cluster.redundancy.status import alarms
from tests.paircuts import AMONG_MEMBERS, Cut

CUT_MS, HEALED_MS = 1500, 3000
LED = {"L": "a", "S": "b", "": ""}


@pytest.fixture
def group() -> Group:
    made = Group()
    made.run(300)
    assert made.leader() == "a"
    assert made.members["a"].situation.agreed.in_sync == ("a", "b")
    return made


def assert_one_writer(group: Group) -> None:
    """Terms and scans of what was written never go back."""
    written = [(term, scan) for _, _, term, scan, _ in group.writes]
    assert written == sorted(written)


def assert_whole(group: Group) -> None:
    situation = group.members[group.leader()].situation
    assert sorted(situation.agreed.in_sync) == ["a", "b"]
    assert sorted(situation.raft.configuration.voters) == ["a", "b", "w"]
    assert group.now - group.writes[-1][0] < 2 * CYCLE


@pytest.mark.parametrize("cut", AMONG_MEMBERS, ids=lambda cut: cut.name)
def test_pair_when_ways_are_cut_then_who_should_goes_on_and_all_are_whole_once_healed(group: Group, cut: Cut) -> None:
    group.cut = set(cut.between("a", "b"))
    group.run(CUT_MS)
    assert group.leader() == LED[cut.drives]
    assert (group.now - group.writes[-1][0] < 2 * CYCLE) == bool(cut.drives)
    went_on = group.writes[-1][1:3]
    group.cut = set()
    group.run(HEALED_MS)
    if cut.drives:
        assert group.writes[-1][1:3] == went_on, "who comes back does not unseat who leads"
        assert (went_on[1] > 1) == (cut.drives == "S")
    assert_whole(group)
    assert_one_writer(group)


def told_by(group: Group, name: str) -> list[tuple[str, str]]:
    return [(alarm["id"], alarm["source"]) for alarm in alarms(group.members[name].situation, group.now * MS)]


def test_standby_when_the_witness_does_not_answer_it_then_both_controllers_say_so_until_it_does(group: Group) -> None:
    """Nothing else would tell before the leader dies: a standby says nothing to a witness."""
    group.members["b"].situation.witness_reached = False
    group.run(CUT_MS)
    assert [told_by(group, name) for name in "ab"] == [[("no_way_to_witness", "b")]] * 2
    group.kill("w")
    group.run(CUT_MS)
    assert told_by(group, "a") == [("not_heard", "w")], "the witness itself is gone"
    group.start("w")
    group.members["b"].situation.witness_reached = True
    group.run(HEALED_MS)
    assert [told_by(group, name) for name in "ab"] == [[], []]


def test_pair_when_the_witness_dies_and_then_the_standby_then_outputs_stop_until_two_are_back(group: Group) -> None:
    group.kill("w")
    group.run(CUT_MS)
    assert group.writes[-1][1:3] == ("a", 1)
    assert group.now - group.writes[-1][0] < 2 * CYCLE
    group.kill("b")
    group.run(CUT_MS)
    assert group.leader() == ""
    group.start("b")
    group.run(HEALED_MS)
    assert group.leader() != ""
    group.start("w")
    group.run(HEALED_MS)
    assert_whole(group)
    assert_one_writer(group)


def test_leader_when_the_witness_dies_and_it_may_shrink_then_it_goes_on_without_the_standby_too() -> None:
    group = Group(on_witness_loss=OnWitnessLoss.SHRINK)
    group.run(300)
    group.kill("w")
    group.run(CUT_MS)
    assert group.members["a"].situation.raft.configuration.voters == ("a",)
    group.kill("b")
    group.run(CUT_MS)
    assert group.writes[-1][1:3] == ("a", 1)
    assert group.now - group.writes[-1][0] < 2 * CYCLE
    group.start("b")
    group.start("w")
    group.run(HEALED_MS)
    assert group.leader() == "a"
    assert_whole(group)
    assert_one_writer(group)
