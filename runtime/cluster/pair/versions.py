"""How both controllers of a pair come to run one version of the programs.

    leader    the supervisor offers a version      ──▶ its package goes into the log, part by part
    standby   the package is whole, and is of the version that the leader runs or wants
                                                   ──▶ its supervisor is to get it ready (`Effects.prepare`)
    leader    the standby is ready, or none is waited for
                                                   ──▶ the supervisor may have the scan go over (`Effects.offered`)
    standby   holds a state of that version        ──▶ its own scan goes over (`Effects.go_over`)

What the leader runs decides: a standby that has anything else, because it was off during a download or comes with files
of its own, is brought to it in the same way. A leader that dies before the standby holds a state of the new version
leaves the old one behind, and comes back to that; from the first acknowledged state on it is the new one. Who holds a
state stands for election only once its own scan runs the version of that state. A version that is dropped is as if it
had never been ready: no state of it is acknowledged from then on, whenever the supervisor lets go of it.
"""

from runtime.cluster.pair.effects import Mirror, Offered, Package, Severity
from runtime.cluster.pair.entries import VersionPart
from runtime.cluster.pair.frame import Standing, State
from runtime.cluster.pair.log import propose
from runtime.cluster.pair.situation import Leading, Publishing, Situation

PART_SIZE = 64 * 1024
"""Bytes of a package in one entry: 0.5 ms at 1 Gbit/s."""
PACKAGE_SIZE_MAX = 16 << 20
"""Bytes of a package, so at most 256 entries; a site of 10,000 tags has 2 MB."""
ASK_AGAIN_NS = 5_000_000_000
"""From a version that could not be made ready to the next try."""


def name_of(version: int) -> str:
    """How the log names a version."""
    return f"{version:016x}"


def publish(s: Situation, leading: Leading, now_ns: int) -> None:
    """Leader: have the log hold the package that the standby is to run; one part a time, so that commands get between.

    That is the one offered, else that of the running version where the standby has another one.
    """
    package = s.offer
    if package is None and s.other is not None and s.other.version != s.standby.version:
        package = s.package
    if package is None or s.agreed.program == name_of(package.version):
        leading.publishing = None
        return
    going = leading.publishing
    if going is None or going.package.version != package.version:
        going = leading.publishing = Publishing(package)
    parts = -(-len(package.content) // PART_SIZE)
    if going.index > s.raft.commit or going.part >= parts or s.raft.why_not_propose():
        return
    at = going.part * PART_SIZE
    content = package.content[at : at + PART_SIZE]
    part = VersionPart(program=name_of(package.version), part=going.part, parts=parts, content=content)
    going.part += 1
    going.index = propose(s, part, now_ns)


def follow(s: Situation, leader: Standing, now_ns: int) -> None:
    """Standby: the leader says what it runs and wants. What of it is in the log whole is to be made ready."""
    if s.leading is not None or s.raft.leader != leader.source:
        return
    wanted = leader.wanted or leader.version
    standby = s.standby
    if standby.prepared not in (0, wanted, standby.state_version):
        s.effects.drop, standby.prepared = standby.prepared, 0
    if wanted == standby.version:
        s.refused, s.why_refused = 0, ""
    if wanted in (standby.version, standby.prepared) or s.asked or s.agreed.program != name_of(wanted):
        return
    if s.refused == wanted and now_ns < s.ask_again_ns:
        return
    s.asked = wanted
    s.effects.prepare = Package(wanted, s.agreed.package)
    s.tell(Severity.WARNING, f"{s.name} gets version {name_of(wanted)[:12]} ready, as {leader.source} has it")


def prepared(s: Situation, package: Package) -> None:
    """Standby: states of that version can be taken. One that is held already goes to the scan that is to run it.

    Who leads by now does so in another version, and nobody goes over to this one.
    """
    if s.leading is not None and s.standby.state_version != package.version:
        s.effects.drop = package.version
        return
    s.standby.prepared = package.version
    s.refused, s.why_refused = 0, ""
    if s.standby.state is not None and s.standby.state_version == package.version:
        s.effects.mirror = Mirror(s.standby.term, s.standby.state, s.state_ns, package.version)


def drop_prepared(s: Situation) -> None:
    """This controller begins to lead, in the version of the state it has: what was ready beside it nobody wants."""
    standby = s.standby
    if standby.prepared not in (0, standby.state_version):
        s.effects.drop, standby.prepared = standby.prepared, 0


def forget(s: Situation, version: int) -> None:
    """What was offered, or made ready, is so no more."""
    if s.offer is not None and s.offer.version == version:
        s.offer = None
    if s.standby.prepared == version:
        s.standby.prepared = 0


def answered(s: Situation, version: int, why: str, now_ns: int) -> None:
    """Standby: what the supervisor was asked for has come to its end; `why` it could not be done, empty otherwise."""
    if s.asked == version:
        s.asked = 0
    if why:
        s.refused, s.why_refused, s.ask_again_ns = version, why, now_ns + ASK_AGAIN_NS
        s.tell(Severity.ERROR, f"{s.name} cannot go over to version {name_of(version)[:12]}: {why}")


def runs(s: Situation, package: Package, state: State | None) -> None:
    """The own scan runs it: what it makes from now on is of that version. Of the newest state it has made `state`.

    A leader's is newer than what is held where the scan was quicker; one that then leads no more is told of no other.
    """
    standby = s.standby
    standby.version, s.package = package.version, package
    held = standby.state
    is_newest = held is not None and state is not None and state.scan_no >= held.scan_no
    if state is not None and is_newest and standby.state_version != package.version:
        standby.hold(standby.term, state, package.version)
    if s.offer is not None and s.offer.version == package.version:
        s.offer = None
    if standby.prepared == package.version:
        standby.prepared = 0
    if s.leading is not None:
        s.leading.stream.go_over(package.version)


def settle(s: Situation) -> None:
    """At the end of each call: who may go over now?"""
    standby = s.standby
    if standby.state is not None and standby.prepared and standby.state_version == standby.prepared:
        s.effects.go_over = standby.prepared
    if s.offer is not None:
        _look_at_offer(s, s.offer)


def _look_at_offer(s: Situation, offer: Package) -> None:
    version, other = offer.version, s.other
    if s.leading is None or not s.leading.confirmed:
        s.effects.offered = Offered(version, f"{s.name} does not lead")
        return
    if s.agreed.program != name_of(version) or s.leading.swap is not None:
        return
    ready = other is not None and version in (other.prepared, other.version)
    if not s.waits_for or ready:
        s.effects.offered = Offered(version)
    elif other is not None and other.refused == version:
        s.effects.offered = Offered(version, f"{s.settings.other}: {other.why_not}")
