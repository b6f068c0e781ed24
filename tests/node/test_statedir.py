import pytest

from runtime.core.fault import ConfigFault
from runtime.node.lock import SiteLock
from runtime.node.statedir import cache_dir, make_state_dir, next_term
from runtime.wire.rundir import run_base


def test_term_when_the_controller_starts_again_then_it_grows(tmp_path):
    assert [next_term(make_state_dir(tmp_path / "demo")) for _ in range(3)] == [1, 2, 3]


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


@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME"])
def test_cache_when_its_directory_cannot_be_made_then_beside_the_run_directories(variable, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")  # as unwritable for root as for others
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    assert cache_dir().parent == run_base() == tmp_path / "voltscan"
