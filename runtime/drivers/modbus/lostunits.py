"""How often units that do not answer are asked again, while others on their link do. Pure.

Each question to such a unit costs the link a time-out. What units waste so is held to a share of the link's time: after
a unit has wasted some, it rests nine times as long, and the rests of several lost units follow each other. But each is
asked within PROBED_WITHIN_NS, however many there are, for what comes back is to be found by itself.
"""

WASTED_SHARE = 0.1
"""Of the link's time; the others' polls take about a tenth longer at most."""
PROBED_WITHIN_NS = 20_000_000_000
"""A link has to recover within 30 s; a device that starts again is asked in time for it."""


class LostUnits:
    """The rests of one link's lost units."""

    def __init__(self) -> None:
        self._booked_until_ns = 0

    def rest_until_ns(self, now_ns: int, *, wasted_ns: int, backoff_ns: int, lost: int) -> int:
        """When a unit that has just wasted so much time may be asked again. `lost`: how many units are, with it."""
        share_ns = int(wasted_ns / WASTED_SHARE)
        turn_ns = min(share_ns, PROBED_WITHIN_NS // max(1, lost))
        start_ns = max(now_ns - wasted_ns, self._booked_until_ns)
        until_ns = max(now_ns + backoff_ns, start_ns + turn_ns)
        self._booked_until_ns = start_ns + turn_ns
        return min(until_ns, now_ns + max(backoff_ns, PROBED_WITHIN_NS))
