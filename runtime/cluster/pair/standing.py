"""How a controller stands, as it tells the other: at once where something has changed, else now and then."""

from runtime.cluster.pair.frame import Standing
from runtime.cluster.pair.situation import Situation

SOON_NS = 50_000_000
"""A leader may tell how it stands that much sooner: then it is awake for what the standby tells, as often."""


def tell(s: Situation, now_ns: int) -> None:
    """It is time."""
    soon_ns = SOON_NS if s.leading is not None else 0
    s.standing_due_ns, s.standing_told = now_ns + s.settings.standing_ns - soon_ns, _news(s)
    s.effects.stream.append(_standing(s))


def look(s: Situation, now_ns: int) -> None:
    """At the end of each call: what has changed is due now."""
    if _news(s) != s.standing_told:
        s.standing_due_ns = min(s.standing_due_ns, now_ns)


def _news(s: Situation) -> tuple[object, ...]:
    """What of a standing the other is to know at once; and who leads, for it may hear this one from now on."""
    standby = s.standby
    return (
        s.raft.leader,
        standby.state is None,
        s.links_lost,
        s.witness_reached,
        standby.version,
        standby.prepared,
        _wanted(s),
        s.refused,
    )


def _wanted(s: Situation) -> int:
    return s.offer.version if s.offer is not None and s.leading is not None else 0


def _standing(s: Situation) -> Standing:
    state = s.standby.state
    return Standing(
        source=s.name,
        life=s.settings.life,
        term=s.raft.term,
        state_term=s.standby.term if state is not None else 0,
        scan_no=state.scan_no if state is not None else 0,
        version=s.standby.version,
        links_lost=s.links_lost,
        wanted=_wanted(s),
        prepared=s.standby.prepared,
        refused=s.refused,
        why_not=s.why_refused,
        reaches_witness=s.witness_reached,
    )
