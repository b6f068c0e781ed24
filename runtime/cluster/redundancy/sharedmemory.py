"""What a redundancy process reads and writes in the shared memory of its controller."""

from runtime.cluster.pair.effects import Mirror, Right
from runtime.cluster.pair.frame import State
from runtime.core.appmemory import APPLIED_INDEX
from runtime.image.channel import ChannelEnd
from runtime.image.layout import MIRROR_HEADER, MIRROR_HEADER_SIZE
from runtime.image.mirror import MirrorEntry, MirrorWriter
from runtime.image.primitives import primitives
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import Snapshot, SnapshotReader


class SharedMemory:
    """For one thread. On its making all rights that a redundancy process before this one gave are taken back."""

    def __init__(self, control: ControlSegment, image: ImageSegment) -> None:
        self._control = control
        self._image = image
        self._snapshots = SnapshotReader(image)
        self._mirror = MirrorWriter(image)
        self._last: Snapshot | None = None
        self.held = self._held()
        """The state that is there already, and its term; None before any scan."""
        self.give(Right())

    def give(self, right: Right) -> None:
        """Tell scan and io what this controller may do; what takes a right away is written first."""
        lease, term = ("lease_until_ns", right.lease_until_ns), ("lead_term", right.lead_term)
        solo, replicated = ("solo", int(right.solo)), ("replicated_scan", right.replicated_scan)
        for name, value in (replicated, solo, lease, term) if right.lead_term else (term, lease, solo, replicated):
            address = self._control.word_address(name)
            if name == "solo":
                primitives().store_u32(address, value)
            else:
                primitives().store_u64(address, value)

    def mirror(self, mirror: Mirror) -> None:
        """Hand a state of the leader to the own scan. Raises ConfigFault when it is of another layout."""
        state = mirror.state
        self._mirror.write(
            MirrorEntry(
                term=mirror.term,
                scan_no=state.scan_no,
                plc_now_ns=state.plc_now_ns,
                received_ns=mirror.received_ns,
                applied_index=state.applied_index,
                memory=state.memory,
            )
        )

    def scanned(self) -> tuple[int, State] | None:
        """The state after the newest scan, if there is a newer one than at the last look, and the term it ran under."""
        term = int(self._control.control.active_term)
        snapshot = self._snapshots.latest()
        if snapshot is None or snapshot is self._last:
            return None
        self._last = snapshot
        return term, _state(snapshot)

    def reaches_io(self, now_ns: int, *, within_ns: int) -> bool:
        """Whether io has looked at the output frame lately; True as well where there is no io."""
        seen_ns = int(self._control.control.sink_clock_ns)
        return seen_ns == 0 or now_ns - seen_ns < within_ns

    def _held(self) -> tuple[int, State] | None:
        """The newest state that is here: of the other controller, or of a term in which the own programs ran.

        A scan process that has followed one which led shows what was mirrored before that; it is no newer than the
        mirror, so it is told from what the former one left.
        """
        mirrored, driven_term = self._mirrored(), int(self._control.control.driven_term)
        if mirrored is not None and mirrored[0] >= driven_term:
            return mirrored
        snapshot = self._snapshots.latest() if driven_term else None
        if snapshot is None or (mirrored is not None and snapshot.scan_no <= mirrored[1].scan_no):
            return None
        return driven_term, _state(snapshot)

    def _mirrored(self) -> tuple[int, State] | None:
        end = ChannelEnd(self._image, self._image.layout.mirror)
        if not end.published() or not end.read():
            return None
        term, scan_no, plc_now_ns, _, applied = MIRROR_HEADER.unpack_from(end.buffer)
        memory = bytes(end.buffer[MIRROR_HEADER_SIZE:])
        return term, State(scan_no=scan_no, plc_now_ns=plc_now_ns, applied_index=applied, memory=memory)


def _state(snapshot: Snapshot) -> State:
    applied = int.from_bytes(snapshot.memory[APPLIED_INDEX : APPLIED_INDEX + 8], "little")
    return State(scan_no=snapshot.scan_no, plc_now_ns=snapshot.now_ns, applied_index=applied, memory=snapshot.memory)
