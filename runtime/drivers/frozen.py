"""Values that should move and do not: a device may answer for hours with what it held when its processor stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

_Level = Literal["info", "warning", "error"]
QUIET_NS = 60_000_000_000
"""Between two warnings of one point; that it moves again is told after each."""


@dataclass(slots=True)
class _Seen:
    raw: float
    since_ns: int
    stands: bool = False
    told: bool = False
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
            if seen.told:
                self._on_event("info", f"{self._device}: {point} moves again")
            seen.stands = seen.told = False
        elif now_ns - seen.since_ns >= after_ns:
            seen.stands = True
            if not seen.told and now_ns - seen.told_ns >= QUIET_NS:
                seen.told, seen.told_ns = True, now_ns
                text = f"{self._device}: {point} has not moved for {after_ns / 1e9:g} s: {meaning}"
                self._on_event("warning", text)
        return seen.stands

    def forget(self) -> None:
        """The device was away: what it holds now may be what it held then."""
        for seen in self._seen.values():
            seen.raw, seen.stands, seen.told = float("nan"), False, False
