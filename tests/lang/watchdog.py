"""A bound on the time of one generated program, so that a stall is a finding with a seed and not a silent wait."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HANGS_AFTER_S = 30
"""Of the processor's time, so that a machine under load raises no alarm; usual programs take a quarter of a second."""


class Hangs(BaseException):
    """Something took too long; derived so that nothing on the way catches it."""


@contextmanager
def watched(seconds: int = HANGS_AFTER_S) -> Iterator[None]:
    """Raises Hangs in the main thread when the block works longer (compiled code is only interrupted at its end)."""

    def hangs(_: int, __: FrameType | None) -> None:
        raise Hangs(f"takes more than {seconds} s of the processor")

    before = signal.signal(signal.SIGPROF, hangs)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
