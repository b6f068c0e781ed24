"""What a leader watches over: its standby, the voters, the commands its programs took, a swap, its way to the field."""

from runtime.cluster.pair import versions
from runtime.cluster.pair.agreed import detached_at_end
from runtime.cluster.pair.effects import Severity
from runtime.cluster.pair.entries import Applied, Cause, InSync, TakenOver
from runtime.cluster.pair.frame import ALL_LINKS
from runtime.cluster.pair.log import absorb, propose
from runtime.cluster.pair.situation import Leading, Situation
from runtime.cluster.pair.stream import LeaderStream
from runtime.cluster.pair.swap import Swap
from runtime.cluster.pair.voters import Seen, next_step
from runtime.raft.configuration import Configuration

VOTERS_EVERY_NS = 50_000_000
BRING_UP_TO_DATE_AFTER = 8
"""Longest election time-outs without a leader: who may drive has stood for election many times by then."""


def begin(s: Situation, now_ns: int) -> None:
    """Raft leads: say in the log that this controller takes over, if it may; else give the leadership back.

    Who votes no more by the own log may be elected yet, but not drive: in sync alone, it could never lead again.
    """
    members = s.in_sync_in_log
    may_drive = members is None or s.name in members or s.claimed
    if not may_drive or s.name not in s.raft.configuration.controllers:
        _give_back(s, now_ns)
        return
    versions.drop_prepared(s)
    settings, state = s.settings, s.standby.state
    life = s.other.life if s.other is not None else 0
    stream = LeaderStream(s.raft.term, s.standby.version, again_ns=2 * settings.ack_bound_ns, life=life)
    s.leading = Leading(
        s.raft.term, stream, last_scan_ns=now_ns, voters_due_ns=now_ns, begun_ns=now_ns, granted_ns=now_ns
    )
    s.leading.for_devices = s.cause is Cause.SWAP and s.other is not None and s.other.links_lost not in (0, ALL_LINKS)
    propose(
        s,
        TakenOver(
            leader=s.name,
            term=s.raft.term,
            cause=_cause(s, members),
            state_term=s.standby.term if state is not None else 0,
            scan_no=state.scan_no if state is not None else 0,
            gap_ns=now_ns - s.state_ns if state is not None and s.state_ns else 0,
            wall_ns=s.wall_ns,
        ),
        now_ns,
    )
    s.claimed = False


def may_bring_up_to_date(s: Situation, now_ns: int) -> bool:
    """To lead without driving: this controller is not in sync, but may have the longer log.

    Who drives alone may lose the last entries with its power while the other, not in sync, has them durable. Then the
    one may drive and is not elected, for its log is shorter, and the other may not drive. A witness that votes ends
    that (it leads, and gives way); where it votes no more, this does.
    """
    members, settings = s.in_sync_in_log, s.settings
    if members is None or s.name in members or settings.other not in members:
        return False
    quiet_ns = now_ns - max(s.leader_known_ns, s.gave_back_ns)
    return s.told_lately(now_ns) and quiet_ns >= BRING_UP_TO_DATE_AFTER * settings.raft.times.election_max_ns


def _give_back(s: Situation, now_ns: int) -> None:
    """Hand over to who may drive, once it has all of the log; at once to nobody where it is not heard."""
    if s.raft.why_not_propose():
        return  # it is on its way already
    s.gave_back_ns = now_ns
    why_not, ready = s.raft.transfer(s.settings.other, now_ns)
    absorb(s, ready)
    if why_not:
        absorb(s, s.raft.release(now_ns))


def _cause(s: Situation, members: tuple[str, ...] | None) -> Cause:
    if members is None:
        return Cause.FIRST
    if s.claimed:
        return Cause.CLAIMED
    return s.cause if s.standby.state is not None else Cause.COLD


def watch(s: Situation, leading: Leading, now_ns: int) -> None:
    """All of it, after each call while this controller drives."""
    _watch_standby(s, leading, now_ns)
    _watch_applied(s, leading, now_ns)
    _watch_way_to_field(s, leading, now_ns)
    versions.publish(s, leading, now_ns)
    if now_ns >= leading.voters_due_ns:
        leading.voters_due_ns = now_ns + VOTERS_EVERY_NS
        _watch_voters(s, leading, now_ns)


def _watch_standby(s: Situation, leading: Leading, now_ns: int) -> None:
    """Have the log say whether the standby is in sync: it leaves at once, and comes back after keeping up for a while.

    Before it comes back the outputs wait for it already, and some scans pass, so that none whose state it lacks can
    still be written. Of a proposal under way nothing is known, so none is made while one is. A leader that has heard no
    majority since does not know who is late: it may be deaf itself, and what it said would keep the other, which hears
    it, from taking over.
    """
    if leading.in_sync_at > s.raft.commit or leading.swap is not None:
        return
    stream, settings = leading.stream, s.settings
    other, detached = settings.other, settings.other in s.agreed.detached
    since_ns = stream.waiting_since_ns
    leased_ns = s.raft.lease_until_ns - settings.raft.times.lease_ns
    late = since_ns is not None and since_ns <= min(leased_ns, now_ns - settings.ack_bound_ns - 1)
    if late or detached:
        stream.in_a_row = leading.joins_at = 0
        if other in (s.agreed.in_sync or ()):
            leading.in_sync_at = propose(s, InSync(members=(s.name,)), now_ns)
            why = "is taken out of service" if detached else f"answers late, {stream.lag} scans behind"
            s.tell(Severity.WARNING, f"{other} {why}: going on without it")
    elif other not in (s.agreed.in_sync or ()) and stream.newest is not None:
        keeps_up = stream.in_a_row >= settings.in_sync_after and s.raft.match(other) >= s.raft.commit
        keeps_up = keeps_up and s.other is not None and s.other.version == stream.version
        if keeps_up and not leading.joins_at:
            leading.joins_at = stream.newest.scan_no + settings.unseen_scans
        elif leading.joins_at and stream.replicated >= leading.joins_at:
            leading.in_sync_at = propose(s, InSync(members=(s.name, other)), now_ns)
            leading.joins_at = 0


def _watch_applied(s: Situation, leading: Leading, now_ns: int) -> None:
    newest = leading.stream.newest
    if newest is not None and newest.applied_index > max(leading.applied_told, s.agreed.applied_floor):
        leading.applied_told = newest.applied_index
        propose(s, Applied(index=newest.applied_index), now_ns)


def _watch_way_to_field(s: Situation, leading: Leading, now_ns: int) -> None:
    """Yield when own devices, or scans, are gone for a while and the standby is better off: it lacks nothing that is
    reached here, and for devices it reaches some that are not."""
    wait_ns = s.settings.yield_after_ns
    other = s.other
    scans_come = now_ns - leading.last_scan_ns < min(wait_ns, s.settings.scan_lost_ns)
    if leading.swap is not None or (scans_come and not s.links_lost):
        return
    stays_behind = not scans_come and not leading.stream.is_held  # it gets what it lacks with the next scan only
    if other is None or other.links_lost & ~s.links_lost or stays_behind or why_not_swap(s, now_ns):
        _begin_again_without_scans(s, leading, now_ns)
        return
    lost_for_ns = now_ns - s.links_lost_ns if other.links_lost != s.links_lost else 0
    if lost_for_ns >= wait_ns and not _just_got_it(s, leading, now_ns):
        start_swap(s, leading, now_ns, cause="its devices are out of reach here")
    elif leading.stream.newest is not None and now_ns - leading.last_scan_ns >= s.settings.scan_lost_ns:
        start_swap(s, leading, now_ns, cause="no scans come here")


def _just_got_it(s: Situation, leading: Leading, now_ns: int) -> bool:
    """Whether the other has handed over lately for the very same reason; an io that stands is another matter."""
    lately = leading.for_devices and now_ns - leading.begun_ns < s.settings.yield_again_ns
    return lately and s.links_lost != ALL_LINKS


def _begin_again_without_scans(s: Situation, leading: Leading, now_ns: int) -> None:
    """Nobody to hand over to, and no scans: those of a new scan process do not count in this term, for its scan numbers
    may be used up. So lead no more, be elected anew, and go on from the newest state, which that process is given."""
    limit_ns = s.settings.scan_lost_ns if leading.stream.newest is not None else s.settings.yield_after_ns
    if now_ns - leading.last_scan_ns < limit_ns:
        return
    s.tell(Severity.ERROR, f"no scans come at {s.name}: it begins a new term")
    s.effects.restore = True
    absorb(s, s.raft.release(now_ns))


def _watch_voters(s: Situation, leading: Leading, now_ns: int) -> None:
    """Who was never heard since the start of this process has been silent since this controller leads."""
    settings = s.settings
    others = (settings.other, settings.witness)
    seen = Seen(
        here={m for m in others if s.is_here(m, now_ns) and m not in s.agreed.detached},
        gone={m for m in others if now_ns - s.heard_ns.get(m, leading.begun_ns) >= settings.gone_ns}
        | set(s.agreed.detached),
        equal={m for m in others if s.raft.match(m) >= s.raft.commit},
    )
    now = s.raft.configuration
    if s.waits_for:
        seen = Seen(here=seen.here, gone=seen.gone - {settings.other}, equal=seen.equal)
    step = next_step(
        now,
        leader=s.name,
        other=settings.other,
        witness=settings.witness,
        seen=seen,
        on_witness_loss=settings.on_witness_loss,
    )
    if step is None:
        return
    why_not, ready = s.raft.change(step, now_ns)
    absorb(s, ready)
    if not why_not:
        _tell_change(s, now, step)


def _tell_change(s: Situation, before: Configuration, after: Configuration) -> None:
    if before.voters != after.voters:
        alone = "; nobody takes over by itself" if len(after.voters) < len(before.voters) else ""
        s.tell(Severity.WARNING if alone else Severity.INFO, f"votes now: {', '.join(after.voters)}{alone}")


def why_not_swap(s: Situation, now_ns: int) -> str:
    """Why this controller cannot hand over to the other now; empty when it can."""
    leading, other = s.leading, s.settings.other
    if leading is None or not leading.confirmed:
        return f"{s.name} does not lead"
    if leading.swap is not None:
        return "a swap is under way"
    if other in detached_at_end(s.agreed.detached, s.tail):
        return f"{other} is out of service: attach it first"
    if other not in (s.agreed.in_sync or ()) or leading.in_sync_at > s.raft.commit:
        return f"{other} is not in sync"
    if other not in s.raft.configuration.voters:
        return f"{other} does not vote: the witness is needed for a swap"
    return "" if s.is_here(other, now_ns) else f"{other} is not heard"


def start_swap(s: Situation, leading: Leading, now_ns: int, *, cause: str) -> None:
    """Begin: no more outputs, and wait until the last ones are at the devices."""
    leading.swap = Swap(until_ns=now_ns + s.settings.swap_limit_ns, cause=cause)
    s.tell(Severity.INFO, f"handing over to {s.settings.other}: {cause}")


def swap_due_ns(s: Situation, leading: Leading) -> int | None:
    """When what was given to io last is written for certain, if that is all that a swap waits for."""
    swap = leading.swap
    if swap is None or swap.handing:
        return None
    written_ns = leading.granted_ns + s.settings.raft.times.effect_ns
    return written_ns if leading.stream.is_held else swap.until_ns


def go_on_with_swap(s: Situation, leading: Leading, now_ns: int) -> None:
    """Hand over once what was given to io last is written for certain, W later; give up after a while, and drive on.

    What the standby lacks was not written and never will be. No other scan is waited for: it would not be written.
    """
    swap = leading.swap
    if swap is None:
        return
    if swap.handing:
        if not s.raft.why_not_propose():
            _give_up(s, leading, "it was not elected", now_ns)
        return
    if now_ns >= leading.granted_ns + s.settings.raft.times.effect_ns and leading.stream.is_held:
        why_not, ready = s.raft.transfer(s.settings.other, now_ns)
        swap.handing = True
        absorb(s, ready)
        if why_not:
            _give_up(s, leading, why_not, now_ns)
    elif now_ns >= swap.until_ns:
        _give_up(s, leading, "it did not keep up", now_ns)


def _give_up(s: Situation, leading: Leading, why: str, now_ns: int) -> None:
    leading.swap, leading.granted_ns = None, now_ns
    s.tell(Severity.ERROR, f"the swap to {s.settings.other} came to nothing, {s.name} goes on: {why}")
