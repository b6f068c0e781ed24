"""A pair whose wires are really cut: who goes on, as the table of failures in configs/README.md says, and what heals.

Judge is the device: it notes every write with its term, and refuses one of an older term. Each member and the device is
in a network namespace of its own. One pair serves all rows, which leave it whole.
"""

import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.namespaces import Namespaces, why_no_namespaces
from tests.e2e.pairsite import PairSite, until
from tests.paircuts import AMONG_MEMBERS, FROM_THE_DEVICE

WHY_NOT = why_no_namespaces()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]
SCANS, SUM = 0, 1
MORE_SCANS = 20


@pytest.fixture(scope="module")
def spaces() -> Iterator[Namespaces]:
    made = Namespaces()
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(spaces) -> Iterator[PairSite]:
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        made = PairSite(Path(folder), spaces=spaces, patient=True)
        try:
            made.start("w", "a", "b")
            until(lambda: made.drive.term > 0)  # from now on the device tells who leads
            yield made
        finally:
            made.close()


def assert_one_writer(pair: PairSite) -> None:
    """Neither terms nor counters go back, and an integral is that of its scans."""
    terms = pair.drive.terms_written()
    assert terms == sorted(terms)
    scans = [scan for _, scan in pair.drive.scans_written()]
    assert all(before <= after for before, after in pairwise(scans)), "a counter went back"
    assert pair.drive.value(SUM) - pair.drive.value(SCANS) in (-1, 0, 1), "an integral is not that of its scans"


def nobody_leads(pair: PairSite, member: str) -> bool:
    """As that one sees it, and says."""
    said = pair.status(member)
    return not said["drives"] and "no_leader" in [alarm["id"] for alarm in said["alarms"]]


@pytest.mark.parametrize("cut", AMONG_MEMBERS + FROM_THE_DEVICE, ids=lambda cut: cut.name)
def test_pair_when_wires_are_cut_then_one_goes_on_and_all_are_whole_once_healed(spaces, pair, cut):
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    term = pair.drive.term
    goes_on = {"L": leader, "S": standby, "": ""}[cut.drives]
    told = cut.told.format(leader=leader, standby=standby)

    spaces.cut(cut.between(leader, standby))
    try:
        if not goes_on:
            until(lambda: all(nobody_leads(pair, member) for member in "ab"))
        else:
            until(lambda: pair.leader() == goes_on)
            until(lambda: not told or any(alarm["text"].startswith(told) for alarm in pair.status(goes_on)["alarms"]))
            if goes_on == standby:
                until(lambda: pair.drive.term > term)
                until(lambda: not pair.status(leader)["drives"])
            scan = pair.drive.value(SCANS)
            until(lambda: pair.drive.value(SCANS) > scan + MORE_SCANS)
            assert pair.leader() == goes_on
            assert (pair.drive.term > term) == (goes_on == standby)
    finally:
        spaces.heal()
    healed = pair.wait_in_sync()
    if goes_on:
        assert healed == goes_on, "who comes back does not unseat who leads"
        assert (pair.drive.term > term) == (goes_on == standby)
    assert_one_writer(pair)


def test_leader_when_it_alone_loses_the_device_then_it_says_which_link_and_the_pair_does_not_swing(pair, spaces):
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    former = pair.drive.term
    spaces.cut([(leader, "device"), ("device", leader)])
    try:
        until(lambda: pair.leader() == standby and pair.drive.term > former)
        with pair.client(leader) as client:
            told = [event["text"] for event in client.request("events")["events"]]
        assert f"pair: {leader} does not reach its devices: link field" in told
        assert f"handing over to {standby}: its devices are out of reach here" in told
        term = pair.drive.term
        scan = pair.drive.value(SCANS)
        until(lambda: pair.drive.value(SCANS) > scan + MORE_SCANS)
        assert (pair.leader(), pair.drive.term) == (standby, term)
    finally:
        spaces.heal()
    pair.wait_in_sync()
    assert_one_writer(pair)


def test_pair_when_witness_and_then_standby_die_then_outputs_stop_and_go_on_once_two_are_back(pair):
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    term = pair.drive.term
    pair.kill("w")
    until(lambda: ("not_heard", "w") in [(alarm["id"], alarm["source"]) for alarm in pair.status(leader)["alarms"]])
    scan = pair.drive.value(SCANS)
    until(lambda: pair.drive.value(SCANS) > scan + MORE_SCANS)
    assert pair.drive.term == term
    pair.kill(standby)
    until(lambda: nobody_leads(pair, leader))
    pair.start(standby)
    until(lambda: pair.leader() != "")
    scan = pair.drive.value(SCANS)
    until(lambda: pair.drive.value(SCANS) > scan + MORE_SCANS)
    pair.start("w")
    pair.wait_in_sync()
    assert_one_writer(pair)


def test_pair_when_standby_and_then_witness_die_then_outputs_go_on_and_the_old_standby_stays_one(pair):
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    term = pair.drive.term
    pair.kill(standby)
    until(lambda: [m["name"] for m in pair.status(leader)["members"] if m["votes"]] == [leader])
    pair.kill("w")
    until(lambda: ("not_heard", "w") in [(alarm["id"], alarm["source"]) for alarm in pair.status(leader)["alarms"]])
    scan = pair.drive.value(SCANS)
    until(lambda: pair.drive.value(SCANS) > scan + MORE_SCANS)
    pair.start(standby)
    until(lambda: len(pair.status(leader)["in_sync"]) == 2)
    assert pair.status(standby)["role"] == "standby"
    assert [m["name"] for m in pair.status(leader)["members"] if m["votes"]] == [leader]
    pair.start("w")
    assert pair.wait_in_sync() == leader
    assert pair.drive.term == term
    assert_one_writer(pair)


def test_leader_when_the_witness_dies_and_it_may_shrink_then_it_goes_on_without_the_standby_too():
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        pair = PairSite(Path(folder), patient=True)
        for member in "ab":
            site = pair.folder / f"pair_{member}.toml"
            site.write_text(site.read_text() + '\non_witness_loss = "shrink"\n')
        try:
            pair.start("w", "a", "b")
            leader = pair.wait_in_sync()
            standby = "b" if leader == "a" else "a"
            until(lambda: pair.drive.term > 0)
            term = pair.drive.term
            pair.kill("w")
            until(lambda: [m["name"] for m in pair.status(leader)["members"] if m["votes"]] == [leader])
            pair.kill(standby)
            until(lambda: pair.status(leader)["in_sync"] == [leader])
            scan = pair.drive.value(SCANS)
            until(lambda: pair.drive.value(SCANS) > scan + MORE_SCANS)
            assert (pair.leader(), pair.drive.term) == (leader, term)
            pair.start(standby, "w")
            assert pair.wait_in_sync() == leader
            assert_one_writer(pair)
        finally:
            pair.close()
