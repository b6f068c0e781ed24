"""A pair of real processes whose programs change: both controllers run one version, whatever happens to either."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pairsite import PairSite, until
from tests.e2e.test_pair import ASKED, assert_goes_on

pytestmark = pytest.mark.slow


@pytest.fixture
def pair() -> Iterator[PairSite]:
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        made = PairSite(Path(folder), cycle_ms=100)
        try:
            made.start("w", "a", "b")
            yield made
        finally:
            made.close()


def shows(pair: PairSite, number: int, version: str) -> bool:
    return pair.drive.value(ASKED) == number and pair.versions() == {version}


def test_pair_when_programs_are_downloaded_then_both_run_them_and_keep_them_whatever_dies(pair):
    pair.wait_in_sync()
    old_text, (old,) = (pair.folder / "pair.st").read_text(), pair.versions()
    pair.edit_programs(adds=1000)
    pair.at_leader("download", lambda: pair.drive.value(ASKED) == 1000 and len(pair.versions()) == 1)
    (new,) = pair.versions()
    assert new != old
    pair.wait_in_sync()
    pair.at_leader("rollback", lambda: shows(pair, 0, old))
    pair.wait_in_sync()
    pair.at_leader("download", lambda: shows(pair, 1000, new))

    (pair.folder / "pair.st").write_text(old_text)
    for _ in range(2):  # each box dies once; one of them has been downloaded to, the other was brought to it
        dead = pair.wait_in_sync()
        killed_ns = pair.kill(dead)
        alive = "b" if dead == "a" else "a"
        until(lambda alive=alive: pair.leader() == alive)
        until(lambda at=killed_ns: len(pair.drive.scans_written(at)) > 20)
        assert pair.drive.value(ASKED) == 1000
        pair.start(dead)
        pair.wait_in_sync()
        until(lambda: pair.versions() == {new})
    assert_goes_on(pair)


def test_pair_when_it_is_asked_at_the_standbys_box_then_the_leader_does_it_or_is_named(pair):
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    site = ("--site", f"pair_{standby}")
    for words in (("download", f"pair_{standby}.toml"), ("rollback", *site)):
        refused = pair.try_voltscan(*words)
        assert refused.returncode == 1
        assert f"{standby} is the standby: {leader} leads" in refused.stderr
        assert f"on the box of {leader} (127.0.0.1): voltscan {words[0]}" in refused.stderr
    assert pair.try_voltscan("download", f"pair_{standby}.toml", "--dry-run").returncode == 0

    assert pair.voltscan("pair", "detach", *site).startswith(f"{leader}: takes its standby out of service")
    until(lambda: pair.status(leader)["detached"] == [standby])
    assert pair.voltscan("pair", "attach", *site).startswith(f"{leader}: takes its standby back")
    assert pair.wait_in_sync() == leader
    until(lambda: pair.try_voltscan("pair", "swap", *site).returncode == 0)
    until(lambda: pair.leader() == standby)
    assert pair.wait_in_sync() == standby
