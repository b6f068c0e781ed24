"""Tells that a device is lost and that it is back, each at most once a minute: a flapping device must not fill the log.

What is not told at once is told when the minute is over, if it still holds, with the number of losses in between.
"""

from runtime.drivers.base import EventSink

QUIET_NS = 60_000_000_000
"""Between two events of one kind about one device."""
NEVER_NS = -(1 << 62)


class LossReport:
    """The events of one device. `lost` is how it stands, whatever has been told. Starts as neither lost nor back."""

    def __init__(self, device: str, on_event: EventSink) -> None:
        self.lost = False
        self._device = device
        self._on_event = on_event
        self._heard = False
        self._told_lost = False
        self._why = ""
        self._losses = 0
        self._lost_told_ns = NEVER_NS
        self._back_told_ns = NEVER_NS

    def lose(self, why: str, now_ns: int) -> None:
        """The device is lost; of several reasons the first is kept."""
        if not self.lost:
            self.lost, self._why = True, why
            self._losses += 1
        self.review(now_ns)

    def regain(self, now_ns: int) -> None:
        """The device is heard."""
        if not self._heard and not self._told_lost and not self.lost:
            self._on_event("info", f"{self._device} is heard")
        self._heard, self.lost = True, False
        self.review(now_ns)

    def review(self, now_ns: int) -> None:
        """Tell what has waited for its minute. To be called every now and then."""
        if self.lost and not self._told_lost and now_ns - self._lost_told_ns >= QUIET_NS:
            often = f" ({self._losses} times in the last minutes)" if self._losses > 1 else ""
            self._told_lost, self._lost_told_ns, self._losses = True, now_ns, 0
            self._on_event("error", f"{self._device} lost: {self._why}; its inputs are BAD{often}")
        elif not self.lost and self._told_lost and now_ns - self._back_told_ns >= QUIET_NS:
            self._told_lost, self._back_told_ns = False, now_ns
            self._on_event("info", f"{self._device} is back")
