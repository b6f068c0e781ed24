"""What a redundancy process does in each turn: what comes in goes to the pair member, what that says is done.

The loop (cluster/memberloop.py) brings the network, the disk and time; beside them come here the end of a scan and the
gateway. None of them is waited for alone.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.cluster.disk.writer import Writer
from runtime.cluster.joining import Joining
from runtime.cluster.memberloop import MemberLoop
from runtime.cluster.pair.agreed import Delivery
from runtime.cluster.pair.effects import Effects, Package, Severity, Told
from runtime.cluster.pair.entries import Command, Force
from runtime.cluster.pair.frame import Frame, FrameAck
from runtime.cluster.pair.member import NO_HURRY_NS, PairMember
from runtime.cluster.redundancy.alarmwatch import AlarmWatch
from runtime.cluster.redundancy.exchange import Exchange
from runtime.cluster.redundancy.gatewayport import GatewayPort
from runtime.cluster.redundancy.localwatch import ClockReading, LocalWatch
from runtime.cluster.redundancy.parcels import message_of, parcel_of, relay_content, relay_parcel
from runtime.cluster.redundancy.roundtrip import RoundTrips
from runtime.cluster.redundancy.sharedmemory import SharedMemory
from runtime.cluster.redundancy.status import lost_devices, pair_status
from runtime.cluster.redundancy.takeovertrace import TakeOverTrace
from runtime.cluster.transport.codec import Parcel
from runtime.cluster.transport.post import OTHER_PACT, Post
from runtime.core.duration import duration_text
from runtime.core.fault import ClusterFault
from runtime.image.nativecode import NativeCode
from runtime.image.segment import ImageSegment
from runtime.image.suspension import SUSPENDED_NS, suspended_ns
from runtime.raft.message import Message

STATUS_EVERY_NS = 400_000_000
"""From then on as soon as awake, NO_HURRY_NS later at the latest: a leader is, for the standby's standings."""
IO_LOST_AFTER_NS = 1_000_000_000
DROPPED = "the leader does not want it any more"


@dataclass(frozen=True, slots=True)
class Ends:
    """What the process is connected to. `scan_bell` (eventfd) rings at the end of each scan; `tell` takes events;
    `exchange` is the code of redundancy/exchange.py.

    The supervisor: `ready` answers its order to get ready for the version of that number, with why not; `get_ready`
    asks it to bring the controller to the version of a package, and has `Redundancy.answered` called.
    """

    post: Post
    writer: Writer
    memory: SharedMemory
    port: GatewayPort
    scan_bell: int
    tell: Callable[[Told], None]
    ready: Callable[[int, str], None]
    get_ready: Callable[[Package], None]
    exchange: NativeCode


@dataclass(slots=True)
class NextVersion:
    """A version that the supervisor has got ready. `number` counts this controller's. `answer`: what was said of it
    last, empty for yes; None: nothing."""

    number: int
    package: Package
    image: ImageSegment
    links: Sequence[str]
    answer: str | None = None


class Redundancy:
    """One redundancy process: the core of its loop, as that sees it. For one thread."""

    def __init__(self, member: PairMember, ends: Ends, links: Sequence[str]) -> None:
        """`links`: the names of those that outputs go to, in order of their bits."""
        self._links = links
        self._member = member
        self._ends = ends
        self._status_ns = 0
        self._lead_term = 0
        self._round_trips = RoundTrips()
        self._trace = TakeOverTrace()
        self._alarms = AlarmWatch()
        self._local = LocalWatch(
            member.situation.name,
            ends.writer.longest_ns,
            other_times=lambda: ends.post.refusals[OTHER_PACT],
        )
        self._suspended_ns = suspended_ns()
        self._next: NextVersion | None = None
        self._asks: Mapping[str, Callable[[str, int], tuple[str, Effects]]] = {
            "swap": lambda _, now_ns: member.swap(now_ns),
            "detach": lambda name, now_ns: member.detach(name or member.situation.settings.other, now_ns),
            "attach": lambda _, now_ns: member.detach("", now_ns),
            "claim": lambda _, now_ns: member.claim(now_ns),
        }
        self._exchange = Exchange(
            member, ends.post, ends.memory, self._round_trips, scan_bell=ends.scan_bell, code=ends.exchange
        )
        self.loop = MemberLoop(self, self._carry_out, carrier=self, disk=ends.writer, each_turn=self._each_turn)
        settings = member.situation.settings
        peers, every_ns = (settings.other, settings.witness), settings.raft.times.election_min_ns
        self._joining = Joining(settings.name, peers, ends.post, every_ns=every_ns)
        ends.post.watch(ends.scan_bell, often=True)
        for fd in ends.port.fds:
            ends.post.watch(fd)

    @property
    def due_ns(self) -> int:
        """From when on `tick` has something to do."""
        return min(self._member.due_ns, self._status_ns + STATUS_EVERY_NS)

    @property
    def limit_ns(self) -> int:
        """When `tick` must have been called at the latest."""
        return min(self._member.limit_ns, self._status_ns + STATUS_EVERY_NS + NO_HURRY_NS)

    def step(self, message: Message, now_ns: int) -> Effects:
        """Take what another member said."""
        if not isinstance(message, Parcel):
            return self._member.step(message, now_ns)
        told = message_of(message)
        if isinstance(told, FrameAck):
            self._round_trips.acknowledged(told.scan_no, now_ns)
        if told is not None:
            return self._member.heard(told, now_ns)
        content = relay_content(message)
        if content is not None and content.get("do") == "force":
            self._take_packet(content, now_ns, from_other=True)
        elif content is not None:
            self._ends.port.send(content)
        return Effects()

    def tick(self, now_ns: int) -> Effects:
        """Let time pass. Raises ClusterFault after a suspension: the process that follows holds no right."""
        slept_ns = suspended_ns() - self._suspended_ns
        if slept_ns >= SUSPENDED_NS:
            raise ClusterFault(
                f"this machine was suspended for {duration_text(slept_ns)}: another may lead since",
                mend="let no controller sleep: systemctl mask sleep.target suspend.target hibernate.target",
            )
        if now_ns >= self._status_ns + STATUS_EVERY_NS:
            self._status_ns = now_ns
            lost = self._ends.memory.links_lost(now_ns, within_ns=IO_LOST_AFTER_NS)
            self._carry_out(self._member.reaches(links_lost=lost, now_ns=now_ns), now_ns)
            self._tell_status()
        self._trace.ticked(self._member.situation, late_ns=now_ns - self._member.limit_ns)
        return self._member.tick(now_ns)

    def persisted(self, number: int, now_ns: int) -> Effects:
        """A write is durable."""
        return self._member.persisted(number, now_ns)

    def put(self, message: Message) -> None:
        """To be sent before the next wait."""
        self._ends.post.put(message)

    def receive(self, timeout_ms: int) -> list[Message]:
        """What has come; waits for it, natively while all is steady."""
        due_ns = min(self._member.situation.standing_due_ns, self._status_ns + STATUS_EVERY_NS)
        said = self._exchange.run(due_ns + NO_HURRY_NS) if self._next is None else None
        return self._ends.post.receive(timeout_ms) if said is None else [*said, *self._ends.post.receive(0)]

    def wake(self) -> None:
        """End a wait; from any thread."""
        self._ends.post.wake()

    def run(self) -> None:
        """Until the loop is stopped; then the others may elect at once, for this controller's outputs have ended."""
        self.loop.run()
        now_ns = time.monotonic_ns()
        self._carry_out(self._member.release(now_ns), now_ns)

    def hand_over(self, now_ns: int) -> None:
        """This controller is about to stop: swap, where there is somebody to swap with."""
        _, effects = self._member.swap(now_ns)
        self._carry_out(effects, now_ns)

    def prepare(self, version: NextVersion, now_ns: int) -> None:
        """The supervisor's order: get ready for this. A standby is so at once, a leader once its standby is."""
        self._next = version
        self._ends.memory.prepare(version.image, version.number)
        if self._member.situation.asked == version.package.version:
            self._answer(version)
            self._carry_out(self._member.prepared(version.package, now_ns), now_ns)
        else:
            self._carry_out(self._member.offer(version.package, now_ns), now_ns)

    def forget(self, number: int, now_ns: int) -> None:
        """The supervisor's order: nothing has come of it."""
        if self._next is not None and self._next.number == number:
            version, self._next = self._next.package.version, None
            self._carry_out(self._member.forget(version, now_ns), now_ns)
            self._ends.memory.forget()

    def answered(self, version: int, why: str, now_ns: int) -> None:
        """What `Ends.get_ready` asked for has come to its end."""
        self._carry_out(self._member.answered(version, why, now_ns), now_ns)

    def _answer(self, version: NextVersion, why_not: str = "") -> None:
        if version.answer != why_not:
            version.answer = why_not
            self._ends.ready(version.number, why_not)

    def _look_at_version(self, now_ns: int) -> None:
        """The scan goes over by itself: what it does from then on is in the other segment."""
        version = self._next
        if version is not None and self._ends.memory.version == version.number:
            self._next, self._links = None, version.links
            state = self._ends.memory.went_over()
            self._carry_out(self._member.runs(version.package, state, now_ns), now_ns)

    def _each_turn(self, now_ns: int) -> None:
        self._joining.look(self._member.situation.raft, now_ns)
        self._look_at_version(now_ns)
        self._take_scan(now_ns)
        self._take_from_gateway()

    def _take_scan(self, now_ns: int) -> None:
        if self._ends.post.is_ready(self._ends.scan_bell):
            os.eventfd_read(self._ends.scan_bell)
        elif not self._exchange.is_rung:
            return
        self._exchange.is_rung = False
        scanned = self._ends.memory.scanned()
        if scanned is not None:
            term, state = scanned
            if term and term == self._lead_term:
                self._trace.scanned(now_ns)
            self._carry_out(self._member.scanned(term, state, now_ns), now_ns)
            self._ends.post.flush()  # outputs wait for its answer; what else there is to do now does not

    def _take_from_gateway(self) -> None:
        port = self._ends.port
        if not self._ends.post.is_ready(*port.fds):
            return
        before = port.fds
        if port.accept():
            self._meet_gateway()
        for packet in port.receive():
            self._take_packet(packet, time.monotonic_ns())
        for fd in port.fds:
            if fd not in before:
                self._ends.post.watch(fd)

    def _meet_gateway(self) -> None:
        """A gateway that has just come knows nothing: all that the programs may not have taken is delivered again."""
        s = self._member.situation
        self._ends.port.send({"do": "forces", "forces": s.agreed.forces})
        self._tell_status()
        if s.leading is not None and s.leading.confirmed:
            self._deliver(s.agreed.deliveries_after(s.applied))

    def _take_packet(self, packet: dict[str, Any], now_ns: int, *, from_other: bool = False) -> None:
        match packet:
            case {"do": "propose", "client": str(client), "seq": int(seq), "body": str(body)}:
                why_not, effects = self._member.submit(Command(client=client, seq=seq, body=body), now_ns)
                self._carry_out(effects, now_ns)
                if why_not:
                    self._ends.port.send({"do": "refused", "client": client, "seq": seq, "why": why_not})
            case {"do": "force", "name": str(name), "body": str(body), "keep": bool(keep)}:
                why_not, effects = self._member.force(Force(name=name, body=body, keep=keep), now_ns)
                self._carry_out(effects, now_ns)
                if why_not and not from_other:
                    self._relay(packet)
            case {"do": "ask", "id": number, "what": str(what), "name": str(name)} if what in self._asks:
                why_not, effects = self._asks[what](name, now_ns)
                self._carry_out(effects, now_ns)
                self._ends.port.send({"do": "answer", "id": number, "why_not": why_not})
            case {"do": "relay" | "relay_answer" as what}:
                self._relay(packet if what == "relay_answer" else {**packet, "do": "relayed"})

    def _carry_out(self, effects: Effects, now_ns: int) -> None:
        ends, settings = self._ends, self._member.situation.settings
        leads_before = self._lead_term
        if effects.right is not None:
            ends.memory.give(effects.right)
            self._lead_term = effects.right.lead_term
        if effects.mirror is not None:
            version = self._next.package.version if self._next is not None else 0
            ends.memory.mirror(effects.mirror, ahead=effects.mirror.version == version)
        for message in effects.stream:
            if isinstance(message, Frame):
                self._round_trips.sent(message.scan_no, now_ns)
            parcel = parcel_of(message, source=settings.name, target=settings.other)
            ends.post.put(parcel, passing=True)
        for ready in effects.readies:
            self.loop.give(ready)
        if effects.deliveries or effects.known or effects.forces is not None:
            self._tell_gateway(effects)
        if self._next is not None or effects.prepare is not None:
            self._carry_out_version(effects)
        for told in effects.told:
            ends.tell(told)
        story = self._trace.look(self._member.situation, now_ns)
        if story:
            ends.tell(Told(Severity.INFO, story))
        if effects.restore:
            self._restore(now_ns)
        if self._lead_term != leads_before:  # a right changes with each heartbeat and frame; a status costs far more
            self._tell_status()

    def _restore(self, now_ns: int) -> None:
        restored = self._ends.memory.restore()
        if restored is not None:
            self._carry_out(self._member.scanned(*restored, now_ns), now_ns)

    def _tell_gateway(self, effects: Effects) -> None:
        port = self._ends.port
        self._deliver(effects.deliveries)
        for known in effects.known:
            port.send({"do": "known", **_told(known)})
        if effects.forces is not None:
            port.send({"do": "forces", "forces": effects.forces})

    def _carry_out_version(self, effects: Effects) -> None:
        if effects.prepare is not None:
            self._ends.get_ready(effects.prepare)
        version = self._next
        if version is None:
            return
        if effects.go_over == version.package.version:
            self._ends.memory.ask_to_go_over()
        if effects.drop == version.package.version:
            self._answer(version, DROPPED)
        if effects.offered is not None and effects.offered.version == version.package.version:
            self._answer(version, effects.offered.why_not)

    def _relay(self, packet: dict[str, Any]) -> None:
        settings = self._member.situation.settings
        self._ends.post.put(relay_parcel(packet, source=settings.name, target=settings.other))

    def _deliver(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self._ends.port.send({"do": "deliver", **_told(delivery)})

    def _tell_status(self) -> None:
        clocks = ClockReading(time.monotonic_ns(), time.time_ns(), time.monotonic_ns())
        situation = self._member.situation
        situation.wall_ns = clocks.wall_ns
        situation.witness_reached = self._ends.post.reaches(situation.settings.witness)
        own_alarms = [*lost_devices(situation, self._links), *self._local.look(clocks)]
        status = pair_status(situation, self._round_trips, self._exchange.returns, own_alarms, clocks.after_ns)
        for told in self._alarms.look(status["alarms"]):
            self._ends.tell(told)
        self._ends.port.send({"do": "status", "status": status})


def _told(delivery: Delivery) -> dict[str, Any]:
    command = delivery.command
    return {"index": delivery.index, "client": command.client, "seq": command.seq, "body": command.body}
