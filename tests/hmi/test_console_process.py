"""The console as a process on a terminal: what it leaves behind there."""

import os
import pty
import select
import signal
import sys
import time

import pytest

from hmi.main import find_controller, run_hmi
from runtime.core.fault import ConfigFault

ALTERNATE_SCREEN_OFF = b"\x1b[?1049l"
LIMIT_S = 120.0
"""A bound for a process to start and end; nothing is asserted about times."""


class Terminal:
    """`run_hmi` on a pseudo-terminal; nobody answers in its run directory."""

    def __init__(self, run: str) -> None:
        self.seen = b""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24")
            code = f"import sys; from hmi.main import run_hmi; sys.exit(run_hmi({run!r}))"
            os.execv(sys.executable, [sys.executable, "-c", code])

    def read_until(self, words: bytes) -> None:
        give_up = time.monotonic() + LIMIT_S
        while words not in self.seen:
            assert time.monotonic() < give_up, f"never showed {words!r}: {self.seen[-2000:]!r}"
            if not self._read():
                raise AssertionError(f"ended without {words!r}: {self.seen[-2000:]!r}")

    def ended(self) -> int:
        """Read to the end; the exit code."""
        give_up = time.monotonic() + LIMIT_S
        while self._read():
            assert time.monotonic() < give_up, "does not end"
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def type(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._fd], [], [], LIMIT_S)
        if not ready:
            return False
        try:
            got = os.read(self._fd, 65536)
        except OSError:
            return False  # Linux: the other side is closed
        self.seen += got
        return bool(got)


@pytest.mark.parametrize("how", ["q", "ctrl-c", "sigterm"])
def test_console_when_it_ends_then_the_terminal_is_given_back_whole(how, tmp_path):
    terminal = Terminal(str(tmp_path))
    terminal.read_until(b"NO CONNECTION")
    if how == "sigterm":
        os.kill(terminal.pid, signal.SIGTERM)
    else:
        terminal.type(b"q" if how == "q" else b"\x03")
    assert terminal.ended() == 0
    assert ALTERNATE_SCREEN_OFF in terminal.seen
    assert b"was not heard" in terminal.seen.rpartition(ALTERNATE_SCREEN_OFF)[2]


def test_run_hmi_when_there_is_no_terminal_then_it_says_how_to_mend_it(tmp_path, capsys):
    assert run_hmi(str(tmp_path)) == 1
    assert "needs a terminal" in capsys.readouterr().err


def test_run_hmi_when_no_such_site_runs_then_it_says_how_to_start_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert run_hmi("no_such_site") == 1
    assert "voltscan run" in capsys.readouterr().err


@pytest.mark.parametrize("told", ["{run}", "ipc://{run}/stream.sock", "ipc://{run}/request.sock"])
def test_find_controller_when_a_directory_or_an_endpoint_is_told_then_it_is_that_run_directory(told, tmp_path):
    name, where = find_controller(told.format(run=tmp_path))
    assert (name, where.run) == (tmp_path.name, tmp_path)


def test_find_controller_when_no_controller_runs_then_it_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(ConfigFault):
        find_controller(None)
