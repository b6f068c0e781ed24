"""Elections: who asks, who grants (paper, 5.2 and 5.4.1; dissertation, 4.2.3 and 9.6).

A member asks for a trial first, which changes nobody's term: one that comes back from isolation unseats no healthy
leader. A member that has just heard a leader, or has just been started, says nothing to any request: that silence is
what the leader's lease rests on. A trial it answers once the silence is over, unless it hears a leader again: if the
one that heard the dead leader last did not, the other would have to wait for a second time-out.
"""

from dataclasses import replace

from runtime.raft import leading
from runtime.raft.message import HandOver, Released, VoteReply, VoteRequest
from runtime.raft.state import Role, State


def on_time(state: State, now_ns: int) -> None:
    """Answer the trials that came too early; campaign when no leader has been heard for too long."""
    if state.unanswered and now_ns >= state.silent_until_ns:
        waiting, state.unanswered = state.unanswered, {}
        for request in waiting.values():
            on_vote_request(state, request, now_ns)
    if now_ns >= state.waiting_since_ns + state.settings.election_ns and _may_campaign(state, now_ns):
        _ask(state, now_ns, trial=True, handed_over=False)


def on_vote_request(state: State, request: VoteRequest, now_ns: int) -> None:
    """Grant, refuse, or say nothing."""
    obliged = state.role is Role.LEADER or state.has_heard(now_ns)
    if state.is_mute(now_ns) or (obliged and not request.handed_over):
        if request.trial and state.role is not Role.LEADER:
            state.unanswered[request.source] = request
        return
    if request.term < state.hard.term or (request.trial and request.term == state.hard.term):
        _reply(state, request, granted=False)
        return
    newer = state.log.is_no_newer_than(request.last_index, request.last_term)
    if request.trial:
        _reply(state, request, granted=newer)
        return
    if request.term > state.hard.term:
        state.follow(request.term, now_ns)
    undecided = state.role in (Role.FOLLOWER, Role.TRIAL) and state.hard.vote in ("", request.source)
    granted = newer and undecided
    if granted:
        if not state.hard.vote:
            state.set_hard(replace(state.hard, vote=request.source))
        state.follow(state.hard.term, now_ns)
        state.waiting_since_ns = now_ns
    _reply(state, request, granted=granted)


def on_vote_reply(state: State, reply: VoteReply, now_ns: int) -> None:
    """Count it; with a majority go on to the election, or lead."""
    if reply.trial and reply.silence != state.silence:
        return  # to a trial of before a leader was heard again: it would unseat that one
    asked = Role.TRIAL if reply.trial else Role.CANDIDATE
    term = state.hard.term + (reply.trial and reply.granted)
    if state.role is asked and reply.term == term:
        state.votes[reply.source] = reply.granted
        count(state, now_ns)


def on_hand_over(state: State, message: HandOver, now_ns: int) -> None:
    """The leader of this term asks for a campaign without waiting, and without a trial."""
    if message.term == state.hard.term and state.role is not Role.LEADER and _may_campaign(state, now_ns):
        _ask(state, now_ns, trial=False, handed_over=True)


def on_released(state: State, message: Released, now_ns: int) -> None:
    """The leader of this term has ended its outputs and leads no more: wait only for who has the shorter time-out."""
    if message.term == state.hard.term and message.source == state.leader:
        state.heard_ns, state.leader = -1, ""
        state.waiting_since_ns = min(state.waiting_since_ns, now_ns - state.settings.times.election_min_ns)


def _may_campaign(state: State, now_ns: int) -> bool:
    """Also who is removed by an entry not committed yet: it may be the only one to have it (dissertation, 4.2.2)."""
    log = state.log
    votes = state.name in state.configuration.voters
    if not votes and state.commit < log.configuration_index:
        votes = state.name in log.configuration_before(log.configuration_index).voters
    return votes and state.may_campaign and not state.is_mute(now_ns)


def _ask(state: State, now_ns: int, *, trial: bool, handed_over: bool) -> None:
    state.leader = ""
    state.waiting_since_ns = now_ns
    if state.role is Role.FOLLOWER:
        state.silence += 1
    state.role = Role.TRIAL if trial else Role.CANDIDATE
    if not trial:
        state.set_hard(replace(state.hard, term=state.hard.term + 1, vote=state.name))
    state.votes = {state.name: True}  # counts only where it is a voter
    for peer in state.configuration.voters:
        if peer != state.name:
            request = VoteRequest(
                source=state.name,
                target=peer,
                term=state.hard.term + trial,
                last_index=state.log.last_index,
                last_term=state.log.last_term,
                trial=trial,
                handed_over=handed_over,
                silence=state.silence,
            )
            (state.say if trial else state.promise_)(request)
    count(state, now_ns)


def count(state: State, now_ns: int) -> None:
    """Go on with a majority. A candidate's own vote counts once it is durable: else it could lead a term twice."""
    if state.role is Role.CANDIDATE and state.durable_term != state.hard.term:
        return
    configuration = state.configuration
    granted = sum(state.votes.get(voter, False) for voter in configuration.voters)
    refused = sum(not state.votes.get(voter, True) for voter in configuration.voters)
    if granted >= configuration.quorum:
        if state.role is Role.TRIAL:
            _ask(state, now_ns, trial=False, handed_over=False)
        else:
            leading.begin(state, now_ns)
    elif refused >= configuration.quorum:
        state.follow(state.hard.term, now_ns)


def _reply(state: State, request: VoteRequest, *, granted: bool) -> None:
    reply = VoteReply(
        source=state.name,
        target=request.source,
        term=request.term if granted else state.hard.term,
        granted=granted,
        trial=request.trial,
        silence=request.silence,
    )
    (state.say if request.trial else state.promise_)(reply)
