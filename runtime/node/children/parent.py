"""Children end with their supervisor, whatever ended it."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""prctl(2)."""
LAST_WORDS_S = 3
"""How long a process may take to bring its outputs to fail-safe after its supervisor died."""


def end_with_parent(signal_number: signal.Signals, parent_pid: int) -> None:
    """Ask the kernel for `signal_number` when the parent dies; end at once if it already has.

    The signal is tied to the *thread* that started this process: the supervisor starts children from its main thread.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:
        sys.exit("the supervisor died while this process started")


def arm_last_words() -> None:
    """From now on this process ends within LAST_WORDS_S, even if it hangs: the kernel's SIGALRM sees to it."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LAST_WORDS_S)
