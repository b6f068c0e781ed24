"""Waiting longer after each failure, within bounds, and never in step with others."""

from random import Random


class Backoff:
    """Doubles from `min_ns` to `max_ns`; each wait is a random 50 to 100 % of the step (equal jitter)."""

    def __init__(self, *, min_ns: int, max_ns: int, random: Random) -> None:
        self._min_ns = min_ns
        self._max_ns = max_ns
        self._random = random
        self._step_ns = min_ns

    def next_ns(self) -> int:
        """How long to wait after this failure."""
        wait_ns = self._random.randint(self._step_ns // 2, self._step_ns)
        self._step_ns = min(2 * self._step_ns, self._max_ns)
        return wait_ns

    def reset(self) -> None:
        """It worked: start from the shortest wait again."""
        self._step_ns = self._min_ns
