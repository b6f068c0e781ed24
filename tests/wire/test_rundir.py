"""Run directories: where they are, which belong to running controllers."""

import fcntl
from pathlib import Path

import pytest

from runtime.core.fault import ConfigFault
from runtime.wire.endpoints import endpoints
from runtime.wire.rundir import find_site, is_running, make_run_dir, run_base, run_dir, running_sites


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_run_base_when_session_directory_is_set_then_below_it(session: Path) -> None:
    assert run_base() == session / "voltscan"


def test_run_base_when_session_directory_is_missing_then_another(
    monkeypatch: pytest.MonkeyPatch, session: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session / "gone"))
    assert session not in run_base().parents


def test_make_run_dir_when_new_then_for_the_owner_alone(session: Path) -> None:
    run = make_run_dir("demo")
    assert run == session / "voltscan" / "demo"
    assert run.stat().st_mode & 0o777 == 0o700


def test_make_run_dir_when_it_is_a_link_then_refused(session: Path) -> None:
    (session / "voltscan").mkdir()
    (session / "elsewhere").mkdir()
    (session / "voltscan" / "demo").symlink_to(session / "elsewhere")
    with pytest.raises(ConfigFault, match="belongs to another user"):
        make_run_dir("demo")


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 41, "a b"])
def test_run_dir_when_name_is_no_file_name_then_refused(name: str) -> None:
    with pytest.raises(ConfigFault, match="is no name of a site"):
        run_dir(name)


def test_running_sites_when_lock_is_held_then_only_those() -> None:
    live, dead = make_run_dir("live"), make_run_dir("dead")
    (dead / "lock").touch()
    with (live / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert running_sites() == {"live": live}
        assert find_site(None) == ("live", live)
        assert find_site("live") == ("live", live)
        with pytest.raises(ConfigFault, match=r"no controller runs for site 'dead' \(running: live\)"):
            find_site("dead")
    assert not is_running(live)
    with pytest.raises(ConfigFault, match="no controller is running") as caught:
        find_site(None)
    assert "voltscan run" in caught.value.mend


def test_find_site_when_two_run_and_none_is_named_then_names_both() -> None:
    with (make_run_dir("a") / "lock").open("w") as one, (make_run_dir("b") / "lock").open("w") as two:
        fcntl.flock(one, fcntl.LOCK_EX)
        fcntl.flock(two, fcntl.LOCK_EX)
        with pytest.raises(ConfigFault, match="several controllers run: a, b"):
            find_site(None)


def test_endpoints_when_path_is_too_long_then_says_so_before_the_socket_does(session: Path) -> None:
    short = Path("/") / ("r" * (107 - len("//request.sock")))
    assert endpoints(short).request == f"ipc://{short}/request.sock"
    with pytest.raises(ConfigFault, match="takes 108 bytes, the system allows 107"):
        endpoints(Path(f"{short}r"))
