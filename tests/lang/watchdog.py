"""A bound on the time of one generated program, so that a stall is a finding with a seed and not a silent wait."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HANGS_AFTER_S = 30
"""Usual programs take a tenth of a second, the worst ones two; a machine under load ten times that."""


class Hangs(BaseException):
    """Something took too long; derived so that nothing on the way catches it."""


@contextmanager
def watched(seconds: int = HANGS_AFTER_S) -> Iterator[None]:
    """Raises Hangs in the main thread when the block takes longer (compiled code is only interrupted at its end)."""

    def hangs(_: int, __: FrameType | None) -> None:
        raise Hangs(f"takes longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
