"""A leader alone whose scan process is killed: nobody else has its state, and a new process goes on from it."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pairsite import PairSite, until
from tests.e2e.test_pair import assert_goes_on

KILLS = 3
MORE_SCANS = 20

pytestmark = pytest.mark.slow


@pytest.fixture
def pair() -> Iterator[PairSite]:
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        made = PairSite(Path(folder))
        try:
            made.start("w", "a", "b")
            yield made
        finally:
            made.close()


def test_leader_alone_when_its_scan_is_killed_then_a_new_one_goes_on_from_what_was_written(pair):
    leader, _ = pair.without_leader(pair.kill)[::-1]
    until(lambda: pair.leader() == leader and pair.status(leader)["in_sync"] == [leader])
    for _ in range(KILLS):
        written = len(pair.drive.scans_written())
        until(lambda written=written: len(pair.drive.scans_written()) > written + MORE_SCANS)
        killed, last = pair.named_pids(leader)["scan"], pair.drive.scans_written()[-1][1]
        os.kill(killed, signal.SIGKILL)
        until(lambda killed=killed: pair.named_pids(leader).get("scan", killed) != killed)
        until(lambda last=last: pair.drive.scans_written()[-1][1] > last + MORE_SCANS)
    assert_goes_on(pair)
    takeovers = [taken for taken in pair.status(leader)["takeovers"] if taken["leader"] == leader]
    assert len(takeovers) > KILLS
    assert all(taken["scan_no"] > 0 for taken in takeovers), "each from a state"
