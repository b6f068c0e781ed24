"""The words of the control segment by which redundancy gives a controller of a pair its right to drive.

Who takes a right away clears `lead_term` first; who gives one sets it last.

A lease runs by the monotonic clock, which stands still while the machine is suspended: what was given before is void
afterwards, whatever that clock says. Another controller leads by then.
"""

from collections.abc import Callable

from runtime.image.primitives import primitives
from runtime.image.segment import ControlSegment
from runtime.image.suspension import SUSPENDED_NS, suspended_ns


class PairWords:
    """For io, which acts by them, and for redundancy, their only writer."""

    def __init__(self, segment: ControlSegment, *, suspended: Callable[[], int] = suspended_ns) -> None:
        self._segment = segment  # keeps the mapping while these words are used
        self._suspended = suspended
        self._term, self._suspended_before = 0, suspended()
        at = segment.word_address
        self._lead_term, self._lease_until = at("lead_term"), at("lease_until_ns")
        self._replicated, self._solo = at("replicated_scan"), at("solo")

    @property
    def lead_term(self) -> int:
        """The term in which this controller leads; 0: it is the standby."""
        return primitives().load_u64(self._lead_term)

    @property
    def lease_until_ns(self) -> int:
        """Monotonic time at which its lease ends; 0 once the machine has been suspended in this term."""
        term, suspended = self.lead_term, self._suspended()
        if term != self._term:
            self._term, self._suspended_before = term, suspended
        is_void = suspended - self._suspended_before >= SUSPENDED_NS
        return 0 if is_void else primitives().load_i64(self._lease_until)

    @property
    def replicated_scan(self) -> int:
        """Frames of lead_term up to this scan are at the standby."""
        return primitives().load_u64(self._replicated)

    @property
    def solo(self) -> bool:
        """True: there is no standby to wait for."""
        return primitives().load_u32(self._solo) != 0

    def give(self, *, lead_term: int, lease_until_ns: int, replicated_scan: int, solo: bool) -> None:
        """Tell scan and io what this controller may do from now on; `lead_term` 0: nothing."""
        store = primitives()
        if lead_term != self.lead_term:
            store.store_u64(self._lead_term, 0)
        store.store_u64(self._replicated, replicated_scan)
        store.store_u32(self._solo, solo)
        store.store_i64(self._lease_until, lease_until_ns)
        store.store_u64(self._lead_term, lead_term)


class SinkTerm:
    """The highest term that io has seen, where it outlives io. For io, its only writer."""

    def __init__(self, segment: ControlSegment) -> None:
        self._segment = segment
        self._at = segment.word_address("sink_term")

    @property
    def term(self) -> int:
        """0 before the first."""
        return primitives().load_u64(self._at)

    @term.setter
    def term(self, term: int) -> None:
        primitives().store_u64(self._at, term)
