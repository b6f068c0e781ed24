"""A controller's io process and the devices that both controllers reach: who may write what, and who did.

A device of fence class `term` keeps the highest term that was written to it and refuses lower ones. One of class `time`
takes whatever comes: between the check of the lease and the write lies W at most, or a stale write is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from pairbook import Book, Broken, Write
from pairscan import CYCLE_NS, Control, OutputFrame
from pairtime import MILLION, MS, Clock, Events, Process

from runtime.cluster.pair.settings import times_for
from runtime.raft.times import CLOCK_RATE_ERROR_PPM

EFFECT_NS = MS // 5
"""From the check of lease and frame to the effect at the device, where nothing stands still meanwhile."""
EFFECT_NS_MAX = times_for(CYCLE_NS).effect_ns * MILLION // (MILLION + CLOCK_RATE_ERROR_PPM)
"""W: what leases are chosen for."""


@dataclass(slots=True)
class Device:
    """One device; `fences` by term or takes all. `stale`: writes of an older term that it took."""

    book: Book
    fences: bool
    term: int = 0
    stale: int = 0
    writes: list[Write] = field(default_factory=list)

    def write(self, write: Write) -> bool:
        """Take it, or refuse it."""
        if self.fences and self.refuses(write.term):
            return False
        if self.is_newer_than(write.term):
            self.stale += 1
            if self.fences:
                raise Broken(f"a device took term {write.term} of {write.writer} after term {self.term}")
        self.term = max(self.term, write.term)
        self.writes.append(write)
        return True

    def is_newer_than(self, term: int) -> bool:
        """Whether a later term has been written to it."""
        return term < self.term

    def refuses(self, term: int) -> bool:
        """Whether an older term than one seen is turned away."""
        return term < self.term


class Sink:
    """The io process of one controller. It hands a frame out once the standby has it, while the lease runs.

    `devices`: one that fences by term and one that does not, which is only safe while W bounds what lies between check
    and write. `freeze` is called once, between the next check and its write.
    """

    def __init__(
        self, name: str, *, events: Events, clock: Clock, control: Control, devices: tuple[Device, Device], book: Book
    ) -> None:
        self.process = Process(f"{name} io")
        self.name = name
        self._events, self._clock, self._control, self._book = events, clock, control, book
        self.clocks_hold = True
        self.freeze: Callable[[], None] | None = None
        self._devices = devices
        self._woken = False
        self._term = 0

    def start(self) -> None:
        """Begin anew; frames that waited are those of an earlier life."""
        self.process.runs = True
        self._control.frames.clear()
        self._woken = False

    def wake(self) -> None:
        """There is a new frame, or more of them are at the standby."""
        if not self._woken:
            self._woken = True
            self._events.after(50_000, self.process, self._look)

    def _look(self) -> None:
        self._woken = False
        control = self._control
        frames = control.frames
        upto = next((n for n in range(len(frames), 0, -1) if self.may_go(frames[n - 1])), 0)
        if not upto:
            return
        frame = frames[upto - 1]
        del frames[:upto]
        self._term = max(self._term, frame.term)
        if frame.driving and self._clock.local_ns(self._events.now_ns) < control.lease_until_ns:
            self._events.after(EFFECT_NS, self.process, self._write, frame, self._events.now_ns)
            if self.freeze is not None:
                freeze, self.freeze = self.freeze, None
                freeze()

    def may_go(self, frame: OutputFrame) -> bool:
        """Whether it is of the term that leads here, and the standby has it or none is waited for."""
        control = self._control
        if frame.term < self._term or frame.term != control.lead_term:
            return False
        return control.solo or frame.scan_no <= control.replicated_scan

    def _write(self, frame: OutputFrame, checked_ns: int) -> None:
        now_ns = self._events.now_ns
        write = Write(now_ns, self.name, frame.term, frame.scan_no, frame.outputs)
        fenced, plain = self._devices
        if plain.is_newer_than(write.term) and self.clocks_hold and now_ns - checked_ns <= EFFECT_NS_MAX:
            raise Broken(
                f"{self.name} wrote in term {write.term} after term {plain.term}, "
                f"{(now_ns - checked_ns) / MS:.1f} ms after its check"
            )
        plain.write(write)
        if fenced.write(write):
            self._book.written(write)


def gap_ns(writes: list[Write]) -> int:
    """The longest between two writes that follow each other."""
    return max((after.true_ns - before.true_ns for before, after in pairwise(writes)), default=0)


def missed_scans(longest_gap_ns: int) -> int:
    """How many scans wrote nothing in a gap."""
    return max(0, (longest_gap_ns + CYCLE_NS // 2) // CYCLE_NS - 1)
