import pytest

from runtime.core.fault import ConfigFault
from runtime.node.lock import SiteLock
from runtime.node.statedir import next_term


def test_term_when_the_controller_starts_again_then_it_grows(tmp_path):
    assert [next_term(tmp_path / "demo") for _ in range(3)] == [1, 2, 3]


def test_term_when_the_boot_count_is_garbage_then_the_fault_says_where_and_how_to_mend(tmp_path):
    (tmp_path / "boot_count").write_text("seven")
    with pytest.raises(ConfigFault) as caught:
        next_term(tmp_path)
    assert "boot_count" in str(caught.value)
    assert "help:" in str(caught.value)


def test_lock_when_a_second_controller_takes_the_same_site_then_it_is_refused_with_the_owner(tmp_path):
    first = SiteLock(tmp_path, "demo")
    with pytest.raises(ConfigFault, match="already run by process"):
        SiteLock(tmp_path, "demo")
    first.release()
    SiteLock(tmp_path, "demo").release()
