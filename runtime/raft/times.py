"""The times of the protocol and the one inequality between them that keeps two leaders from driving at once.

The leader's lease runs from when it *sent* a heartbeat; who acknowledges refuses votes for `election_min_ns` from when
it *received* it, which is later. So no other leader can be elected before the lease is over, by any clock whose rate is
within CLOCK_RATE_ERROR_PPM, if

    lease * (1 + rho) / (1 - rho)  +  effect * (1 + rho)  <=  election_min

`effect_ns` is the longest from the leader's check of its lease to the effect at the device.
"""

from dataclasses import dataclass

from runtime.core.fault import ClusterFault

CLOCK_RATE_ERROR_PPM = 1000
"""What the rate of a monotonic clock may be off: ten times a bad crystal."""
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Durations in ns, each by the own monotonic clock. Raises ClusterFault where they would allow two writers.

    `heartbeat_ns`: from one round of heartbeats to the next. `election_min_ns`: how long a member that has heard the
    leader refuses votes. `lease_ns`: how long a round that a majority acknowledged lets it drive, from its sending.
    """

    heartbeat_ns: int
    election_min_ns: int
    lease_ns: int
    effect_ns: int

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_ns < self.lease_ns:
            raise ClusterFault(
                f"a lease of {_ms(self.lease_ns)} is over before the next heartbeat, {_ms(self.heartbeat_ns)} later",
                mend="make heartbeat less than half of the lease",
            )
        if self.needed_ns > self.election_min_ns:
            raise ClusterFault(
                f"a lease of {_ms(self.lease_ns)} and {_ms(self.effect_ns)} to its effect need {_ms(self.needed_ns)} "
                f"without an election, but one may come after {_ms(self.election_min_ns)}",
                mend="make the lease shorter or election_min longer",
            )

    @property
    def needed_ns(self) -> int:
        """The left side of the inequality, rounded up."""
        faster, slower = _MILLION + CLOCK_RATE_ERROR_PPM, _MILLION - CLOCK_RATE_ERROR_PPM
        return -(-self.lease_ns * faster // slower) + -(-self.effect_ns * faster // _MILLION)

    @property
    def election_max_ns(self) -> int:
        """The longest election time-out; as long a member that was restarted stays mute."""
        return 2 * self.election_min_ns


def _ms(duration_ns: int) -> str:
    return f"{duration_ns / _MILLION:g} ms"
