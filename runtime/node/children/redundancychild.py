"""The redundancy process of a controller in a pair: composed here, run by cluster/redundancy.

SIGUSR1 asks it to hand over before the controller stops; SIGTERM comes when scan and io have ended, so that the others
may elect at once.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtime.cluster.disk.writer import Writer
from runtime.cluster.keys import read_keys
from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.memberstate import open_member
from runtime.cluster.pair.effects import Package, Severity, Told
from runtime.cluster.pair.member import PairMember
from runtime.cluster.pair.settings import PairSettings, in_sync_after_for
from runtime.cluster.pair.voters import OnWitnessLoss
from runtime.cluster.redundancy.exchange import exchange_code
from runtime.cluster.redundancy.gatewayport import GatewayPort
from runtime.cluster.redundancy.process import DROPPED, Ends, NextVersion, Redundancy
from runtime.cluster.redundancy.sharedmemory import SharedMemory
from runtime.cluster.transport.post import Post
from runtime.core.fault import PlcFault
from runtime.core.rights import RIGHTS
from runtime.image.manifest import Manifest
from runtime.image.nativecode import native_cache
from runtime.image.outline import load_outline
from runtime.image.primitives import use_cache
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.node import runplan
from runtime.node.change.changesocket import FOLLOW, FOLLOWED_PACKAGE, ask
from runtime.node.link import LinkEnd, Order
from runtime.node.runplan import PairPlan, RunPlan
from runtime.node.seat import Seat
from runtime.scan.realtime import RealtimeSettings, settle_thread
from runtime.wire.endpoints import endpoints
from runtime.wire.events import EventSender

BELOW_SCAN = 10
"""Priorities that redundancy is below the scan, which never waits for it."""

_LOG = logging.getLogger("voltscan.redundancy")


def run_redundancy(seat: Seat, freeze: Callable[[], None]) -> None:
    """The redundancy process until SIGTERM."""
    plan, manifest = RunPlan.load(seat.folder), Manifest.load(seat.folder / runplan.MANIFEST)
    assert plan.pair is not None
    package = Package(plan.pair.version, (seat.folder / runplan.PACKAGE).read_bytes())
    use_cache(Path(plan.cache_dir))
    sender = EventSender(endpoints(seat.run_dir), "redundancy")

    def tell(told: Told) -> None:
        _LOG.info("%s: %s", told.severity.value, told.text)
        sender.send(told.severity.value, told.text)

    for lacking in _hurry(plan.realtime_priority):
        tell(lacking)
    member = MemberPlan.of_json(plan.pair.member)
    store, kept = open_member(member)
    control = ControlSegment.attach(seat.control_fd)
    image = ImageSegment.attach(seat.image_fd, manifest.layout())
    memory = SharedMemory(control, image, seat.number, io_bell_fd=seat.io_bell_fd)
    post = Post(member.name, member.endpoints, read_keys(member.key_file), member.peers, pact=member.pact)
    core = PairMember(
        _settings(plan.pair, member, manifest.cycle_ns),
        hard=kept.hard,
        snapshot=kept.snapshot,
        entries=tuple(kept.entries),
        held=memory.held,
        now_ns=time.monotonic_ns(),
    )
    writer = Writer(store, post.wake)
    core.holds(package)
    link = LinkEnd(seat.link_fd)
    supervisor = _Supervisor(seat.run_dir, link)
    port = GatewayPort(seat.run_dir)
    ends = Ends(
        post,
        writer,
        memory,
        port,
        seat.bell_fd,
        tell,
        ready=link.answer,
        get_ready=supervisor.get_ready,
        exchange=exchange_code(native_cache(Path(plan.cache_dir))),
    )
    redundancy = supervisor.redundancy = Redundancy(core, ends, plan.pair.links)
    freeze()
    threading.Thread(target=supervisor.follow, name="changes", daemon=True).start()
    threading.Thread(target=_listen, args=(redundancy,), name="signals", daemon=True).start()
    redundancy.run()
    writer.close()
    post.close()
    ends.port.close()
    sender.close()


def _settings(pair: PairPlan, member: MemberPlan, cycle_ns: int) -> PairSettings:
    return PairSettings(
        raft=member.settings,
        other=next(name for name in member.configuration.controllers if name != member.name),
        witness=member.configuration.witnesses[0],
        version=pair.version,
        life=time.time_ns(),
        cycle_ns=cycle_ns,
        ack_bound_ns=pair.wait_ns,
        in_sync_after=in_sync_after_for(cycle_ns),
        on_witness_loss=OnWitnessLoss.SHRINK if pair.shrink_on_witness_loss else OnWitnessLoss.STAY,
    )


def _hurry(scan_priority: int) -> list[Told]:
    """Real-time priority below the scan's, for this thread and those that ZeroMQ and the disk get after it.

    A heartbeat that waits for a processor costs the lease. What redundancy does in one go is short, and io, which needs
    its word before it writes, comes after it (iochild.py).
    """
    if scan_priority <= 0:
        return []
    own = max(1, scan_priority - BELOW_SCAN)
    missing = settle_thread(RealtimeSettings(priority=own, lock_memory=False))
    what = "redundancy has no real-time priority (SCHED_FIFO): other processes delay heartbeats, and leases end"
    return [Told(Severity.WARNING, f"{what} ({lacks.why}); add `{RIGHTS[lacks.right].unit_line}`") for lacks in missing]


class _Supervisor:
    """The supervisor's orders and answers, each waited for in a thread of its own, beside the loop of heartbeats."""

    redundancy: Redundancy

    def __init__(self, run_dir: Path, link: LinkEnd) -> None:
        self._run_dir = run_dir
        self._link = link

    def follow(self) -> None:
        """Take its orders until it is gone."""
        while (order := self._link.receive()) is not None:
            if order.do == "prepare":
                self._prepare(order)
            elif order.do == "forget":
                self._call(partial(self.redundancy.forget, order.version))

    def get_ready(self, package: Package) -> None:
        """Ask it to bring the controller to this version."""
        threading.Thread(target=self._ask, args=(package,), name="version", daemon=True).start()

    def _prepare(self, order: Order) -> None:
        try:
            plan = RunPlan.load(order.folder)
            assert plan.pair is not None, "the supervisor has looked"
            package = Package(plan.pair.version, (order.folder / runplan.PACKAGE).read_bytes())
            image = ImageSegment.attach(order.image_fd, load_outline(order.folder / runplan.OUTLINE))
        except (PlcFault, OSError) as fault:
            self._link.answer(order.version, str(fault))
            return
        self._call(partial(self.redundancy.prepare, NextVersion(order.version, package, image, plan.pair.links)))

    def _ask(self, package: Package) -> None:
        why = ""
        try:
            path = self._run_dir / FOLLOWED_PACKAGE
            path.write_bytes(package.content)
            told = ask(self._run_dir, {"do": FOLLOW, "package": str(path), "version": package.version})
            if not told["done"]:
                why = "; ".join(told["why"]) if DROPPED not in "; ".join(told["why"]) else ""
        except (PlcFault, OSError) as fault:
            why = str(fault)
        self._call(partial(self.redundancy.answered, package.version, why))

    def _call(self, act: Callable[[int], None]) -> None:
        self.redundancy.loop.call(act)


def _listen(redundancy: Redundancy) -> None:
    while (got := signal.sigwait({signal.SIGTERM, signal.SIGUSR1})) != signal.SIGTERM:
        _LOG.info("asked to hand over (signal %d, process %d)", got, os.getpid())
        redundancy.loop.call(redundancy.hand_over)
    redundancy.loop.stop()
