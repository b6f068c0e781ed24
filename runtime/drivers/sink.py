"""The output sink: which values, if any, may be written to devices at this moment.

    WAITING    no frame has been seen yet, or the last one has just expired: nothing is written, devices keep what
               they have
    DRIVING    the newest frame is of the highest term, within its time, and carries program values
    FAIL_SAFE  frames have been missing for `fail_safe_after_ns`, or the scan itself says that it does not drive

The three promises of the sink (architecture, section 3): never a frame of an older term, never one past its time, never
a NaN. They are kept where the value is handed out, not where the frame came in, so that nothing slow in between breaks
them. Pure: the caller brings the time.
"""

import math
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from runtime.core.elementary import Value
from runtime.iomap.plan import OutputPoint

FAIL_SAFE_HOLDS_NS = 1_000_000_000
"""Fail-safe values are right until a program drives again; io looks far more often than this."""


class Frame(Protocol):
    """What the sink needs of `image.frame.OutputFrame`."""

    @property
    def term(self) -> int:
        """The controller's term (boot count, or Raft term)."""
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
    def values(self) -> Sequence[Value]:
        """One value an output, by entry."""
        ...


class FrameSource(Protocol):
    """Where frames come from: `image.frame.FrameReader`."""

    def latest(self) -> Frame | None:
        """The newest frame, the same object while there is no newer one; None before the first."""
        ...


class SinkState(Enum):
    """See the head of this file."""

    WAITING = "waiting"
    DRIVING = "driving"
    FAIL_SAFE = "fail-safe"


class OutputSink:
    """Takes frames, hands out values. `epoch` grows with each change of state to or from FAIL_SAFE."""

    def __init__(self, *, fail_safe_after_ns: int, start_ns: int) -> None:
        self.state = SinkState.WAITING
        self.epoch = 0
        self.refused_frames = 0
        self._fail_safe_after_ns = fail_safe_after_ns
        self._last_valid_ns = start_ns
        self._frame: Frame | None = None
        self._term = 0
        self._closed = False

    def take(self, frame: Frame | None, now_ns: int) -> SinkState:
        """Look at the newest frame; the state from now on. To be called at least every few ms."""
        if frame is not None and frame is not self._frame:
            if frame.term < self._term:
                self.refused_frames += 1
            else:
                self._frame, self._term = frame, frame.term
        self._enter(self._judge(now_ns))
        return self.state

    def close(self) -> None:
        """From now on only fail-safe values are handed out: io is on its way down."""
        self._closed = True
        self._enter(SinkState.FAIL_SAFE)

    def value(self, point: OutputPoint, now_ns: int) -> Value | None:
        """What to write to the point now, within its limits; None: write nothing."""
        if self.state is SinkState.FAIL_SAFE:
            return point.fail_safe
        frame = self._frame
        if self.state is not SinkState.DRIVING or frame is None or now_ns > frame.valid_until_ns:
            return None
        value = frame.values[point.entry]
        sound = isinstance(value, str) or math.isfinite(value)
        return point.clamp(value) if sound else point.fail_safe

    def holds_ns(self, now_ns: int) -> int:
        """How long the values handed out now may go on being written; 0 when there are none."""
        if self.state is SinkState.FAIL_SAFE:
            return FAIL_SAFE_HOLDS_NS
        if self.state is not SinkState.DRIVING or self._frame is None:
            return 0
        return max(0, self._frame.valid_until_ns - now_ns)

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
        if state is not self.state and SinkState.FAIL_SAFE in (state, self.state):
            self.epoch += 1
        self.state = state
