"""What a leader does beside copying its log: heartbeats, its lease, stepping down, handing over.

It leads only as long as a majority answers (dissertation, 6.2). The lease is its right to drive outputs, and always
ends before that. Handing over is that of the dissertation, 3.10.
"""

from runtime.raft import replication
from runtime.raft.lease import Lease
from runtime.raft.log import EntryKind
from runtime.raft.message import HandOver, Heartbeat, HeartbeatReply, Released
from runtime.raft.state import Leading, Role, State, Transfer


def begin(state: State, now_ns: int) -> None:
    """Lead: begin the term with an entry of its own, and let everybody know."""
    state.role, state.leader, state.votes = Role.LEADER, state.name, {}
    lease = Lease(state.settings.times.lease_ns)
    if state.name not in state.configuration.controllers:
        lease.withdraw()
    state.leading = Leading(lease, first_index=state.log.last_index + 1, heartbeat_ns=now_ns)
    replication.append(state, EntryKind.NOTHING, now_ns)
    for name in state.leading.peers:
        replication.send(state, name)
    _send_round(state, state.leading, now_ns)


def on_time(state: State, now_ns: int) -> None:
    """Send the next round when it is due; step down without a majority; end a transfer that came to nothing."""
    leading = state.leading
    assert leading is not None
    if not _has_majority(state, leading, now_ns):
        state.follow(state.hard.term, now_ns)
        return
    transfer = leading.transfer
    if transfer is not None and now_ns >= transfer.until_ns:
        drives = state.name in state.configuration.controllers
        if transfer.told and drives:  # the target may be elected yet, and then this term must not drive again
            state.follow(state.hard.term, now_ns)
            return
        leading.transfer = None
        if drives:
            leading.lease.restore()
    if now_ns >= leading.heartbeat_ns:
        _send_round(state, leading, now_ns)


def beat(state: State, now_ns: int) -> None:
    """Send the next round a little early: when half of the time to it is over."""
    leading = state.leading
    if leading is not None and now_ns >= leading.heartbeat_ns - state.settings.times.heartbeat_ns // 2:
        leading.heartbeat_ns = now_ns
        _send_round(state, leading, now_ns)


def on_heartbeat_reply(state: State, reply: HeartbeatReply, now_ns: int) -> None:
    """Extend the lease; send entries again that were on their way before this round and have not arrived."""
    leading = state.leading
    if leading is None or reply.term != state.hard.term or reply.source not in leading.peers:
        return
    peer = leading.peers[reply.source]
    if now_ns - peer.heard_ns >= state.settings.times.election_max_ns:
        peer.sent_round = 0  # it was away, and what was under way to it is lost
    peer.heard_ns = now_ns
    peer.round = max(peer.round, reply.round)
    extend(state, leading)
    if peer.match < state.log.last_index and peer.sent_round < reply.round:
        peer.next = peer.match + 1 if not peer.probing else peer.next
        replication.send(state, reply.source)


def transfer(state: State, target: str, now_ns: int) -> str:
    """Give the leadership to `target`, and the lease up, at once; why not, or nothing."""
    leading = state.leading
    if leading is None:
        return f"{state.name} does not lead"
    if leading.transfer is not None:
        return f"leadership is on its way to {leading.transfer.target}"
    if target not in state.configuration.voters or target == state.name:
        return f"{target} is not another voter"
    silent_ns = now_ns - leading.peers[target].heard_ns
    if silent_ns > state.settings.times.election_min_ns:
        return f"{target} has not been heard for {silent_ns // 1_000_000} ms"
    leading.lease.withdraw()
    leading.transfer = Transfer(target, now_ns + state.settings.times.election_max_ns)
    return ""


def release(state: State, now_ns: int) -> None:
    """Lead no more, and tell the voters that no lease holds them. The outputs must have ended."""
    if state.leading is None:
        return
    for target in state.configuration.voters:
        if target != state.name:
            state.say(Released(source=state.name, target=target, term=state.hard.term))
    state.follow(state.hard.term, now_ns)


def settle(state: State, now_ns: int) -> None:
    """After whatever came: give way where a witness leads or who leads was removed; hand over to an equal target.

    A witness leads only to bring a controller up to date, and gives way to the first that is.
    """
    leading = state.leading
    if leading is None:
        return
    configuration = state.configuration
    if state.name not in configuration.voters and state.commit >= state.log.configuration_index:
        state.follow(state.hard.term, now_ns)
        return
    if state.name in configuration.witnesses and leading.transfer is None and state.commit >= leading.first_index:
        equal = [c for c in configuration.controllers if leading.peers[c].match == state.log.last_index]
        asked = leading.asked  # who was asked already may not take it: it may not be in sync
        for target in sorted(equal, key=lambda c: asked.index(c) if c in asked else -1):
            if not transfer(state, target, now_ns):
                leading.asked = [*(a for a in asked if a != target), target]
                break
    _hand_over_when_equal(state, leading)


def _hand_over_when_equal(state: State, leading: Leading) -> None:
    transfer = leading.transfer
    if transfer is None or transfer.told or transfer.target not in leading.peers:
        return
    if leading.peers[transfer.target].match == state.log.last_index:
        transfer.told = True
        state.say(HandOver(source=state.name, target=transfer.target, term=state.hard.term))


def _send_round(state: State, leading: Leading, now_ns: int) -> None:
    number = leading.lease.begin_round(now_ns)
    late = now_ns - leading.heartbeat_ns >= state.settings.times.heartbeat_ns
    leading.heartbeat_ns = (now_ns if late else leading.heartbeat_ns) + state.settings.times.heartbeat_ns
    for name, peer in leading.peers.items():
        state.say(
            Heartbeat(
                source=state.name,
                target=name,
                term=state.hard.term,
                round=number,
                commit=min(state.commit, peer.match),
            )
        )
    if state.configuration.quorum == 1:  # else the others' answers are what is missing
        extend(state, leading)


def extend(state: State, leading: Leading) -> None:
    """Count the lease from the newest round that a majority has answered."""
    reached = {name: peer.round for name, peer in leading.peers.items()}
    reached[state.name] = leading.lease.round
    leading.lease.acknowledged(state.configuration, reached)


def _has_majority(state: State, leading: Leading, now_ns: int) -> bool:
    since_ns = now_ns - state.settings.times.election_max_ns
    voters = state.configuration.voters
    heard = sum(name == state.name or leading.peers[name].heard_ns > since_ns for name in voters)
    return heard >= state.configuration.quorum
