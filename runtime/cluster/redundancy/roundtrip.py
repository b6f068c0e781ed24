"""How long the standby takes to acknowledge a state: from its sending to the answer, of the last frames."""

from collections import deque

KEPT = 1000


class RoundTrips:
    """Times in ns. Frames that are never answered are forgotten."""

    def __init__(self) -> None:
        self._sent: dict[int, int] = {}
        self._taken_ns: deque[int] = deque(maxlen=KEPT)

    def sent(self, scan_no: int, now_ns: int) -> None:
        """The state after that scan is on its way."""
        self._sent[scan_no] = now_ns
        if len(self._sent) > KEPT:
            del self._sent[next(iter(self._sent))]

    def acknowledged(self, scan_no: int, now_ns: int) -> None:
        """The standby has it."""
        sent_ns = self._sent.pop(scan_no, None)
        if sent_ns is not None:
            self._taken_ns.append(now_ns - sent_ns)

    def took(self, taken_ns: int) -> None:
        """A frame was sent and answered so long after."""
        self._taken_ns.append(taken_ns)

    def percentiles_ms(self, *shares: float) -> tuple[float, ...]:
        """For each share: so many took no longer; 0 where nothing is known."""
        ordered = sorted(self._taken_ns) or [0]
        return tuple(ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e6 for share in shares)
