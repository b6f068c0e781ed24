"""What the programs ask of the computer: start this controller anew, or the whole machine. Nothing is asked unless the
site file names who may ask (`[host]`).

A request is a BOOL that becomes TRUE while the controller runs and stays so for STANDS_NS. One that is TRUE from the
first look on counts only after it has been FALSE: a program that always asks must not keep a machine starting for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Asked = Literal["restart", "reboot"]
STANDS_NS = 1_000_000_000
"""A second: a scan that dies half-way through a change leaves no wish behind."""


@dataclass(slots=True)
class _Wish:
    asked: Asked
    wanted: Callable[[], bool | None]
    seen_off: bool = False
    since_ns: int | None = None

    def stands(self, now_ns: int) -> bool:
        """True once it has become TRUE and stayed so."""
        wanted = self.wanted()
        if wanted is None:
            return False
        self.seen_off |= not wanted
        if not wanted or not self.seen_off:
            self.since_ns = None
            return False
        if self.since_ns is None:
            self.since_ns = now_ns
        return now_ns - self.since_ns >= STANDS_NS


class HostRequests:
    """Watches the two requests. Each is asked for its value at every look; None: nobody knows it just now."""

    def __init__(self, *, restart: Callable[[], bool | None] | None, reboot: Callable[[], bool | None] | None) -> None:
        wishes: list[tuple[Asked, Callable[[], bool | None] | None]] = [("reboot", reboot), ("restart", restart)]
        self._wishes = [_Wish(asked, wanted) for asked, wanted in wishes if wanted is not None]

    def look(self, now_ns: int) -> Asked | None:
        """What is asked for now; a reboot, if it is both."""
        standing = [wish.asked for wish in self._wishes if wish.stands(now_ns)]
        return standing[0] if standing else None
