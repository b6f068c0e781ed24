"""Entry of the recorder process: files and segments become a RecorderLoop, polled until SIGTERM."""

import gc
import os
import select
import signal
import time
from pathlib import Path

from runtime.core.fault import PlcFault
from runtime.image.manifest import Manifest
from runtime.image.primitives import use_cache
from runtime.image.recordring import RingReader
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.node.link import LinkEnd, Order
from runtime.node.record.recorder import POLL_S, RecordedVersion, RecorderLoop, RecorderSetup
from runtime.node.runplan import RunPlan
from runtime.scan.record.recorder import RecorderLimits
from runtime.scan.record.recordingfile import MANIFEST, PROGRAM_MEMBERS, host_triple
from runtime.wire.endpoints import endpoints
from runtime.wire.events import EventSender

NICENESS = 5
"""Whatever else runs on the machine comes first; a recorder that is late has a gap."""


def run_recorder(run_dir: Path, folder: Path, *, control_fd: int, image_fd: int, link_fd: int, number: int) -> None:
    """Record until SIGTERM, which the caller has blocked. `folder` holds the files of version `number`."""
    plan = RunPlan.load(folder)
    use_cache(Path(plan.cache_dir))
    control = ControlSegment.attach(control_fd)
    sender = EventSender(endpoints(run_dir), "supervisor")
    loop = RecorderLoop(
        recorded_version(folder, image_fd, number=number),
        RecorderLimits(keep_ns=plan.record_keep_ns, size_max=plan.record_size_mb << 20),
        RecorderSetup(
            site=plan.site,
            triple=host_triple(),
            after_ns=plan.record_after_ns,
            folder=Path(plan.state_dir) / "recordings",
            run_dir=run_dir,
        ),
        control.control,
        sender.send,
    )
    os.nice(NICENESS)
    gc.collect()
    gc.freeze()
    follower = _Follower(loop, LinkEnd(link_fd)) if link_fd >= 0 else None
    while signal.sigtimedwait({signal.SIGTERM}, POLL_S) is None:
        if follower is not None:
            follower.look()
        loop.poll(time.monotonic_ns())
    sender.close()


class _Follower:
    """Takes the supervisor's orders between two polls: the recording goes on in the ring of the next version."""

    def __init__(self, loop: RecorderLoop, link: LinkEnd) -> None:
        self._loop = loop
        self._link = link
        self._prepared: RecordedVersion | None = None

    def look(self) -> None:
        """Carry out what has been ordered since the last look."""
        while select.select([self._link.fileno()], [], [], 0)[0]:
            order = self._link.receive()
            if order is None:
                return
            if order.do == "prepare":
                self._prepare(order)
            elif self._prepared is not None and order.version == self._prepared.number:
                if order.do == "settled":
                    self._loop.follow(self._prepared)
                self._prepared = None

    def _prepare(self, order: Order) -> None:
        try:
            self._prepared = recorded_version(order.folder, order.image_fd, number=order.version, from_start=True)
        except (PlcFault, OSError) as fault:
            self._link.answer(order.version, str(fault))
        else:
            self._link.answer(order.version)


def recorded_version(folder: Path, image_fd: int, *, number: int, from_start: bool = False) -> RecordedVersion:
    """A version of the programs, from the folder of its files and its image segment.

    For RecorderLoop.follow, `from_start`: the change-over has left a checkpoint in the new ring. Else a recorder that
    was killed is resumed: the ring still holds the last scans.
    """
    plan, manifest = RunPlan.load(folder), Manifest.load(folder / MANIFEST)
    image = ImageSegment.attach(image_fd, manifest.layout())
    ring = RingReader(image, from_start=True) if from_start else RingReader.resumed(image)
    found = [manifest.tags.find(name) for name in plan.record_triggers]
    return RecordedVersion(
        number=number,
        programs={name: (folder / name).read_bytes() for name in PROGRAM_MEMBERS},
        triggers=[variable for variable in found if variable is not None],
        take=ring.take,
        ask_checkpoint=ring.ask_checkpoint,
        latest=SnapshotReader(image).latest,
        was_followed=ring.was_followed and not from_start,
    )
