"""A hot-standby pair of real processes: what the standby does when the leader dies, hands over or is told to stop.

Figures of many take-overs: tools/pair_drill.py.
"""

import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.pairsite import PairSite, until

SCANS, SUM, TIMED, ASKED = range(4)
SKIPPED_MAX = 40
"""Scans between two writes: two seconds of a machine that is busy with other things."""


@pytest.fixture
def pair() -> Iterator[PairSite]:
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        made = PairSite(Path(folder))
        try:
            made.start("w", "a", "b")
            yield made
        finally:
            made.close()


def assert_goes_on(scans: list[int]) -> None:
    """Never back, never from the beginning: what one write shows follows from what the one before showed."""
    assert all(0 <= after - before <= SKIPPED_MAX for before, after in pairwise(scans)), scans


def test_pair_when_leaders_die_and_stop_then_counters_go_on_and_commands_run_once(pair):
    first = pair.wait_in_sync()
    other = "b" if first == "a" else "a"
    with pair.client(other) as client:  # the standby passes it on
        assert client.request("command", name="add", value=5, client="test", seq=1)["state"] == "done"
    until(lambda: pair.drive.value(ASKED) == 5)
    with pair.client(other) as client:
        client.request("force", name="drive_1.timed", value=77, client="test")
    until(lambda: pair.drive.value(TIMED) == 77)

    killed_ns = pair.kill(first)
    until(lambda: pair.leader() == other)
    until(lambda: len(pair.drive.scans_written(killed_ns)) > 20)
    scans = [scan for _, scan in pair.drive.scans_written()]
    assert_goes_on(scans)
    assert pair.drive.value(ASKED) == 5
    assert pair.drive.value(TIMED) == 77, "a force is held by both"
    with pair.client(other) as client:
        assert client.request("command", name="add", value=5, client="test", seq=1)["state"] == "done"
    assert pair.drive.value(ASKED) == 5

    pair.start(first)
    assert pair.wait_in_sync() == other
    with pair.client(first) as client:
        until(lambda: [f["name"] for f in client.request("forces")["forces"]] == ["drive_1.timed"])
        client.request("unforce", name="drive_1.timed", client="test")
    until(lambda: pair.drive.value(TIMED) != 77)
    told = pair.try_voltscan("download", f"pair_{other}.toml")
    assert told.returncode == 1
    assert "a pair runs one version on both controllers" in told.stdout + told.stderr
    assert "leads and drives" in pair.voltscan("pair", "status", "--site", f"pair_{other}")
    assert pair.stop(other) == 0  # in order: it hands over first
    until(lambda: pair.leader() == first)
    until(lambda: len(pair.drive.scans_written()) > len(scans) + 20)
    scans = [scan for _, scan in pair.drive.scans_written()]
    assert_goes_on(scans)
    assert pair.drive.value(SUM) - pair.drive.value(SCANS) in (-1, 0, 1)
    terms = pair.drive.terms_written()
    assert terms == sorted(terms)
    assert len(set(terms)) == 3, "one term a leader"
