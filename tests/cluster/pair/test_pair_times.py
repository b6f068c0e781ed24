"""What follows from the base cycle: how many frames in a row make a standby one that may take over."""

import pytest

from runtime.cluster.pair.settings import in_sync_after_for

MS = 1_000_000


@pytest.mark.parametrize(("cycle_ms", "frames"), [(1, 10), (10, 10), (20, 10), (25, 8), (50, 4), (100, 3), (1000, 3)])
def test_frames_in_a_row_when_the_cycle_is_slow_then_fewer_are_asked_for(cycle_ms, frames):
    assert in_sync_after_for(cycle_ms * MS) == frames
