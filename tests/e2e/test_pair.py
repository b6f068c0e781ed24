"""A hot-standby pair of real processes: what the standby does when the leader dies, hands over or is told to stop.

Figures of many take-overs: tools/pair_drill.py.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pairsite import PairSite, until

SCANS, SUM, TIMED, ASKED = range(4)


@pytest.fixture
def pair() -> Iterator[PairSite]:
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        made = PairSite(Path(folder))
        try:
            made.start("w", "a", "b")
            yield made
        finally:
            made.close()


def assert_goes_on(pair: PairSite) -> None:
    """Never back, never from the beginning: what one write shows follows from what the one before showed."""
    scans = [scan for _, scan in pair.drive.scans_written()]
    assert scans == sorted(scans)
    assert scans[-1] <= (time.monotonic_ns() - pair.made_ns) / (pair.cycle_ms * 1_000_000), (
        "more than there was time for"
    )
    both = [words for _, address, words in pair.drive.writes if address == 0 and len(words) >= 4]
    assert both
    assert [words[0:2] for words in both] == [words[2:4] for words in both], "counted and integrated alike"


def assert_terms_belong_to_one_leader_each(pair: PairSite, member: str) -> None:
    """How many there were is the machine's affair: where it stalls, a lease runs out and somebody is elected anew."""
    terms = pair.drive.terms_written()
    assert terms == sorted(terms)
    takeovers = pair.status(member)["takeovers"]
    leaders = {taken["term"]: taken["leader"] for taken in takeovers}
    assert len(leaders) == len(takeovers)
    assert {term for term in terms if term >= min(leaders)} <= set(leaders)
    assert len(set(terms)) >= 3
    assert set(leaders.values()) == {"a", "b"}


def add_five(pair: PairSite, member: str) -> None:
    """The one command of this test, as a client gives it: until it is answered."""

    def done() -> bool:
        with pair.client(member) as client:
            return bool(client.request("command", name="add", value=5, client="test", seq=1)["state"] == "done")

    until(done)


def request(pair: PairSite, member: str, op: str, **fields: Any) -> None:
    """As a client does it that is told now and then that nobody leads."""

    def done() -> bool:
        with pair.client(member) as client:
            client.request(op, **fields, client="test")
        return True

    until(done)


def forced(pair: PairSite, member: str) -> list[str]:
    with pair.client(member) as client:
        return [force["name"] for force in client.request("forces")["forces"]]


def assert_io_comes_after_redundancy_alone(pair: PairSite) -> None:
    """Where this machine gives real-time priority at all: scan, redundancy, io, then everybody else."""
    for member in "ab":
        pids = pair.named_pids(member)
        policies = {name: os.sched_getscheduler(pids[name]) for name in ("redundancy", "io")}
        if policies["redundancy"] == os.SCHED_FIFO:
            assert policies["io"] == os.SCHED_FIFO
            priority = {name: os.sched_getparam(pids[name]).sched_priority for name in policies}
            assert 0 < priority["io"] < priority["redundancy"]


def test_pair_when_leaders_die_and_stop_then_counters_go_on_and_commands_run_once(pair):
    first = pair.wait_in_sync()
    until(lambda: all(pair.has_io(member) for member in "ab"))
    assert_io_comes_after_redundancy_alone(pair)
    other = "b" if first == "a" else "a"
    add_five(pair, other)  # the standby passes it on
    until(lambda: pair.drive.value(ASKED) == 5)
    request(pair, other, "force", name="drive_1.timed", value=77)
    until(lambda: pair.drive.value(TIMED) == 77)

    first, other = pair.without_leader(pair.kill)
    written = len(pair.drive.scans_written())
    until(lambda: len(pair.drive.scans_written()) > written + 20)
    assert_goes_on(pair)
    assert pair.drive.value(ASKED) == 5
    assert pair.drive.value(TIMED) == 77, "a force is held by both"
    add_five(pair, other)
    assert pair.drive.value(ASKED) == 5

    pair.start(first)
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    until(lambda: forced(pair, first) == ["drive_1.timed"])
    request(pair, standby, "unforce", name="drive_1.timed")
    until(lambda: pair.drive.value(TIMED) != 77)
    pair.edit_programs(adds=1000)
    pair.at_leader("download", lambda: pair.drive.value(ASKED) == 1005 and len(pair.versions()) == 1)
    until(lambda: "leads and drives" in pair.try_voltscan("pair", "status", "--site", f"pair_{pair.leader()}").stdout)
    codes: list[int] = []
    _, standby = pair.without_leader(lambda member: codes.append(pair.stop(member)))  # in order: it hands over first
    assert set(codes) == {0}
    later = len(pair.drive.scans_written())
    until(lambda: len(pair.drive.scans_written()) > later + 20)
    assert_goes_on(pair)
    assert_terms_belong_to_one_leader_each(pair, standby)
