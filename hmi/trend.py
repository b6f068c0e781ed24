"""Trends: one sample a second of a few readings, for the last ten minutes."""

import math
from collections import deque
from dataclasses import dataclass

TREND_S = 600
"""How far back a trend reaches: ten minutes at 1 Hz."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One second of the plant; NaN where nothing was known."""

    p_set_kw: float
    p_inverter_kw: float
    p_grid_kw: float
    soc_pct: float


UNKNOWN = Sample(math.nan, math.nan, math.nan, math.nan)


class Trend:
    """The samples of the last TREND_S seconds, oldest first. `last` counts the second of the newest sample.

    Seconds are those of the controller's clock. A second that was missed holds UNKNOWN, so that a gap shows as a gap.
    """

    def __init__(self) -> None:
        self.samples: deque[Sample] = deque(maxlen=TREND_S)
        self.last = 0

    def take(self, second: int, sample: Sample) -> bool:
        """Keep a sample if its second is new; True when it was kept.

        A clock that was set back starts the trend anew: samples out of order would lie.
        """
        if not self.samples or second < self.last - 1:
            self.samples.clear()
            self.samples.append(sample)
            self.last = second
            return True
        missed = second - self.last - 1
        if missed < 0:
            return False
        self.samples.extend([UNKNOWN] * min(missed, TREND_S))
        self.samples.append(sample)
        self.last = second
        return True

    def series(self, name: str) -> list[float]:
        """One field of every sample, oldest first."""
        return [getattr(sample, name) for sample in self.samples]
