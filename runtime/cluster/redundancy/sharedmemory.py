"""What a redundancy process reads and writes in the shared memory of its controller.

Invariant: no scan goes on from an older state than the newest that lies there, whoever made it. A scan publishes its
state before its outputs can be written (scan/loop.py), so that newest one is never older than what was written; it
outlives the process that made it, and redundancy may not have been told of it.
"""

import os

from runtime.cluster.pair.effects import Mirror, Right
from runtime.cluster.pair.frame import ALL_LINKS, State
from runtime.core.appmemory import APPLIED_INDEX
from runtime.image.channel import ChannelEnd
from runtime.image.layout import MIRROR_HEADER, MIRROR_HEADER_SIZE
from runtime.image.mirror import MirrorEntry, MirrorWriter
from runtime.image.primitives import primitives
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import Snapshot, SnapshotReader

_RIGHT_WORDS = ("lead_term", "lease_until_ns", "replicated_scan", "solo")


class SharedMemory:
    """For one thread. On its making all rights that a redundancy process before this one gave are taken back.

    `number`: of the version that `image` is of. `ahead`: the segment of another version that is ready. `io_bell_fd`:
    the eventfd that wakes io where there may be something to write; -1 for none.
    """

    def __init__(self, control: ControlSegment, image: ImageSegment, number: int, *, io_bell_fd: int = -1) -> None:
        self._control = control
        self._io_bell_fd = io_bell_fd
        self._rung_for: tuple[int, int, bool] = (0, 0, False)
        self._words = {name: control.word_address(name) for name in _RIGHT_WORDS}
        self._given: dict[str, int] = {}
        self._here = _Ends(image, number)
        self._ahead: _Ends | None = None
        self._last: Snapshot | None = None
        self.give(Right())
        self._handed = (0, 0)
        self.held = self._held()
        """The state that is there already, and its term; None before any scan, and where a newer one of another version
        was promised by a process before this one."""

    @property
    def version(self) -> int:
        """Number of the version that the scan runs."""
        return int(self._control.control.version)

    def prepare(self, image: ImageSegment, number: int) -> None:
        """The segment of another version is there."""
        self.forget()
        self._ahead = _Ends(image, number)

    def forget(self) -> None:
        """Nothing comes of it."""
        if self._ahead is not None:
            self._ahead.image.close()
            self._ahead = None

    def ask_to_go_over(self) -> None:
        """Have the own scan go over to the version that is ready."""
        if self._ahead is not None:
            primitives().store_u64(self._control.word_address("go_version"), self._ahead.number)

    def went_over(self) -> State | None:
        """The scan runs what was ready: what it made of its state."""
        assert self._ahead is not None
        before, self._here, self._ahead = self._here, self._ahead, None
        before.image.close()
        self._last = self._here.snapshots.latest()
        return None if self._last is None else _state(self._last)

    def give(self, right: Right) -> None:
        """Tell scan and io what this controller may do; what takes a right away is written first.

        Words that are so already are left alone: twice in each scan a right changes in one of them.
        """
        lease, term = ("lease_until_ns", right.lease_until_ns), ("lead_term", right.lead_term)
        solo, replicated = ("solo", int(right.solo)), ("replicated_scan", right.replicated_scan)
        for name, value in (replicated, solo, lease, term) if right.lead_term else (term, lease, solo, replicated):
            if self._given.get(name) == value:
                continue
            self._given[name] = value
            store = primitives().store_u32 if name == "solo" else primitives().store_u64
            store(self._words[name], value)
        news = (right.lead_term, right.replicated_scan, right.solo)  # that a lease goes on is none: io looks at it
        if self._io_bell_fd >= 0 and news != self._rung_for:
            self._rung_for = news
            os.eventfd_write(self._io_bell_fd, 1)

    @property
    def snapshots(self) -> SnapshotReader:
        """Of the version that the scan runs."""
        return self._here.snapshots

    @property
    def io_bell_fd(self) -> int:
        """-1: there is none."""
        return self._io_bell_fd

    def word_address(self, name: str) -> int:
        """Of a word of the control segment."""
        return self._control.word_address(name)

    def was_given(self, *, lease_until_ns: int, replicated_scan: int) -> None:
        """Somebody else has written these two words, and woken io for the second."""
        self._given |= {"lease_until_ns": lease_until_ns, "replicated_scan": replicated_scan}
        term, _, solo = self._rung_for
        self._rung_for = (term, replicated_scan, solo)

    def took(self, number: int, memory: bytes) -> State:
        """Somebody else has read the snapshot of that number: its state."""
        self._last = self._here.snapshots.took(number, memory)
        return _state(self._last)

    def mirror(self, mirror: Mirror, *, ahead: bool) -> None:
        """Hand a state of the leader to the own scan, that is to go over to its version where it is `ahead`.

        Raises ConfigFault when it is of another layout.
        """
        state, ends = mirror.state, self._ahead if ahead else self._here
        assert ends is not None
        if self._control.control.promised_version != ends.number:
            primitives().store_u64(self._control.word_address("promised_version"), ends.number)
        self._hand(_entry(mirror.term, state, mirror.received_ns), ends)

    def restore(self) -> tuple[int, State] | None:
        """Hand the newest state that is there, and tell it and its term: to a scan that has been started anew."""
        newest = self._newest()
        if newest is None:
            return None
        self._hand(newest, self._here)
        return newest.term, _state_of(newest)

    def scanned(self) -> tuple[int, State] | None:
        """The state after the newest scan, if there is a newer one than at the last look, and the term it ran under; 0
        for a mirrored one. Where the scan just begins or ends to lead: at the next look, for which it rings."""
        control = self._control.control
        term = int(control.active_term)
        snapshot = self._here.snapshots.latest()
        if snapshot is None or snapshot is self._last or int(control.active_term) != term:
            return None
        self._last = snapshot
        driven_term = int(control.driven_term)
        if not term and self._is_own(snapshot, driven_term):  # the last one before it led no more
            term = driven_term
        return term, _state(snapshot)

    def links_lost(self, now_ns: int, *, within_ns: int) -> int:
        """A bit for each driven link that io reaches no more; ALL_LINKS when io itself has not looked at the output
        frame lately; 0 as well where there is no io."""
        seen_ns = int(self._control.control.sink_clock_ns)
        if seen_ns != 0 and now_ns - seen_ns >= within_ns:
            return ALL_LINKS
        return int(self._control.control.links_lost)

    def _hand(self, entry: MirrorEntry, ends: "_Ends") -> None:
        self._handed = (entry.term, entry.scan_no)
        ends.mirror.write(entry)

    def _held(self) -> tuple[int, State] | None:
        newest = self._newest()
        return None if newest is None else (newest.term, _state_of(newest))

    def _newest(self) -> MirrorEntry | None:
        """The newest state that is here: of the other controller, or of a term in which the own programs ran.

        A scan process that has followed one which led shows what was mirrored before that; it is no newer than the
        mirror, so it is told from what the former one left.
        """
        control, mirrored = self._control.control, self._mirrored()
        if mirrored is not None:
            self._handed = max(self._handed, (mirrored.term, mirrored.scan_no))
        if control.promised_version > self._here.number:
            return None
        driven_term = int(control.driven_term)
        snapshot = self._here.snapshots.latest() if driven_term else None
        if snapshot is not None and self._is_own(snapshot, driven_term):
            state = _state(snapshot)
            return _entry(driven_term, state, state.plc_now_ns - int(control.plc_offset_ns))
        return mirrored if mirrored is not None and mirrored.term >= driven_term else None

    def _is_own(self, snapshot: Snapshot, driven_term: int) -> bool:
        """Whether programs here made it in that term; otherwise it was mirrored, and handed here before."""
        handed_term, handed_scan = self._handed
        return driven_term >= handed_term and snapshot.scan_no > handed_scan

    def _mirrored(self) -> MirrorEntry | None:
        image = self._here.image
        end = ChannelEnd(image, image.layout.mirror)
        if not end.published() or not end.read():
            return None
        term, scan_no, plc_now_ns, received_ns, applied = MIRROR_HEADER.unpack_from(end.buffer)
        state = State(
            scan_no=scan_no,
            plc_now_ns=plc_now_ns,
            applied_index=applied,
            memory=bytes(end.buffer[MIRROR_HEADER_SIZE:]),
        )
        return _entry(term, state, received_ns)


class _Ends:
    """What is read and written of one version's segment."""

    def __init__(self, image: ImageSegment, number: int) -> None:
        self.image = image
        self.number = number
        self.snapshots = SnapshotReader(image)
        self.mirror = MirrorWriter(image)


def _entry(term: int, state: State, received_ns: int) -> MirrorEntry:
    return MirrorEntry(
        term=term,
        scan_no=state.scan_no,
        plc_now_ns=state.plc_now_ns,
        received_ns=received_ns,
        applied_index=state.applied_index,
        memory=state.memory,
    )


def _state_of(entry: MirrorEntry) -> State:
    return State(
        scan_no=entry.scan_no,
        plc_now_ns=entry.plc_now_ns,
        applied_index=entry.applied_index,
        memory=entry.memory,
    )


def _state(snapshot: Snapshot) -> State:
    applied = int.from_bytes(snapshot.memory[APPLIED_INDEX : APPLIED_INDEX + 8], "little")
    return State(scan_no=snapshot.scan_no, plc_now_ns=snapshot.now_ns, applied_index=applied, memory=snapshot.memory)
