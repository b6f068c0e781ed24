"""Signals that ask a process to stop, waited for instead of interrupting; whichever of its threads they reach.

The main thread blocks them, so that they wait until it asks. A thread of a library that does not block them may be
given one all the same: a handler then notes it. Without both, Ctrl-C would now and then end the supervisor in the
middle of its work.
"""

import signal
from types import FrameType, TracebackType
from typing import Self

STOPS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_WATCHED = STOPS | {signal.SIGCHLD}


class StopSignals:
    """While entered (main thread only), no stop signal does anything but make `wait` say so."""

    def __init__(self) -> None:
        self._noted = False

    def __enter__(self) -> Self:
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        self._handlers = {number: signal.signal(number, self._note) for number in STOPS}
        return self

    def wait(self, timeout_s: float) -> bool:
        """Wait for a stop, a child's end or the time-out; True when a stop was asked for."""
        if self._noted:
            return True
        got = signal.sigtimedwait(_WATCHED, timeout_s)
        return self._noted or (got is not None and got.si_signo in STOPS)

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        while signal.sigtimedwait(_WATCHED, 0) is not None:
            pass  # asked for again while it was being done: unblocked, it would end us before the rest is
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._noted = True
