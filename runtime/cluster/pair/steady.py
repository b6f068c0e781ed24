"""The steady state of a leader: each scan a frame and a round, each answered, and nothing else to decide.

Another hand may do that in the core's stead (redundancy/exchange.py), from what `steady` tells, by the same rules; the
core goes on from what `catch_up` is told. In between nothing else happens to it.
"""

from dataclasses import dataclass

from runtime.cluster.pair.effects import Right
from runtime.cluster.pair.frame import State
from runtime.cluster.pair.situation import Situation
from runtime.raft.pace import Pace, Paced


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """From where to go on: the standby holds `state`, and outputs may be written up to it."""

    term: int
    life: int
    version: int
    state: State
    pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What has become of it. `state`: after the newest scan whose frame was sent, at `sent_ns`; None: there was none.

    `is_under_way`: its frame is not answered yet. `answered`: frames that were, the last one at `answered_ns`.
    """

    state: State | None
    sent_ns: int
    is_under_way: bool
    replicated: int
    answered: int
    answered_ns: int
    paced: Paced


def steady(s: Situation) -> Steady | None:
    """None where there is anything else to do, or something may have to be decided after the next scan."""
    leading, settings = s.leading, s.settings
    if leading is None or not leading.confirmed or leading.swap is not None or leading.publishing is not None:
        return None
    if s.offer is not None or s.agreed.detached or leading.joins_at or leading.in_sync_at > s.raft.commit:
        return None
    stream, state = leading.stream, leading.stream.settled
    if state is None or settings.other not in (s.agreed.in_sync or ()):
        return None
    if state.applied_index > max(leading.applied_told, s.agreed.applied_floor):
        return None
    pace = s.raft.pace((settings.other, settings.witness))
    if pace is None or s.right != Right(leading.term, pace.lease_until_ns, state.scan_no):
        return None
    return Steady(term=leading.term, life=stream.life, version=stream.version, state=state, pace=pace)


def catch_up(s: Situation, walked: Walked) -> None:
    """Know what was done in the core's stead."""
    leading = s.leading
    assert leading is not None
    s.raft.catch_up(walked.paced)
    for name, (_, heard_ns) in walked.paced.heard.items():
        s.heard_ns[name] = max(s.heard_ns.get(name, 0), heard_ns)
    if walked.answered:
        leading.granted_ns = walked.answered_ns
    if walked.state is not None:
        leading.last_scan_ns = s.state_ns = walked.sent_ns
        s.standby.hold(leading.term, walked.state, s.standby.version)
    leading.stream.catch_up(
        walked.state,
        walked.sent_ns,
        replicated=walked.replicated,
        answered=walked.answered,
        is_under_way=walked.is_under_way,
    )
