"""Copying the leader's log: entries go out, are taken or refused, and a majority commits them (paper, 5.3 and 5.4.2).

Entries are few and small (commands, configurations), so what may be lost is simply sent again after the next heartbeat.
"""

from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry, EntryKind
from runtime.raft.message import Append, AppendReply, Heartbeat, HeartbeatReply, InstallSnapshot, Message
from runtime.raft.state import Peer, Role, State

NS_PER_BYTE = 200
"""What is said is taken to be under way for so long: 5 MB/s, less than half of what a link of 100 Mbit/s takes."""
UNDER_WAY_NS_MAX = 1_000_000_000
"""And no longer: who is just back may not have been reached yet."""


def append(
    state: State, kind: EntryKind, now_ns: int, content: bytes = b"", configuration: Configuration | None = None
) -> int:
    """Add an entry of the leader's own and send it; its index."""
    index = state.log.last_index + 1
    entry = Entry(index=index, term=state.hard.term, kind=kind, content=content, configuration=configuration)
    state.log.add(entry)
    state.unsaved.entries.append(entry)
    _meet(state, now_ns)
    assert state.leading is not None
    for name, peer in state.leading.peers.items():
        if not peer.probing:
            send(state, name)
    return index


def send(state: State, name: str) -> None:
    """What the member lacks, or the snapshot if that is compacted away."""
    assert state.leading is not None
    peer = state.leading.peers[name]
    if peer.next <= state.log.snapshot.index:
        peer.probing = True
        peer.next = state.log.snapshot.index + 1
        snapshot = state.log.snapshot
        _be_patient(state, peer, len(snapshot.content))
        state.say(InstallSnapshot(source=state.name, target=name, term=state.hard.term, snapshot=snapshot))
        return
    entries = _first(state.log.part(peer.next, peer.next + state.settings.entries_max - 1), state.settings.bytes_max)
    previous = peer.next - 1
    term = state.log.term_at(previous)
    assert term is not None
    _be_patient(state, peer, sum(len(entry.content) for entry in entries))
    state.say(
        Append(
            source=state.name,
            target=name,
            term=state.hard.term,
            previous_index=previous,
            previous_term=term,
            entries=entries,
            commit=state.commit,
        )
    )
    if not peer.probing:
        peer.next += len(entries)


def on_append_reply(state: State, reply: AppendReply, now_ns: int) -> None:
    """Learn how far the member's log agrees; commit what a majority has."""
    if state.leading is None or reply.term != state.hard.term or reply.source not in state.leading.peers:
        return
    peer = state.leading.peers[reply.source]
    peer.heard_ns = now_ns
    if reply.index > state.log.last_index:
        return  # in this term nobody can have more than its leader
    if not reply.accepted:
        if reply.index > peer.match:  # else it is the answer to something long ago
            peer.probing = True
            peer.next = max(peer.match, min(reply.hint, reply.index - 1)) + 1
            send(state, reply.source)
        return
    peer.match = max(peer.match, reply.index)
    peer.next = peer.match + 1 if peer.probing else max(peer.next, peer.match + 1)
    peer.probing = False
    commit(state)
    if peer.next <= state.log.last_index:
        send(state, reply.source)


def commit(state: State) -> None:
    """Commit what a majority has, if it ends with an entry of this term (paper, 5.4.2 and figure 8)."""
    if state.leading is None:
        return
    reached = {name: peer.match for name, peer in state.leading.peers.items()}
    reached[state.name] = state.durable_index
    agreed = state.configuration.agreed(reached)
    if agreed > state.commit and state.log.term_at(agreed) == state.hard.term:
        state.commit = agreed


def on_heartbeat(state: State, message: Heartbeat, now_ns: int) -> None:
    """Hear the leader: from now on no votes for others for a while."""
    if not _hear(state, message, now_ns):
        return
    state.commit = max(state.commit, min(message.commit, state.log.last_index))
    _answer_round(state, message)


def on_append(state: State, message: Append, now_ns: int) -> None:
    """Take the entries, or say where the logs may agree."""
    if not _hear(state, message, now_ns):
        return
    merged = state.log.merge(message.previous_index, message.previous_term, message.entries)
    if merged is None:
        hint = state.log.hint(message.previous_index - 1, message.previous_term)
        _answer(state, message, index=message.previous_index, accepted=False, hint=hint)
        return
    unsaved = state.unsaved
    if merged.truncated_from:
        assert merged.truncated_from > state.commit, "a committed entry was to be removed: the protocol is broken"
        unsaved.truncate_from = merged.truncated_from
        state.durable_index = min(state.durable_index, merged.truncated_from - 1)
    unsaved.entries.extend(merged.added)
    agreed = message.previous_index + len(message.entries)
    state.commit = max(state.commit, min(message.commit, agreed))
    _answer(state, message, index=agreed, accepted=True)


def on_snapshot(state: State, message: InstallSnapshot, now_ns: int) -> None:
    """Become what the snapshot holds, unless that much is committed here."""
    if not _hear(state, message, now_ns):
        return
    snapshot = message.snapshot
    if snapshot.index > state.commit:
        state.log.install(snapshot)
        state.unsaved.snapshot = state.install = snapshot
        if state.log.last_index == snapshot.index:
            state.unsaved.truncate_from = snapshot.index + 1
        state.durable_index = min(state.durable_index, state.log.last_index)
        state.commit = state.applied = snapshot.index
    _answer(state, message, index=snapshot.index, accepted=True)


def _hear(state: State, message: Append | Heartbeat | InstallSnapshot, now_ns: int) -> bool:
    """Follow the sender; False, with an answer that tells the newer term, when its term is over."""
    if message.term < state.hard.term:
        _answer(state, message, index=0, accepted=False)
        return False
    if state.role is Role.LEADER:
        return False  # two leaders of one term cannot be
    if state.role is not Role.FOLLOWER or state.leader != message.source:
        state.follow(state.hard.term, now_ns, leader=message.source)
    state.heard_ns = state.waiting_since_ns = now_ns
    state.unanswered.clear()
    return True


def _be_patient(state: State, peer: Peer, size: int) -> None:
    """Only rounds after it must have arrived say that it was lost. A megabyte said again with each of them would fill
    the very link that they need."""
    assert state.leading is not None
    rounds = min(size * NS_PER_BYTE, UNDER_WAY_NS_MAX) // state.settings.times.heartbeat_ns
    peer.sent_round = max(peer.sent_round, state.leading.lease.round + rounds)


def _answer_round(state: State, message: Heartbeat) -> None:
    state.say(
        HeartbeatReply(
            source=state.name,
            target=message.source,
            term=state.hard.term,
            round=message.round,
        )
    )


def _answer(state: State, message: Message, *, index: int, accepted: bool, hint: int = 0) -> None:
    reply = AppendReply(
        source=state.name,
        target=message.source,
        term=state.hard.term,
        accepted=accepted,
        index=index,
        hint=hint,
    )
    (state.promise_ if accepted else state.say)(reply)


def _first(entries: tuple[Entry, ...], bytes_max: int) -> tuple[Entry, ...]:
    """As many of them as fit into one message; at least one."""
    size = 0
    for number, entry in enumerate(entries):
        size += len(entry.content)
        if number and size > bytes_max:
            return entries[:number]
    return entries


def _meet(state: State, now_ns: int) -> None:
    """Know exactly the members of the newest configuration."""
    leading = state.leading
    assert leading is not None
    members = [m for m in state.configuration.members if m != state.name]
    leading.peers = {m: leading.peers.get(m) or Peer(next=state.log.last_index + 1, heard_ns=now_ns) for m in members}
