"""The clocks of the console: how long since we heard something, and what time it is for people."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True)
class Clock:
    """Monotonic and wall time in ns; `zone` is what wall time is shown in (None: the operator's own)."""

    monotonic_ns: Callable[[], int]
    wall_ns: Callable[[], int]
    zone: tzinfo | None = None

    def time_of_day(self, wall_ns: int) -> str:
        """`14:03:27`."""
        return datetime.fromtimestamp(wall_ns // 1_000_000_000, self.zone).strftime("%H:%M:%S")

    def stamp(self, wall_ns: int) -> str:
        """`2026-03-01 14:03:27.123`."""
        seconds, rest_ns = divmod(wall_ns, 1_000_000_000)
        day = datetime.fromtimestamp(seconds, self.zone).strftime("%Y-%m-%d %H:%M:%S")
        return f"{day}.{rest_ns // 1_000_000:03d}"


SYSTEM_CLOCK = Clock(time.monotonic_ns, time.time_ns)
