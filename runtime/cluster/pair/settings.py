"""Who a pair member is, and its times."""

from dataclasses import dataclass

from runtime.cluster.pair.voters import OnWitnessLoss
from runtime.raft.configuration import Configuration
from runtime.raft.state import Settings
from runtime.raft.times import Times

_MS = 1_000_000
_SECOND = 1_000_000_000
KEEPS_UP_NS = 200 * _MS
IN_SYNC_AFTER_MIN, IN_SYNC_AFTER_MAX = 3, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSettings:
    """One controller's part. `version` names its programs and their layout, and is the same for both. `life` is a
    number that this member never had before, above 0.

    `ack_bound_ns`: so long outputs wait for the standby, then the leader goes on without it. `gone_ns`: silence after
    which a member stops voting. `in_sync_after`: frames acknowledged in a row before the standby may take over.
    `standing_ns`: so often each controller tells the other how it stands, though nothing has changed (standing.py).
    `yield_after_ns`, `scan_lost_ns`: so long without its devices, or without scans, before a leader yields.
    `yield_again_ns`: so long a controller leads to which the other has handed over for the sake of devices, before it
    may do the same: links that come and go at both must not swing the pair.
    `swap_limit_ns`: so long a swap may keep the outputs waiting before it is given up. `start_alone_ns`: so long a
    controller that was in sync, and has lost its state in a restart, waits for the other.
    """

    raft: Settings
    other: str
    witness: str
    version: int
    life: int
    cycle_ns: int
    ack_bound_ns: int
    gone_ns: int = _SECOND
    in_sync_after: int = IN_SYNC_AFTER_MAX
    standing_ns: int = 500 * _MS
    start_alone_ns: int = 30 * _SECOND
    yield_after_ns: int = _SECOND
    yield_again_ns: int = 60 * _SECOND
    scan_lost_ns: int = 200 * _MS
    swap_limit_ns: int = 200 * _MS
    on_witness_loss: OnWitnessLoss = OnWitnessLoss.STAY

    @property
    def name(self) -> str:
        """This controller's."""
        return self.raft.name

    @property
    def unseen_scans(self) -> int:
        """Scans that io may write as those of a leader alone after this member has decided otherwise: it may stand
        still before it says so, but then the lease runs out."""
        return -(-self.raft.times.lease_ns // self.cycle_ns) + 1

    @property
    def configuration(self) -> Configuration:
        """All three, as they begin."""
        return Configuration(controllers=tuple(sorted((self.name, self.other))), witnesses=(self.witness,))


def in_sync_after_for(cycle_ns: int) -> int:
    """Frames in a row that a standby must have acknowledged: as many as come in KEEPS_UP_NS, within limits. While it is
    not in sync nobody takes over, so at slow cycles it is not kept waiting for a number's sake."""
    return min(IN_SYNC_AFTER_MAX, max(IN_SYNC_AFTER_MIN, KEEPS_UP_NS // cycle_ns))


def times_for(cycle_ns: int) -> Times:
    """Times that suit a base cycle: each keeps the one inequality of raft/times.py."""
    for longest_ms, heartbeat_ms, election_ms, lease_ms, effect_ms in _TABLE:
        if cycle_ns <= longest_ms * _MS:
            return Times(
                heartbeat_ns=int(heartbeat_ms * _MS),
                election_min_ns=election_ms * _MS,
                lease_ns=lease_ms * _MS,
                effect_ns=effect_ms * _MS,
            )
    return Times(
        heartbeat_ns=cycle_ns // 4,
        election_min_ns=cycle_ns,
        lease_ns=cycle_ns * 8 // 10,
        effect_ns=cycle_ns // 10,
    )


def election_ns_for(times: Times, *, place: int) -> int:
    """How long the member of that place among the voters, the controllers first, waits for a leader.

    Controllers are little apart: while one leads there is but the other, and what it waits longer the outputs wait. At
    a start they are apart by what a trial takes to be heard. The witness comes so late that it seldom has to lead.
    """
    late = times.election_min_ns // _WITNESS_LATER if place >= CONTROLLERS else 0
    return times.election_min_ns + place * times.election_min_ns // _APART + late


CONTROLLERS = 2
_APART, _WITNESS_LATER = 12, 4
"""Parts of the shortest election time-out: what lies between one member and the next, and before the witness more."""
_TABLE = ((10, 12, 25, 15, 8), (50, 12.5, 60, 45, 12), (100, 25, 100, 80, 15))
"""Base cycle up to, heartbeat, shortest election time-out, lease, time from the check to the effect (all ms).

A round goes with the state after each scan once half of the heartbeat is over: at 10 ms that is one each 10 ms. The
heartbeat itself is for when no scan ends.
"""
