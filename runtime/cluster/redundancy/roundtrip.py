"""How long the standby takes to acknowledge a state: from its sending to the answer, of the last frames."""

from collections import deque

KEPT = 1000
NEW_SHARE = 10
"""One in so many must be new before all are put in order again: that takes longer than all else that is told."""


class RoundTrips:
    """Times in ns. Frames that are never answered are forgotten."""

    def __init__(self) -> None:
        self._sent: dict[int, int] = {}
        self._taken_ns: deque[int] = deque(maxlen=KEPT)
        self._new = 0
        self._ordered: list[int] = []

    def sent(self, scan_no: int, now_ns: int) -> None:
        """The state after that scan is on its way."""
        self._sent[scan_no] = now_ns
        if len(self._sent) > KEPT:
            del self._sent[next(iter(self._sent))]

    def acknowledged(self, scan_no: int, now_ns: int) -> None:
        """The standby has it."""
        sent_ns = self._sent.pop(scan_no, None)
        if sent_ns is not None:
            self.took(now_ns - sent_ns)

    def took(self, taken_ns: int) -> None:
        """A frame was sent and answered so long after."""
        self._taken_ns.append(taken_ns)
        self._new += 1

    def percentiles_ms(self, *shares: float) -> tuple[float, ...]:
        """For each share: so many took no longer, but for the newest few; 0 where nothing is known."""
        if self._new * NEW_SHARE >= len(self._taken_ns):
            self._ordered, self._new = sorted(self._taken_ns), 0
        ordered = self._ordered or [0]
        return tuple(ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e6 for share in shares)
