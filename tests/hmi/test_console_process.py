"""The console as a process on a terminal: what it leaves behind there."""

import os
import pty
import select
import signal
import sys
import time

import pytest

from hmi.main import at_directory, run_hmi
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
            code = (
                f"from hmi.main import *; name, where = at_directory({run!r}); sys.exit(run_hmi(name, {{name: where}}))"
            )
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


def test_run_hmi_when_there_is_no_terminal_then_it_says_how_to_mend_it(tmp_path):
    name, where = at_directory(str(tmp_path))
    with pytest.raises(ConfigFault, match="needs a terminal"):
        run_hmi(name, {name: where})


@pytest.mark.parametrize("told", ["{run}", "ipc://{run}/stream.sock", "ipc://{run}/request.sock"])
def test_at_directory_when_a_directory_or_an_endpoint_is_told_then_it_is_that_run_directory(told, tmp_path):
    name, where = at_directory(told.format(run=tmp_path))
    assert (name, where.run) == (tmp_path.name, tmp_path)
