"""Scripts of a group (raftscript.py): each file holds what it shows. Written anew by --rewrite-goldens."""

import pytest
from raftgroup import MS
from raftscript import SCRIPTS, render

from runtime.core.fault import ClusterFault
from runtime.raft.times import Times


@pytest.mark.parametrize("file", sorted(SCRIPTS.glob("*.txt")), ids=lambda f: f.stem)
def test_script_when_run_then_it_shows_what_is_written(file, golden):
    golden(file, render(file.read_text()))


def test_times_when_an_election_may_come_within_a_lease_then_refused():
    with pytest.raises(ClusterFault, match="make the lease shorter"):
        Times(heartbeat_ns=10 * MS, election_min_ns=50 * MS, lease_ns=45 * MS, effect_ns=5 * MS)
    assert Times(heartbeat_ns=10 * MS, election_min_ns=51 * MS, lease_ns=45 * MS, effect_ns=5 * MS).needed_ns < 51 * MS


def test_times_when_the_table_of_cycles_is_taken_then_all_of_it_is_safe_without_effect_time():
    for cycle in ((5, 25, 15), (25, 60, 45), (25, 100, 80)):
        heartbeat, election_min, lease = (c * MS for c in cycle)
        left_ns = (
            election_min
            - Times(heartbeat_ns=heartbeat, election_min_ns=election_min, lease_ns=lease, effect_ns=0).needed_ns
        )
        assert left_ns >= 9 * MS
