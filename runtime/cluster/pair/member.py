"""A controller of a pair: Raft, the state stream, and what follows from both for its outputs.

    Raft leads ────▶ programs run (lead_term = term); outputs too, while the lease lasts and the standby has the frame
    Raft follows ──▶ the scan mirrors (lead_term = 0)

A leader's first entry says that it has taken over and that it alone is in sync. Once that is committed no standby needs
to have its frames, and commands reach its programs. It streams its state; once the standby has kept up for a while the
leader commits that it is in sync, and from the moment that entry is *proposed* no output is written that the standby
has not acknowledged. A leader that must go on without it first commits that the standby is not in sync. Only who is in
sync by its own log, and holds the state, stands for election.
"""

from runtime.cluster.pair import leading as leads
from runtime.cluster.pair import standing, steady, versions
from runtime.cluster.pair.agreed import Agreed, Delivery, took_over_last
from runtime.cluster.pair.effects import NO_RIGHT, Effects, Mirror, Package, Right, Severity
from runtime.cluster.pair.entries import Cause, Command, Detached, Force
from runtime.cluster.pair.frame import Frame, FrameAck, Standing, State, StreamMessage
from runtime.cluster.pair.log import absorb, compact, propose
from runtime.cluster.pair.settings import PairSettings
from runtime.cluster.pair.situation import Leading, Situation
from runtime.cluster.pair.standing import SOON_NS
from runtime.cluster.pair.steady import Steady, Walked
from runtime.cluster.pair.stream import StandbyStream
from runtime.raft.core import Raft
from runtime.raft.log import Entry, Snapshot
from runtime.raft.message import Append, HandOver, Heartbeat, HeartbeatReply, InstallSnapshot, Message, Released
from runtime.raft.ready import NOTHING_TO_DO, HardState
from runtime.raft.state import Role

NO_HURRY_NS = SOON_NS + 25_000_000
"""What is done now and then waits so long for another reason to be awake: a scan, a heartbeat, the other's word."""
WAITING_MAX = 96
"""Commands that may be agreed on and not yet taken by a scan: they must find room in `Agreed.commands`."""


class PairMember:
    """One controller. For one thread; `now_ns` is the own monotonic time of each call and never goes back.

    `held`: the term and the state that survived in shared memory while the redundancy process was restarted. What was
    persisted comes as for `raft.core.Raft`. `wall_ns` is to be set now and then: it only dates what people read.
    """

    def __init__(
        self,
        settings: PairSettings,
        *,
        hard: HardState,
        snapshot: Snapshot,
        entries: tuple[Entry, ...],
        held: tuple[int, State] | None,
        now_ns: int,
    ) -> None:
        standby = StandbyStream(settings.version, settings.life)
        if held is not None:
            standby.hold(*held, settings.version)
        self.situation = Situation(
            settings=settings,
            raft=Raft(settings.raft, hard=hard, snapshot=snapshot, entries=entries, now_ns=now_ns),
            agreed=Agreed.of_bytes(snapshot.content),
            standby=standby,
            standing_due_ns=now_ns,
            leader_known_ns=now_ns,
        )

    # What comes in.

    def step(self, message: Message, now_ns: int) -> Effects:
        """Take a message of Raft."""
        s = self._begin(now_ns)
        s.heard_ns[message.source] = now_ns
        if message.term == s.raft.term and isinstance(message, HandOver | Released):
            s.cause = Cause.SWAP if isinstance(message, HandOver) else Cause.STOPPED
        ready = s.raft.step(message, now_ns)
        leads_on = s.leading is not None and s.raft.role is Role.LEADER
        if leads_on and ready is NOTHING_TO_DO and isinstance(message, HeartbeatReply):
            self._give_right()  # nothing else can have changed; several of these come in each scan
            return s.effects
        absorb(s, ready)
        if s.claimed:
            _void_claim(s, message)
        return self._end(now_ns)

    def tick(self, now_ns: int) -> Effects:
        """Let time pass."""
        s = self._begin(now_ns)
        absorb(s, s.raft.tick(now_ns))
        if now_ns >= s.standing_due_ns:
            standing.tell(s, now_ns)
        return self._end(now_ns)

    def persisted(self, number: int, now_ns: int) -> Effects:
        """What the Ready of that number gave to persist is durable."""
        s = self._begin(now_ns)
        absorb(s, s.raft.persisted(number, now_ns))
        return self._end(now_ns)

    def scanned(self, term: int, state: State, now_ns: int) -> Effects:
        """A scan of the own programs has ended in this state, under that term (0: it mirrored). What a leader made is
        held also when it leads no more by now: its outputs may have been written."""
        s = self._begin(now_ns)
        leading = s.leading
        if term and s.standby.is_older_than(term, state.scan_no):
            s.standby.hold(term, state, s.standby.version)
            s.state_ns = now_ns
        if leading is not None and term == leading.term and not (leading.swap is not None and leading.swap.handing):
            leading.last_scan_ns = now_ns
            frame = leading.stream.scan(state, now_ns)
            if frame is not None and not s.agreed.detached:
                s.effects.stream.append(frame)
        absorb(s, s.raft.beat(now_ns))
        return self._end(now_ns)

    def heard(self, message: StreamMessage, now_ns: int) -> Effects:
        """Take a message of the state stream from the other controller."""
        s = self._begin(now_ns)
        match message:
            case Frame():
                self._take_frame(message, now_ns)
            case FrameAck():
                if s.leading is not None:
                    self._take_ack(s.leading, message, now_ns)
                    if s.leading.confirmed and s.leading.swap is None and s.raft.role is Role.LEADER:
                        self._give_right()  # what else follows is looked at after the next scan
                        return s.effects
            case Standing():
                s.other, s.other_ns = message, now_ns
                versions.follow(s, message, now_ns)
                if s.leading is not None:
                    s.leading.stream.meet(message.life)
        return self._end(now_ns)

    def steady(self) -> Steady | None:
        """From where another hand may go on for a while (steady.py); None where there is more to do."""
        return steady.steady(self.situation)

    def catch_up(self, walked: Walked) -> Right:
        """What was done since; and the right that follows from it, which was given with it."""
        s = self.situation
        s.effects = Effects()
        steady.catch_up(s, walked)
        self._give_right()
        return s.right

    def reaches(self, *, links_lost: int, now_ns: int) -> Effects:
        """Which of the links that it drives this controller reaches no more, a bit each; ALL_LINKS: io stands."""
        s = self._begin(now_ns)
        if links_lost != s.links_lost:
            s.links_lost, s.links_lost_ns = links_lost, now_ns
        return self._end(now_ns)

    # What becomes of the programs (versions.py).

    def holds(self, package: Package) -> None:
        """The package of the version that the own scan runs, for a controller that has another one."""
        self.situation.package = package

    def offer(self, package: Package, now_ns: int) -> Effects:
        """The supervisor wants to go over to this version. `Effects.offered` says when, or why not."""
        s = self._begin(now_ns)
        s.offer = package
        return self._end(now_ns)

    def prepared(self, package: Package, now_ns: int) -> Effects:
        """Standby: scan, io and gateway could go over to this version now."""
        s = self._begin(now_ns)
        versions.prepared(s, package)
        return self._end(now_ns)

    def forget(self, version: int, now_ns: int) -> Effects:
        """The supervisor has let go of a version that it offered or made ready."""
        s = self._begin(now_ns)
        versions.forget(s, version)
        return self._end(now_ns)

    def answered(self, version: int, why: str, now_ns: int) -> Effects:
        """Standby: `Effects.prepare` has come to its end, or why it could not be done."""
        s = self._begin(now_ns)
        versions.answered(s, version, why, now_ns)
        return self._end(now_ns)

    def runs(self, package: Package, state: State | None, now_ns: int) -> Effects:
        """The own scan has gone over to this version, and made this of the state that it had."""
        s = self._begin(now_ns)
        versions.runs(s, package, state)
        return self._end(now_ns)

    # What people and clients ask for: why not, or nothing; and what to do.

    def submit(self, command: Command, now_ns: int) -> tuple[str, Effects]:
        """Leader: agree on a command. `Effects.accepted` has it once it cannot be lost any more."""
        s = self._begin(now_ns)
        why_not = self._why_not_propose()
        index = s.agreed.index_of(command.client, command.seq)
        if not why_not and index:
            s.effects.accepted.append(command)
            s.effects.known.append(next((d for d in s.agreed.commands if d.index == index), Delivery(index, command)))
        elif not why_not and len(s.agreed.deliveries_after(s.applied)) + len(s.tail) >= WAITING_MAX:
            why_not = f"{WAITING_MAX} commands wait for the scan already"
        elif not why_not:
            propose(s, command, now_ns)
        return why_not, self._end(now_ns)

    def force(self, force: Force, now_ns: int) -> tuple[str, Effects]:
        """Leader: have both controllers hold a variable, or with an empty body let go of it."""
        s = self._begin(now_ns)
        why_not = self._why_not_propose()
        if not why_not:
            propose(s, force, now_ns)
        return why_not, self._end(now_ns)

    def swap(self, now_ns: int) -> tuple[str, Effects]:
        """Leader: hand over to the standby, which goes on with the next scan."""
        s = self._begin(now_ns)
        why_not = leads.why_not_swap(s, now_ns)
        if not why_not and s.leading is not None:
            leads.start_swap(s, s.leading, now_ns, cause="an operator asked for it")
        return why_not, self._end(now_ns)

    def detach(self, name: str, now_ns: int) -> tuple[str, Effects]:
        """Leader: take the standby out for service; with an empty name, back in."""
        s = self._begin(now_ns)
        why_not = self._why_not_propose()
        if not why_not and name not in ("", s.settings.other):
            why_not = f"{name} is not the standby: swap first"
        if not why_not:
            propose(s, Detached(members=(name,) if name else ()), now_ns)
        return why_not, self._end(now_ns)

    def claim(self, now_ns: int) -> tuple[str, Effects]:
        """Stand for election although not in sync: an operator has seen to it that the other does not drive."""
        s = self._begin(now_ns)
        other = s.settings.other
        why_not = f"{s.name} leads already" if s.raft.role is Role.LEADER else ""
        if s.raft.leader == other and s.is_here(other, now_ns):
            why_not = f"{other} leads, and is heard here: stop it first"
        s.claimed, s.claimed_after = not why_not, took_over_last(s.agreed, s.tail, other)
        return why_not, self._end(now_ns)

    def release(self, now_ns: int) -> Effects:
        """The own scan and io have ended: the others may elect at once."""
        s = self._begin(now_ns)
        absorb(s, s.raft.release(now_ns))
        return self._end(now_ns)

    @property
    def due_ns(self) -> int:
        """From when on `tick` has something to do."""
        due_ns = min(self._urgent_ns, self.situation.standing_due_ns)
        leading = self.situation.leading
        return min(due_ns, leading.voters_due_ns) if leading is not None else due_ns

    @property
    def limit_ns(self) -> int:
        """When `tick` must have been called at the latest."""
        return min(self._urgent_ns, self.situation.standing_due_ns + NO_HURRY_NS)

    @property
    def _urgent_ns(self) -> int:
        """When Raft or a swap has something to do."""
        s = self.situation
        swap_ns = leads.swap_due_ns(s, s.leading) if s.leading is not None else None
        return s.raft.due_ns if swap_ns is None else min(s.raft.due_ns, swap_ns)

    @property
    def right(self) -> Right:
        """What this controller may do now."""
        return self.situation.right

    # How a call begins and ends.

    def _begin(self, now_ns: int) -> Situation:
        s = self.situation
        s.effects = Effects()
        if s.raft.follows_somebody(now_ns) and _may_drive(s, s.raft.leader):
            s.leader_known_ns = now_ns
        s.raft.allow_campaign(
            allowed=s.leading is None
            and (s.claimed or _may_take_over(s, now_ns) or leads.may_bring_up_to_date(s, now_ns))
        )
        return s

    def _end(self, now_ns: int) -> Effects:
        s = self.situation
        self._follow_role(now_ns)
        leading = s.leading
        if leading is not None and leading.confirmed:
            leads.watch(s, leading, now_ns)
            leads.go_on_with_swap(s, leading, now_ns)
            if s.raft.role is not Role.LEADER:
                self._follow_role(now_ns)
        versions.settle(s)
        compact(s, now_ns)
        standing.look(s, now_ns)
        self._give_right()
        return s.effects

    def _follow_role(self, now_ns: int) -> None:
        s = self.situation
        leads_now = s.raft.role is Role.LEADER
        if s.leading is not None and not (leads_now and s.leading.term == s.raft.term):
            s.leading, s.cause = None, Cause.LOST
            s.tell(Severity.WARNING, f"{s.name} leads no more")
        if leads_now and s.leading is None:
            leads.begin(s, now_ns)

    def _give_right(self) -> None:
        s, leading = self.situation, self.situation.leading
        if leading is None or (leading.swap is not None and leading.swap.handing):
            if s.right != NO_RIGHT:
                s.right = s.effects.right = NO_RIGHT
            return
        known, lease_until_ns, solo = s.right, s.raft.lease_until_ns, not s.waits_for
        replicated = leading.stream.replicated if leading.swap is None else known.replicated_scan
        if (
            lease_until_ns != known.lease_until_ns
            or replicated != known.replicated_scan
            or leading.term != known.lead_term
            or solo is not known.solo
        ):
            s.right = s.effects.right = Right(leading.term, lease_until_ns, replicated, solo=solo)

    @staticmethod
    def _take_ack(leading: Leading, ack: FrameAck, now_ns: int) -> None:
        before = leading.stream.replicated
        leading.stream.acknowledged(ack)
        if leading.stream.replicated > before and leading.swap is None:
            leading.granted_ns = now_ns

    def _take_frame(self, frame: Frame, now_ns: int) -> None:
        s = self.situation
        s.heard_ns[s.settings.other] = now_ns
        if frame.term != s.raft.term or s.raft.leader != s.settings.other:
            return  # of a leader that is none any more, or is not known here yet
        ack, newer = s.standby.take(frame)
        if ack is None:
            return
        s.effects.stream.append(ack)
        if newer and s.standby.state is not None:
            s.state_ns = now_ns
            s.effects.mirror = Mirror(frame.term, s.standby.state, now_ns, frame.version)

    def _why_not_propose(self) -> str:
        s = self.situation
        if s.leading is None or not s.leading.confirmed:
            leader = s.raft.leader
            return f"{s.name} does not lead" + (f", {leader} does" if leader and leader != s.name else "")
        return s.raft.why_not_propose() or ("a swap is under way" if s.leading.swap is not None else "")


def _void_claim(s: Situation, message: Message) -> None:
    """An operator's word that the other does not drive holds until that one leads: it has a newer state from then on,
    and when it dies must not be taken over from an old one. That it has led may come by the log alone."""
    is_leaders = isinstance(message, Append | Heartbeat | InstallSnapshot) and message.term == s.raft.term
    other = s.settings.other
    leads_now = is_leaders and message.source == s.raft.leader == other and _may_drive(s, other)
    if leads_now or took_over_last(s.agreed, s.tail, other) > s.claimed_after:
        s.claimed = False
        s.tell(Severity.WARNING, f"the claim of {s.name} is void: {other} has led since")


def _may_drive(s: Situation, leader: str) -> bool:
    """A witness leads only until a controller may, and one that is not in sync only to give its log to who is."""
    members = s.in_sync_in_log
    return leader in (s.name, s.settings.other) and (members is None or leader in members)


def _may_take_over(s: Situation, now_ns: int) -> bool:
    """In sync by the log, and with the state at hand; or when nobody who is in sync has it any more."""
    members, settings = s.in_sync_in_log, s.settings
    if s.name in s.agreed.detached or (members is not None and s.name not in members):
        return False
    if s.standby.state is not None and s.standby.state_version != s.standby.version:
        return False  # its scan is on the way to the version of that state
    if members is None or s.standby.state is not None:
        return True
    if now_ns - s.leader_known_ns >= settings.start_alone_ns:
        return True
    return settings.other not in members or (s.told_lately(now_ns) and s.other is not None and s.other.state_term == 0)
