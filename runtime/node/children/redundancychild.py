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
from pathlib import Path

from runtime.cluster.disk.writer import Writer
from runtime.cluster.keys import read_keys
from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.memberstate import open_member
from runtime.cluster.pair.effects import Told
from runtime.cluster.pair.member import PairMember
from runtime.cluster.pair.settings import PairSettings
from runtime.cluster.pair.voters import OnWitnessLoss
from runtime.cluster.redundancy.gatewayport import GatewayPort
from runtime.cluster.redundancy.process import Ends, Redundancy
from runtime.cluster.redundancy.sharedmemory import SharedMemory
from runtime.cluster.transport.post import Post
from runtime.image.manifest import Manifest
from runtime.image.primitives import use_cache
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.node import runplan
from runtime.node.runplan import RunPlan
from runtime.node.seat import Seat
from runtime.wire.endpoints import endpoints
from runtime.wire.events import EventSender

_LOG = logging.getLogger("voltscan.redundancy")


def run_redundancy(seat: Seat, freeze: Callable[[], None]) -> None:
    """The redundancy process until SIGTERM."""
    plan, manifest = RunPlan.load(seat.folder), Manifest.load(seat.folder / runplan.MANIFEST)
    assert plan.pair is not None
    use_cache(Path(plan.cache_dir))
    member = MemberPlan.of_json(plan.pair.member)
    store, kept = open_member(member)
    control = ControlSegment.attach(seat.control_fd)
    memory = SharedMemory(control, ImageSegment.attach(seat.image_fd, manifest.layout()))
    post = Post(member.name, member.endpoints, read_keys(member.key_file), member.peers)
    sender = EventSender(endpoints(seat.run_dir), "redundancy")

    def tell(told: Told) -> None:
        _LOG.info("%s: %s", told.severity.value, told.text)
        sender.send(told.severity.value, told.text)

    settings = PairSettings(
        raft=member.settings,
        other=next(name for name in member.configuration.controllers if name != member.name),
        witness=member.configuration.witnesses[0],
        version=plan.pair.version,
        life=time.time_ns(),
        cycle_ns=manifest.cycle_ns,
        ack_bound_ns=plan.pair.wait_ns,
        on_witness_loss=OnWitnessLoss.SHRINK if plan.pair.shrink_on_witness_loss else OnWitnessLoss.STAY,
    )
    core = PairMember(
        settings,
        hard=kept.hard,
        snapshot=kept.snapshot,
        entries=tuple(kept.entries),
        held=memory.held,
        now_ns=time.monotonic_ns(),
    )
    writer = Writer(store, post.wake)
    ends = Ends(post, writer, memory, GatewayPort(seat.run_dir), seat.bell_fd, tell)
    redundancy = Redundancy(core, ends)
    freeze()
    threading.Thread(target=_listen, args=(redundancy,), name="signals", daemon=True).start()
    redundancy.run()
    writer.close()
    post.close()
    ends.port.close()
    sender.close()


def _listen(redundancy: Redundancy) -> None:
    while (got := signal.sigwait({signal.SIGTERM, signal.SIGUSR1})) != signal.SIGTERM:
        _LOG.info("asked to hand over (signal %d, process %d)", got, os.getpid())
        redundancy.loop.call(redundancy.hand_over)
    redundancy.loop.stop()
