"""A leader's rounds of heartbeats while nothing else happens, which another hand may send in its stead for a while."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from runtime.raft import leading as leads
from runtime.raft.state import State


@dataclass(frozen=True, slots=True)
class Pace:
    """From where to go on: the newest round, when it was sent, when the next is due. All entries are committed."""

    round: int
    sent_ns: int
    heartbeat_due_ns: int
    lease_until_ns: int
    commit: int


@dataclass(frozen=True, slots=True)
class Paced:
    """What has become of it. `rounds`: number and sending of the newest, in order, the one before the first of them
    too. `heard`: of each member the newest round that it has answered, and when."""

    rounds: Sequence[tuple[int, int]]
    heartbeat_due_ns: int
    heard: Mapping[str, tuple[int, int]]


def pace(state: State, others: Collection[str]) -> Pace | None:
    """None where there is more to do than rounds, or anybody but these and this member takes part."""
    leading, configuration = state.leading, state.configuration
    if leading is None or leading.transfer is not None or leading.lease.withdrawn:
        return None
    last_index, lease = state.log.last_index, leading.lease
    if state.durable_term != state.hard.term or not state.commit == state.applied == last_index:
        return None
    if leading.peers.keys() != set(others) or set(configuration.voters) != {state.name, *others}:
        return None
    if any(peer.probing or peer.match != last_index for peer in leading.peers.values()):
        return None
    sent_ns = lease.sent_ns(lease.round)
    if sent_ns is None or not state.unsaved.is_empty:
        return None
    return Pace(lease.round, sent_ns, leading.heartbeat_ns, lease.until_ns, state.commit)


def catch_up(state: State, paced: Paced) -> None:
    """Know what was sent and heard in this member's stead."""
    leading = state.leading
    assert leading is not None
    for number, sent_ns in paced.rounds:
        leading.lease.went_on(number, sent_ns)
    leading.heartbeat_ns = paced.heartbeat_due_ns
    for name, (number, heard_ns) in paced.heard.items():
        peer = leading.peers[name]
        peer.round, peer.heard_ns = max(peer.round, number), max(peer.heard_ns, heard_ns)
    leads.extend(state, leading)
