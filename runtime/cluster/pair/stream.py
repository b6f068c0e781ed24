"""The state stream: frames of the leader to its standby, one a scan, and what the standby answers.

Nothing is sent twice by itself: a frame that was lost shows when the next one does not fit, and the standby asks for a
whole one. A standby that answers nothing gets no more than AHEAD_MAX frames, then a whole one a while later. Nothing
follows a whole frame until it is answered: it is large, and what is small overtakes it (transport/post.py).
"""

from collections import deque
from dataclasses import dataclass, field

from runtime.cluster.pair.frame import Frame, FrameAck, Need, State, make_frame, take_frame

AHEAD_MAX = 4
"""Frames that may be on their way; more would only wait behind each other."""


@dataclass(slots=True)
class LeaderStream:
    """Of the leader, in one term. `again_ns`: after so long without an answer a whole frame is tried again.

    `life`: the standby's that is streamed to; 0: none is known yet.
    """

    term: int
    version: int
    again_ns: int
    life: int = 0
    replicated: int = 0
    in_a_row: int = 0
    need: Need = Need.WHOLE
    newest: State | None = None
    waiting_since_ns: int | None = None
    """Since when the oldest frame that is not acknowledged has been under way; None when none is."""
    _sent: deque[tuple[int, int]] = field(default_factory=deque)
    _before: State | None = None
    _last_sent_ns: int = 0
    _ahead_max: int = AHEAD_MAX

    def scan(self, state: State, now_ns: int) -> Frame | None:
        """A scan has ended in this state: the frame to send, if one can be taken."""
        self.newest = state
        if self.waiting_since_ns is None:
            self.waiting_since_ns = now_ns
        if not self.life:
            return None
        if self.need is Need.PROGRAM:
            if now_ns - self._last_sent_ns < self.again_ns:
                return None
            self.need = Need.WHOLE
        if len(self._sent) >= self._ahead_max:
            if now_ns - self._last_sent_ns < self.again_ns:
                return None
            self._sent.clear()
            self.need = Need.WHOLE
        before = None if self.need is Need.WHOLE else self._before
        frame = make_frame(state, before, term=self.term, version=self.version, life=self.life)
        self._ahead_max = AHEAD_MAX if frame.base_scan else 1
        self.need, self._before, self._last_sent_ns = Need.NOTHING, state, now_ns
        self._sent.append((state.scan_no, now_ns))
        return frame

    def go_over(self, version: int) -> None:
        """Programs are of another version from the next scan on: what the standby holds is no base for its states."""
        self.version, self.need, self.in_a_row = version, Need.WHOLE, 0
        self._sent.clear()

    def meet(self, life: int) -> None:
        """The standby says which life it is in; another one than before knows nothing."""
        if life != self.life:
            self.life, self.need, self.in_a_row = life, Need.WHOLE, 0
            self._sent.clear()

    def acknowledged(self, ack: FrameAck) -> None:
        """The standby has answered."""
        if ack.term != self.term or ack.life != self.life:
            return
        if ack.need is not Need.NOTHING:
            self.need, self.in_a_row = ack.need, 0
            self._sent.clear()
            return
        if ack.scan_no > self.replicated:
            self.replicated = ack.scan_no
            self.in_a_row += 1
        while self._sent and self._sent[0][0] <= ack.scan_no:
            self._sent.popleft()
        if self.lag == 0:
            self.waiting_since_ns = None
        elif self._sent:
            self.waiting_since_ns = self._sent[0][1]

    @property
    def settled(self) -> State | None:
        """The newest state, if the standby has acknowledged it and its next one can be told by what changes."""
        is_settled = self._before is self.newest and not self._sent and self.lag == 0 and self.life != 0
        return self.newest if is_settled and self.need is Need.NOTHING else None

    def catch_up(
        self, state: State | None, sent_ns: int, *, replicated: int, answered: int, is_under_way: bool
    ) -> None:
        """Frames were sent in this stream's stead from where it was `settled`, the last one, of `state`, then; None:
        there was none. All but the last are answered."""
        self.replicated, self.in_a_row = replicated, self.in_a_row + answered
        if state is None:
            return
        self.newest = self._before = state
        self._last_sent_ns, self._ahead_max = sent_ns, AHEAD_MAX
        self.waiting_since_ns = sent_ns if is_under_way else None
        if is_under_way:
            self._sent.append((state.scan_no, sent_ns))

    @property
    def is_held(self) -> bool:
        """Whether the standby, as it lives now, holds the newest state or the one before, of the version that runs."""
        return self.need is Need.NOTHING and self.in_a_row > 0 and self.lag <= 1

    @property
    def lag(self) -> int:
        """Scans that the standby is behind."""
        return 0 if self.newest is None else self.newest.scan_no - self.replicated


@dataclass(slots=True)
class StandbyStream:
    """Of a controller that does not lead: the newest whole state it holds, of which term and of which version.

    `version` is that of the own scan. `prepared`: another one, whose states are taken too because scan, io and gateway
    are ready to go over to it; 0: none.
    """

    version: int
    life: int
    term: int = 0
    state: State | None = None
    state_version: int = 0
    prepared: int = 0

    def hold(self, term: int, state: State, version: int) -> None:
        """This is the newest state."""
        self.term, self.state, self.state_version = term, state, version

    def is_older_than(self, term: int, scan_no: int) -> bool:
        """Whether what is held is of before that scan."""
        return self.state is None or (self.term, self.state.scan_no) < (term, scan_no)

    def take(self, frame: Frame) -> tuple[FrameAck | None, bool]:
        """Apply a frame of the leader; what to answer, and whether there is a newer state."""
        if frame.life != self.life:
            return None, False
        if frame.version not in (self.version, self.prepared):
            return self._answer(frame, Need.PROGRAM), False
        here = self.state if self.term == frame.term else None
        if here is not None and frame.scan_no <= here.scan_no:
            return self._answer(frame, Need.NOTHING), False  # it was under way for long
        state = take_frame(frame, here if self.state_version == frame.version else None)
        if state is None:
            return self._answer(frame, Need.WHOLE), False
        self.hold(frame.term, state, frame.version)
        return self._answer(frame, Need.NOTHING), True

    def _answer(self, frame: Frame, need: Need) -> FrameAck:
        known = self.state.scan_no if self.state is not None and self.term == frame.term else 0
        return FrameAck(term=frame.term, scan_no=known, need=need, life=self.life)
