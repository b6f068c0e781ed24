"""Values that should move and do not: a device may answer for hours with what it held when its processor stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

_Level = Literal["info", "warning", "error"]
QUIET_NS = 60_000_000_000
"""Between two events about one point."""


@dataclass(slots=True)
class _Seen:
    raw: float
    since_ns: int
    stands: bool = False
    told_ns: int = -QUIET_NS


class FrozenWatch:
    """The points of one device that are watched. `meaning` of an event says what the driver makes of it."""

    def __init__(self, device: str, on_event: Callable[[_Level, str], None]) -> None:
        self._device = device
        self._on_event = on_event
        self._seen: dict[str, _Seen] = {}

    def stands(self, point: str, raw: float, now_ns: int, *, after_ns: int, meaning: str) -> bool:
        """A raw value came. True when it has not moved for `after_ns` (0: it may stand still)."""
        if after_ns == 0:
            return False
        seen = self._seen.setdefault(point, _Seen(raw, now_ns))
        if raw != seen.raw:
            seen.raw, seen.since_ns = raw, now_ns
            if seen.stands:
                self._tell(seen, now_ns, "info", f"{self._device}: {point} moves again")
            seen.stands = False
        elif not seen.stands and now_ns - seen.since_ns >= after_ns:
            seen.stands = True
            self._tell(
                seen,
                now_ns,
                "warning",
                f"{self._device}: {point} has not moved for {after_ns / 1e9:g} s: {meaning}",
            )
        return seen.stands

    def forget(self) -> None:
        """The device was away: what it holds now may be what it held then."""
        for seen in self._seen.values():
            seen.raw, seen.stands = float("nan"), False

    def _tell(self, seen: _Seen, now_ns: int, level: _Level, text: str) -> None:
        if level == "info" or now_ns - seen.told_ns >= QUIET_NS:
            if level == "warning":
                seen.told_ns = now_ns
            self._on_event(level, text)
