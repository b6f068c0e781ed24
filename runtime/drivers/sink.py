"""The output sink: which values, if any, may be written to devices at this moment.

    WAITING    no frame has been seen yet, or the last one has just expired: nothing is written, devices keep what
               they have
    DRIVING    the newest frame is of the highest term, within its time, and carries program values
    FAIL_SAFE  frames have been missing for `fail_safe_after_ns`, or the scan itself says that it does not drive
    STANDBY    the other controller of the pair leads: nothing is written, not even fail-safe values or keep-alives

In a pair frames have more to prove: they are of the term in which this controller leads, and the standby holds their
scan (or there is none to wait for). Those that wait for it are kept in a short queue; the newest of the others counts.
Every value is handed out only while the lease runs. Without one nothing is written: this io may have stood still for
a while, and the other controller drive. Where the site says so (`fail_safe_unleased`), fail-safe values are written all
the same, but only to devices that refuse an older term themselves; their time counts from when this io sees that the
lease has run out, not from when it did.

The three promises of the sink (architecture, section 3): never a frame of an older term, never one past its time, never
a NaN. They are kept where the value is handed out, not where the frame came in, so that nothing slow in between breaks
them. Pure: the caller brings the time.
"""

import math
from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from runtime.core.elementary import Value
from runtime.iomap.plan.plan import OutputPoint

WAITING_FRAMES = 32
"""Frames that may wait for the standby: a third of a second at 10 ms, and no lease is that long."""
STOOD_STILL_NS = 100_000_000
"""Between two looks: io, or all of this machine, did nothing meanwhile. It looks every 5 ms (engine.FRAME_PERIOD_S)."""
FAIL_SAFE_HOLDS_NS = 1_000_000_000
"""Fail-safe values are right until a program drives again; io looks far more often than this."""


class Frame(Protocol):
    """What the sink needs of `image.frame.OutputFrame`."""

    @property
    def term(self) -> int:
        """The controller's term (boot count, or Raft term)."""
        ...

    @property
    def scan_no(self) -> int:
        """Number of the scan that made it."""
        ...

    @property
    def valid_until_ns(self) -> int:
        """Monotonic time after which it may not be written."""
        ...

    @property
    def driving(self) -> bool:
        """False: the controller does not drive."""
        ...

    @property
    def leased(self) -> bool:
        """False: it does not for want of a lease."""
        ...

    @property
    def values(self) -> Sequence[Value]:
        """One value an output, by entry."""
        ...


class FrameSource(Protocol):
    """Where frames come from: `image.frame.FrameReader`."""

    def latest(self) -> Frame | None:
        """The newest frame, the same object while there is no newer one; None before the first."""
        ...


class PairRight(Protocol):
    """What a member of a pair may do now, as shared memory says: `image.pairwords.PairWords`."""

    @property
    def lead_term(self) -> int:
        """The term in which this controller leads; 0: it is the standby."""
        ...

    @property
    def lease_until_ns(self) -> int:
        """Monotonic time at which its lease ends."""
        ...

    @property
    def replicated_scan(self) -> int:
        """Frames of lead_term up to this scan are at the standby."""
        ...

    @property
    def solo(self) -> bool:
        """True: there is no standby to wait for."""
        ...


class TermStore(Protocol):
    """Where the highest term outlives io: `image.pairwords.SinkTerm`."""

    term: int


class NoStore:
    """Keeps the term as long as it lives itself."""

    def __init__(self) -> None:
        self.term = 0


class SinkState(Enum):
    """See the head of this file."""

    WAITING = "waiting"
    DRIVING = "driving"
    FAIL_SAFE = "fail-safe"
    STANDBY = "standby"


_NEWS = (SinkState.FAIL_SAFE, SinkState.STANDBY)


class OutputSink:
    """Takes frames, hands out values. `epoch` grows with each change of state to or from FAIL_SAFE or STANDBY.

    `pair` None: a controller alone. `store`: keeps the highest term over a restart of io.
    """

    def __init__(
        self,
        *,
        fail_safe_after_ns: int,
        start_ns: int,
        pair: PairRight | None = None,
        store: TermStore | None = None,
        fail_safe_unleased: bool = False,
    ) -> None:
        self.state = SinkState.WAITING if pair is None else SinkState.STANDBY
        self.epoch = 0
        self.refused_frames = 0
        self._fail_safe_after_ns = fail_safe_after_ns
        self._last_valid_ns = start_ns
        self._frame: Frame | None = None
        self._newest: Frame | None = None
        self._waiting: deque[Frame] = deque(maxlen=WAITING_FRAMES)
        self._pair, self._store = pair, store or NoStore()
        self._fail_safe_unleased = fail_safe_unleased
        self._unleased_ns = self._looked_ns = start_ns
        self._closed = False

    @property
    def term(self) -> int:
        """The highest term it has seen: devices that refuse lower ones are told it with every write."""
        return self._store.term

    @property
    def is_of_pair(self) -> bool:
        """Whether another controller may have driven, or drive, the same devices."""
        return self._pair is not None

    @property
    def frame(self) -> Frame | None:
        """The one whose values are handed out; None for none. In a pair the newest that the standby holds."""
        return self._frame

    @property
    def waits(self) -> bool:
        """True while a frame waits for the standby."""
        return bool(self._waiting)

    def take(self, frame: Frame | None, now_ns: int) -> SinkState:
        """Look at the newest frame; the state from now on. To be called at least every few ms."""
        if frame is not None and frame is not self._newest:
            self._newest = frame
            if frame.term < self._store.term:
                self.refused_frames += 1
            elif self._pair is None:
                self._frame = frame
                self._raise_term(frame.term)
            else:
                self._waiting.append(frame)
        self._enter(self._judge(now_ns) if self._pair is None else self._judge_right(self._pair, now_ns))
        return self.state

    def close(self) -> None:
        """From now on only fail-safe values are handed out: io is on its way down. In a pair none, unless there is no
        standby to go on."""
        self._closed = True
        leaves = self._pair is not None and not (self._pair.lead_term and self._pair.solo)
        self._enter(SinkState.STANDBY if leaves else SinkState.FAIL_SAFE)

    def value(self, point: OutputPoint, now_ns: int) -> Value | None:
        """What to write to the point now, within its limits; None: write nothing."""
        if self._pair is not None and not self._may_write(self._pair, point, now_ns):
            return None
        if self.state is SinkState.FAIL_SAFE:
            return point.fail_safe
        frame = self._frame
        if self.state is not SinkState.DRIVING or frame is None or now_ns > frame.valid_until_ns:
            return None
        value = frame.values[point.entry]
        sound = isinstance(value, str) or math.isfinite(value)
        return point.clamp(value) if sound else point.fail_safe

    def drives(self, now_ns: int) -> bool:
        """True while program values are handed out: heartbeats and keep-alives say no less."""
        if self.state is not SinkState.DRIVING or self._frame is None or now_ns > self._frame.valid_until_ns:
            return False
        return self._pair is None or self._has_lease(self._pair, now_ns)

    def is_silent(self, now_ns: int) -> bool:
        """True when nothing at all may be sent: another controller may be leading."""
        return self._pair is not None and not self._has_lease(self._pair, now_ns)

    def holds_ns(self, now_ns: int) -> int:
        """How long the values handed out now may go on being written; 0 when there are none."""
        if self.state is SinkState.FAIL_SAFE:
            lease_ns = FAIL_SAFE_HOLDS_NS if self._pair is None else self._pair.lease_until_ns - now_ns
            return max(0, min(lease_ns, FAIL_SAFE_HOLDS_NS))
        if self.state is not SinkState.DRIVING or self._frame is None:
            return 0
        return max(0, self._frame.valid_until_ns - now_ns)

    def _raise_term(self, term: int) -> None:
        if term > self._store.term:
            self._store.term = term

    def _has_lease(self, pair: PairRight, now_ns: int) -> bool:
        term = pair.lead_term
        return term != 0 and term >= self._store.term and now_ns < pair.lease_until_ns

    def _may_write(self, pair: PairRight, point: OutputPoint, now_ns: int) -> bool:
        """Looked at for every value: it may be long since `take`."""
        term = pair.lead_term
        if not term or term < self._store.term:
            return False
        if now_ns < pair.lease_until_ns:
            return self.state is not SinkState.DRIVING or (self._frame is not None and self._frame.term == term)
        return self.state is SinkState.FAIL_SAFE and self._fail_safe_unleased and point.fenced

    def _judge_right(self, pair: PairRight, now_ns: int) -> SinkState:
        stood_still = now_ns - self._looked_ns > STOOD_STILL_NS
        self._looked_ns = now_ns
        term = pair.lead_term
        if not term or term < self._store.term:
            self._frame = self._newest = None
            self._waiting.clear()
            return SinkState.STANDBY
        if self.state is SinkState.STANDBY or stood_still:
            self._last_valid_ns = self._unleased_ns = now_ns
        self._raise_term(term)
        if self._frame is not None and self._frame.term != term:
            self._frame = None
        if now_ns < pair.lease_until_ns:
            self._unleased_ns = now_ns
            self._choose(pair, term)
            return self._judge(now_ns)
        if self._closed:
            return self.state
        overdue = now_ns - self._unleased_ns >= self._fail_safe_after_ns
        return SinkState.FAIL_SAFE if overdue and self._fail_safe_unleased else SinkState.WAITING

    def _choose(self, pair: PairRight, term: int) -> None:
        """The newest frame that may be written. Those before it will never be."""
        allowed = None if pair.solo else pair.replicated_scan
        if pair.lead_term != term:  # the two words before may be of another term
            return
        while self._waiting:
            frame = self._waiting[0]
            if frame.term == term and allowed is not None and frame.scan_no > allowed:
                return
            self._waiting.popleft()
            if frame.term == term and frame.leased:
                self._frame = frame

    def _judge(self, now_ns: int) -> SinkState:
        if self._closed:
            return SinkState.FAIL_SAFE
        if self._frame is not None and now_ns <= self._frame.valid_until_ns:
            self._last_valid_ns = now_ns
            return SinkState.DRIVING if self._frame.driving else SinkState.FAIL_SAFE
        if self.state is SinkState.FAIL_SAFE or now_ns - self._last_valid_ns >= self._fail_safe_after_ns:
            return SinkState.FAIL_SAFE
        return SinkState.WAITING

    def _enter(self, state: SinkState) -> None:
        if state is not self.state and (state in _NEWS or self.state in _NEWS):
            self.epoch += 1
        self.state = state
