"""When a process that died is started again."""

from dataclasses import dataclass

FIRST_DELAY_NS = 50_000_000
"""A single death is mended at once: the issue asks for back within 3 s, interpreter start included."""
LONGEST_DELAY_NS = 1_500_000_000
"""With a start of a second this keeps what was killed again and again below three seconds away."""
STABLE_AFTER_NS = 3_000_000_000
"""Having run this long, the next death counts as the first again."""


@dataclass(slots=True)
class Backoff:
    """Exponential delay between restarts of one process. Times are monotonic ns; pure."""

    deaths: int = 0
    started_ns: int = 0

    def started(self, now_ns: int) -> None:
        """The process has been started."""
        self.started_ns = now_ns

    def died(self, now_ns: int) -> int:
        """The process has ended; returns when to start it again."""
        if now_ns - self.started_ns >= STABLE_AFTER_NS:
            self.deaths = 0
        delay = min(FIRST_DELAY_NS << min(self.deaths, 16), LONGEST_DELAY_NS)
        self.deaths += 1
        return now_ns + delay
