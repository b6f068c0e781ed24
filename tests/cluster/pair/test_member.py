"""The pair on a still network: who drives when, with which state, and what people are told.

Chance, cuts and crashes at any instant: tools/pair_seeds.py.
"""

import itertools
from dataclasses import replace

import pytest
from pairgroup import AGAIN_MS, CYCLE, MS, TIMES, YIELD_MS, Group

from runtime.cluster.pair.entries import Force
from runtime.cluster.pair.frame import ALL_LINKS
from runtime.raft.state import Role


@pytest.fixture
def group():
    made = Group()
    made.run(300)
    assert made.leader() == "a"
    assert made.members["a"].situation.agreed.in_sync == ("a", "b")
    return made


def gaps(group, since):
    """(ms without a write, scans that were not written) wherever the writer changed or a scan is missing."""
    writes = [w for w in group.writes if w[0] >= since]
    return [(y[0] - x[0], y[3] - x[3] - 1) for x, y in itertools.pairwise(writes) if y[1] != x[1]]


def test_pair_when_it_starts_then_one_leads_and_the_other_is_in_sync_before_anything_is_lost(group):
    assert group.told[0].endswith("a has taken over in term 1: first start")
    scans = [w[3] for w in group.writes]
    assert scans == list(range(1, len(scans) + 1))
    assert not group.members["b"].right.lead_term


def test_first_leader_when_its_take_over_is_not_agreed_on_yet_then_it_writes_nothing_that_the_other_lacks():
    group, seen = Group(), set()
    for _ in range(300):
        group.run(1)
        controllers = [group.members[name] for name in "ab"]
        seen |= {(m.situation.agreed.in_sync is None, m.right.solo) for m in controllers if m.right.lead_term}
    assert (True, False) in seen
    assert (True, True) not in seen


def test_leader_when_it_is_killed_then_the_standby_goes_on_with_its_next_scan_and_total(group):
    assert group.submit("a", 1, 5) == ""
    group.run(50)
    group.kill("a")
    since = group.now - 20
    group.run(300)
    assert group.leader() == "b"
    [(gap_ms, unwritten)] = gaps(group, since)
    assert unwritten <= 1
    assert gap_ms <= TIMES.election_min_ns // 1_000_000 + 3 * CYCLE
    assert group.writes[-1][4] == 5
    assert any("b has taken over in term 2: leader lost" in told for told in group.told)


def test_swap_when_it_is_asked_for_then_the_standby_goes_on_from_the_last_state(group):
    since = group.now - 2 * CYCLE
    assert group.ask("a", "swap") == ""
    group.run(200)
    assert group.leader() == "b"
    [(gap_ms, unwritten)] = gaps(group, since)
    assert gap_ms <= 2 * CYCLE  # of the scans that are due, one is missed at most
    assert unwritten <= 1
    group.run(300)
    assert group.ask("b", "swap") == ""
    group.run(300)
    assert group.leader() == "a"


@pytest.mark.parametrize("after_ms", range(CYCLE))
def test_swap_when_it_is_asked_for_at_any_moment_then_it_is_handed_over_w_after_what_was_written_last(group, after_ms):
    group.run(after_ms)
    assert group.ask("a", "swap") == ""
    granted_ns = group.members["a"].situation.leading.granted_ns
    replicated = group.members["a"].right.replicated_scan
    while group.leader() == "a":
        assert group.members["a"].right.replicated_scan == replicated  # io is given no more
        assert group.now * MS <= granted_ns + max(TIMES.effect_ns, CYCLE * MS)
        group.run(1)
    assert group.now * MS >= granted_ns + TIMES.effect_ns
    group.run(200)
    assert group.leader() == "b"
    [(gap_ms, _)] = gaps(group, group.now - 200 - 3 * CYCLE)
    assert gap_ms <= 2 * CYCLE


def test_swap_when_the_standby_is_not_in_sync_then_it_is_refused_and_nothing_stops(group):
    group.kill("b")
    group.run(100)
    assert group.ask("a", "swap") == "b is not in sync"
    before = len(group.writes)
    group.run(100)
    assert len(group.writes) == before + 10


def test_swap_when_the_standby_dies_in_it_then_the_leader_goes_on(group):
    group.ask("a", "swap")
    group.kill("b")
    group.run(1000)
    assert group.leader() == "a"
    assert any("came to nothing" in told for told in group.told) or any("term 2" in told for told in group.told)


def test_standby_when_it_is_killed_then_outputs_go_on_and_the_leader_ends_as_the_only_voter(group):
    before = group.now
    group.kill("b")
    group.run(3000)
    assert group.leader() == "a"
    assert max(y[0] - x[0] for x, y in zip(group.writes, group.writes[1:], strict=False) if x[0] > before) <= CYCLE
    group.kill("w")
    group.run(1000)
    assert group.leader() == "a"
    assert group.now - group.writes[-1][0] < 2 * CYCLE


def test_standby_when_it_returns_to_a_lone_leader_then_it_is_in_sync_and_unseats_nobody(group):
    group.kill("b")
    group.run(2000)
    group.kill("w")
    group.run(500)
    group.start("b")
    group.run(2000)
    assert group.leader() == "a"
    assert group.members["a"].situation.agreed.in_sync == ("a", "b")
    assert group.members["a"].situation.raft.configuration.voters == ("a",)
    group.start("w")
    group.run(2000)
    assert group.members["a"].situation.raft.configuration.voters == ("a", "b", "w")


def test_standby_when_only_the_link_between_the_pair_is_cut_then_the_leader_stays_and_goes_on_without_it(group):
    group.cut = {("a", "b"), ("b", "a")}
    group.run(1000)
    assert group.leader() == "a"
    assert group.members["a"].situation.raft.term == 1
    assert group.members["a"].situation.agreed.in_sync == ("a",)
    group.kill("a")
    group.run(1000)
    assert group.leader() == ""  # b does not hold what a wrote last


def test_leader_when_it_loses_both_others_then_its_lease_ends_before_the_standby_drives(group):
    group.cut = {("a", "b"), ("b", "a"), ("a", "w"), ("w", "a")}
    since = group.now
    group.run(500)
    assert group.leader() == "b"
    writers = [w[1] for w in group.writes if w[0] >= since]
    assert writers == sorted(writers)
    group.cut = set()
    group.run(1000)
    assert group.leader() == "b"
    assert group.members["b"].situation.agreed.in_sync == ("b", "a")


def test_all_three_when_they_are_killed_then_commands_are_kept_and_none_runs_again(group):
    group.submit("a", 1, 5)
    group.run(60)
    for name in ("a", "b", "w"):
        group.kill(name)
    for name in ("a", "b", "w"):
        group.start(name)
    group.writes.clear()
    group.run(1000)
    leader = group.leader()
    assert leader
    assert group.members[leader].situation.agreed.index_of("c", 1)
    assert group.programs[leader].total == 0  # its memory is lost; what ran does not run again
    assert group.submit(leader, 1, 5) == ""
    group.run(50)
    assert group.programs[leader].total == 0
    assert any("started without a state" in told for told in group.told)


def test_controller_when_both_lost_their_state_and_the_other_stays_away_then_it_starts_alone_after_a_while(group):
    for name in "ab":
        group.kill(name)
    group.run(20)
    group.start("b")
    situation = group.members["b"].situation
    situation.settings = replace(situation.settings, start_alone_ns=1_000_000_000)
    group.run(800)
    assert group.leader() == ""
    assert group.members["w"].role is Role.LEADER  # it waits for a controller that may lead
    group.run(1000)
    assert group.leader() == "b"
    assert any("started without a state" in told for told in group.told)
    group.run(1200)
    assert group.members["b"].situation.raft.configuration.voters == ("b",), "the other was never heard since its start"
    group.kill("w")
    group.run(100)
    assert group.leader() == "b"


def test_command_when_it_is_submitted_twice_then_it_runs_once_and_both_are_accepted(group):
    for _ in range(2):
        assert group.submit("a", 9, 4) == ""
    group.run(60)
    assert group.submit("a", 9, 4) == ""
    group.run(60)
    assert group.programs["a"].total == 4
    assert group.accepted[-1] == ("c", 9)
    assert [(d.command.seq, d.command.body) for d in group.known] == [(9, "4")]
    assert group.submit("b", 10, 4) == "b does not lead, a does"


def test_standby_when_it_is_detached_then_it_neither_votes_nor_takes_over_until_it_is_attached(group):
    assert group.ask("a", "detach", "b") == ""
    group.run(500)
    assert group.members["a"].situation.agreed.in_sync == ("a",)
    assert "b" not in group.members["a"].situation.raft.configuration.voters
    assert group.ask("a", "detach", "") == ""
    group.run(1000)
    assert group.members["a"].situation.agreed.in_sync == ("a", "b")
    assert group.members["a"].situation.raft.configuration.voters == ("a", "b", "w")


def test_swap_when_the_standby_is_just_being_detached_then_is_refused_before_that_is_agreed_on(group):
    assert group.ask("a", "detach", "b") == ""
    assert group.ask("a", "swap") == "b is out of service: attach it first"
    group.run(500)
    assert group.leader() == "a"
    assert group.members["a"].situation.agreed.detached == ("b",)


def test_standby_out_of_sync_when_an_operator_claims_it_then_it_leads_from_what_it_has(group):
    group.cut = {("a", "b"), ("b", "a")}
    group.run(300)
    group.kill("a")
    group.run(500)
    assert group.leader() == ""
    assert group.ask("b", "claim") == ""
    group.run(500)
    assert group.leader() == "b"
    assert any("claimed by an operator" in told for told in group.told)


def test_claim_when_the_other_leads_after_it_then_it_is_void_and_who_is_not_in_sync_takes_nothing_over(group):
    assert group.ask("b", "claim") == "a leads, and is heard here: stop it first"
    group.cut = {("a", "b"), ("b", "a")}
    group.run(300)
    for name in "aw":
        group.kill(name)
    group.run(500)
    assert group.ask("b", "claim") == ""
    group.run(300)
    assert group.leader() == ""  # no majority
    group.cut = set()
    for name in "aw":
        group.start(name)
    group.run(100)
    group.cut = {("b", "a"), ("b", "w")}  # it hears, and is not heard
    group.run(1000)
    assert any("the claim of b is void: a has led" in told for told in group.told)
    assert group.leader() == "a"
    group.kill("a")
    group.cut = set()
    group.run(500)
    assert group.leader() == ""


def test_force_when_it_is_agreed_on_then_both_controllers_hold_it_until_it_is_let_go(group):
    assert group.ask("a", "force", Force(name="x", body="1", keep=False)) == ""
    group.run(30)
    assert group.forces == {"a": {"x": "1"}, "b": {"x": "1"}}
    group.ask("a", "force", Force(name="x", body="", keep=False))
    group.run(30)
    assert group.forces == {"a": {}, "b": {}}


def reaches(group, **lost):
    for name, links in lost.items():
        group.reaches(name, links)


@pytest.mark.parametrize(
    ("at_a", "at_b", "leader"),
    [
        (0b01, 0b00, "b"),  # the standby reaches what the leader does not
        (0b11, 0b10, "b"),  # or at least more of it
        (ALL_LINKS, 0b00, "b"),  # the leader's io stands
        (0b01, 0b01, "a"),  # a device that is dead is so for both
        (0b01, 0b10, "a"),  # each lacks another one: neither is better off
        (0b01, ALL_LINKS, "a"),
        (0b00, 0b01, "a"),
    ],
)
def test_leader_when_devices_are_out_of_reach_then_it_hands_over_only_to_a_standby_that_is_better_off(
    group, at_a, at_b, leader
):
    reaches(group, a=at_a, b=at_b)
    group.run(YIELD_MS + 200)
    assert group.leader() == leader
    assert any("handing over to b: its devices are out of reach here" in told for told in group.told) == (leader == "b")


def test_leader_when_its_devices_come_back_soon_then_it_stays(group):
    reaches(group, a=1)
    group.run(YIELD_MS - 100)
    reaches(group, a=0)
    group.run(YIELD_MS)
    assert group.leader() == "a"


def test_pair_when_links_come_and_go_at_both_then_leadership_does_not_swing(group):
    reaches(group, a=1)
    group.run(YIELD_MS + 200)
    assert group.leader() == "b"
    reaches(group, a=0, b=1)
    group.run(AGAIN_MS - 500)
    assert group.leader() == "b", "it was handed over to for the same reason a moment ago"
    group.run(700)
    assert group.leader() == "a"


def test_pair_when_the_new_leaders_io_stands_then_leadership_goes_back_at_once(group):
    reaches(group, a=1)
    group.run(YIELD_MS + 200)
    reaches(group, a=0, b=ALL_LINKS)
    group.run(YIELD_MS + 200)
    assert group.leader() == "a", "an io that stands drives nothing at all"


def test_standing_when_something_of_it_changes_then_the_other_knows_at_once(group):
    group.run(group.members["b"].situation.settings.standing_ns // MS)
    for links_lost in (1, 0, ALL_LINKS):
        group.reaches("b", links_lost)
        group.run(3)
        assert group.members["a"].situation.other.links_lost == links_lost


def test_standing_when_a_standby_comes_back_then_the_leader_knows_it_as_soon_as_that_hears_the_leader(group):
    group.kill("b")
    group.cut = {("b", "a"), ("a", "b")}
    group.run(100)
    group.start("b")
    group.run(100)
    group.cut = set()
    while group.members["b"].situation.raft.leader != "a":
        group.run(1)
    group.run(3)
    assert group.members["a"].situation.other.life == group.lives
