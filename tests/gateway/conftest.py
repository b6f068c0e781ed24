"""A run directory and a controller in it, without a native scan (standin.py)."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.standin import Controller
from tests.ports import free_port


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run directory under a short path, locked as by a supervisor."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    directory = tmp_path / "voltscan" / "tested"
    directory.mkdir(parents=True, mode=0o700)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{os.getpid()}\n")
        yield directory


@pytest.fixture
def controller(run: Path) -> Iterator[Controller]:
    made = Controller(run)
    yield made
    made.close()


@pytest.fixture
def port() -> int:
    """A TCP port that nobody has."""
    return free_port()
