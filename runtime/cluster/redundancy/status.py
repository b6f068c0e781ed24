"""The pair as one of its controllers sees it, for people and monitors."""

from collections.abc import Sequence

from runtime.cluster.pair.frame import ALL_LINKS
from runtime.cluster.pair.situation import Situation
from runtime.cluster.redundancy.returns import Returns
from runtime.cluster.redundancy.roundtrip import RoundTrips
from runtime.image.control import LINKS_MAX
from runtime.raft.state import Role
from runtime.wire.pairport import PairAlarm, PairMemberStatus, PairStatus, TakeOverStatus

TAKEOVERS_SHOWN = 8


def pair_status(
    s: Situation, round_trips: RoundTrips, returns: Returns, own_alarms: Sequence[PairAlarm], now_ns: int
) -> PairStatus:
    """All of it. `own_alarms`: of this controller itself: its devices, its disk and clock."""
    raft, leading = s.raft, s.leading
    state = s.standby.state
    ack_p50_ms, ack_p99_ms = round_trips.percentiles_ms(0.5, 0.99) if leading is not None else (0.0, 0.0)
    return PairStatus(
        name=s.name,
        role=_role(s),
        leader=raft.leader,
        term=raft.term,
        drives=s.right.lead_term > 0,
        lease_ms=max(0, raft.lease_until_ns - now_ns) / 1e6 if leading is not None else 0.0,
        in_sync=list(s.agreed.in_sync or ()),
        solo=s.right.solo,
        lag_scans=leading.stream.lag if leading is not None else 0,
        ack_p50_ms=ack_p50_ms,
        ack_p99_ms=ack_p99_ms,
        state_scan=state.scan_no if state is not None else 0,
        members=[_member(s, name, now_ns) for name in (*sorted((s.name, s.settings.other)), s.settings.witness)],
        detached=list(s.agreed.detached),
        takeovers=[
            TakeOverStatus(
                leader=t.leader,
                term=t.term,
                cause=t.cause.value,
                scan_no=t.scan_no,
                gap_ms=t.gap_ns / 1e6,
                t_wall_ns=t.wall_ns,
            )
            for t in reversed(s.agreed.takeovers[-TAKEOVERS_SHOWN:])
        ],
        commit=raft.commit,
        alarms=[*alarms(s, now_ns), *own_alarms],
        exchange=returns.status(),
    )


def alarms(s: Situation, now_ns: int) -> list[PairAlarm]:
    """What is degraded, as the pair would go on with one more loss."""
    other, witness = s.settings.other, s.settings.witness
    found: list[PairAlarm] = []
    if not s.raft.leader:
        return [_alarm("no_leader", s.name, "nobody leads: the outputs hold or are at fail-safe", severity="error")]
    in_sync = s.agreed.in_sync or ()
    if len(in_sync) < 2:
        standby = next((n for n in sorted((s.name, other)) if n not in in_sync), other)
        found.append(_not_in_sync(standby, out_of_service=standby in s.agreed.detached))
    if s.leading is not None:
        found += [_alarm("not_heard", m, f"{m} is not heard") for m in (other, witness) if not s.is_here(m, now_ns)]
        if witness not in s.raft.configuration.voters:
            found.append(_alarm("no_vote", witness, f"{witness} does not vote: nobody takes over by itself"))
    if witness in s.raft.configuration.voters and (far := _who_lacks_the_witness(s, now_ns)):
        why = f"{far} does not reach {witness}: it could not take over"
        found.append(_alarm("no_way_to_witness", far, why))
    if s.leading is not None and s.other is not None and s.other.why_not:
        why = f"{other} cannot go over to the version that runs here: {s.other.why_not}"
        found.append(_alarm("version_refused", other, why))
    return found


def _who_lacks_the_witness(s: Situation, now_ns: int) -> str:
    """The standby, where it would need the witness and the witness itself is there; else nobody. A standby has nothing
    to say to a witness, so nobody would notice before the leader dies."""
    if s.leading is None:
        return "" if s.witness_reached else s.name
    is_known = s.other is not None and s.is_here(s.settings.other, now_ns) and s.is_here(s.settings.witness, now_ns)
    return s.settings.other if is_known and s.other is not None and not s.other.reaches_witness else ""


def lost_devices(s: Situation, links: Sequence[str]) -> list[PairAlarm]:
    """The alarm of the links that this controller drives and reaches no more; `links`: all names, in order of bits."""
    if not s.links_lost:
        return []
    names = [name for place, name in enumerate(links) if s.links_lost >> min(place, LINKS_MAX - 1) & 1]
    what = "its io stands" if s.links_lost == ALL_LINKS else f"link {', '.join(names)}"
    return [_alarm("devices_lost", s.name, f"{s.name} does not reach its devices: {what}", severity="error")]


def _alarm(name: str, source: str, text: str, *, severity: str = "warning") -> PairAlarm:
    return PairAlarm(id=name, source=source, severity=severity, text=text)


def _not_in_sync(standby: str, *, out_of_service: bool) -> PairAlarm:
    name = "out_of_service" if out_of_service else "not_in_sync"
    why = ", out of service by an operator" if out_of_service else ""
    return _alarm(name, standby, f"{standby} is not in sync{why}: it does not take over by itself")


def _role(s: Situation) -> str:
    if s.raft.role is Role.LEADER:
        return "leader"
    return "standby" if s.raft.role is Role.FOLLOWER else "candidate"


def _member(s: Situation, name: str, now_ns: int) -> PairMemberStatus:
    heard_ns = s.heard_ns.get(name)
    is_there = name == s.name or (s.leading is None and name == s.settings.witness and s.witness_reached)
    return PairMemberStatus(
        name=name,
        kind="witness" if name == s.settings.witness else "controller",
        votes=name in s.raft.configuration.voters,
        heard_ms=0 if is_there else -1 if heard_ns is None else (now_ns - heard_ns) // 1_000_000,
    )
