"""What can go wrong with a played device, in one vocabulary for all buses.

| kind | the device meanwhile |
|---|---|
| silent | neither answers nor takes anything: a cut cable |
| delay | answers `delay` late |
| exception | refuses every request with a device failure (all but CAN, which has no such answer) |
| garbage | answers with random bytes of the right length |
| wrong_length | answers with half of the bytes |
| frozen | answers in time with what it said first, and takes nothing: hung behind a live interface |
| bus_off | its controller has left the bus: an error frame says so, then silence; at the end it is started again |
| flapping | silent for the second half of each `period` |
"""

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["silent", "delay", "exception", "garbage", "wrong_length", "frozen", "bus_off", "flapping"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """A fault from `start_ns` to `end_ns` after the device was first played."""

    kind: FaultKind
    start_ns: int
    end_ns: int
    delay_ns: int = 0
    period_ns: int = 0

    def covers(self, played_ns: int) -> bool:
        """True while it lasts; a flapping device counts as fine in the first half of each period."""
        if not self.start_ns <= played_ns < self.end_ns:
            return False
        return self.kind != "flapping" or (played_ns - self.start_ns) % self.period_ns >= self.period_ns // 2
