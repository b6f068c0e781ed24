"""Faults to inject into a simulated link: for a span of time a device is dead, or answers with old values."""

from dataclasses import dataclass
from enum import Enum


class OutageKind(Enum):
    """What is wrong with the device meanwhile."""

    DEAD = "dead"
    """It neither answers nor takes anything: a cut cable, a dead plant."""
    FROZEN = "frozen"
    """It answers in time with the values it had at the start, and takes nothing: hung behind a live gateway."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A device's outage from `start_s` to `end_s` of the loop's time."""

    device: str
    start_s: float
    end_s: float
    kind: OutageKind = OutageKind.DEAD

    def covers(self, t_s: float) -> bool:
        """True while it lasts."""
        return self.start_s <= t_s < self.end_s
