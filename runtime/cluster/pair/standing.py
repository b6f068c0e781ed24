"""How a controller stands, as it tells the other: at once where something has changed, else now and then."""

from runtime.cluster.pair.frame import Standing
from runtime.cluster.pair.situation import Situation

OFTEN = 5
"""So many times as often while something is under way: more depends on it then, and what was told may be lost."""
SOON_NS = 100_000_000
"""A leader may tell how it stands that much sooner: then it is awake for what the standby tells, as often."""


def tell(s: Situation, now_ns: int) -> None:
    """It is time."""
    every_ns = s.settings.standing_ns
    if not _is_settled(s):
        every_ns //= OFTEN
    elif s.leading is not None:
        every_ns -= SOON_NS
    s.standing_due_ns, s.standing_told = now_ns + every_ns, _news(s)
    s.effects.stream.append(_standing(s))


def look(s: Situation, now_ns: int) -> None:
    """At the end of each call: what has changed is due now."""
    if _news(s) != s.standing_told:
        s.standing_due_ns = min(s.standing_due_ns, now_ns)


def _is_settled(s: Situation) -> bool:
    """Both are in sync and run one version, and no other is on its way."""
    in_sync, other = s.agreed.in_sync or (), s.other
    if s.name not in in_sync or s.settings.other not in in_sync or s.offer is not None or s.asked:
        return False
    return not s.standby.prepared and other is not None and other.version == s.standby.version


def _news(s: Situation) -> tuple[object, ...]:
    """What of a standing the other is to know at once; who leads, for it may hear this one from now on; and whether it
    is to be told often."""
    standby = s.standby
    return (
        s.raft.leader,
        _is_settled(s),
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
