"""The flight recorder: follows the record ring, keeps the last minutes packed in bounded memory, hands them out frozen.

Records that the scan has overwritten before they were read are lost; that is marked by a gap, and recording begins
again with a full checkpoint. Pure but for the ring it reads: the caller brings the time.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from runtime.image.recordring import Record, RecordKind
from runtime.scan.record.chunk import Chunk, OpenChunk, split_records

CHECKPOINT_EVERY_SCANS = 1000
"""Scans in a chunk: what a replay runs at most to get anywhere within it. Ten seconds at 10 ms."""
OPEN_SIZE_MAX = 4 << 20
"""Bytes of a chunk before it is packed: a large site gets its checkpoints sooner."""

TakeRecords = Callable[[], bytes | None]
AskCheckpoint = Callable[[], None]


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """How far back the recorder remembers: so long, and in no more than so many packed bytes."""

    keep_ns: int
    size_max: int


class FlightRecorder:
    """Keeps what the scans took in. One caller polls it several times a second."""

    def __init__(self, take: TakeRecords, ask_checkpoint: AskCheckpoint, limits: RecorderLimits) -> None:
        self._take, self._ask, self._limits = take, ask_checkpoint, limits
        self._packed: deque[Chunk] = deque()
        self._open: OpenChunk | None = None
        self._states: deque[tuple[int, str]] = deque(maxlen=CHECKPOINT_EVERY_SCANS)
        self._asked = False
        self.lost_count = 0
        """How often records were lost."""
        self.ask()

    def ask(self) -> None:
        """Have the next scan leave a checkpoint."""
        self._ask()
        self._asked = True

    def follow(self, take: TakeRecords, ask_checkpoint: AskCheckpoint) -> None:
        """Another version of the programs runs, with a ring of its own: what is left in the old one is taken first."""
        self.poll()
        self._close()
        self._take, self._ask, self._asked = take, ask_checkpoint, False

    def note_state(self, scan_no: int, memory: bytes) -> None:
        """Application memory as it was after a scan, for a replay to compare with."""
        state = (scan_no, hashlib.sha256(memory).hexdigest())
        if self._open is not None and state[0] > self._open.checkpoint.scan_no:
            self._open.states.append(state)

    def poll(self) -> None:
        """Take over what the scans have left since the last call."""
        raw = self._take()
        if raw is None:
            self._lose()
            return
        for record, content in split_records(raw):
            self._follow(record, content)
        grown = self._open
        if grown is None and not self._asked:
            self.ask()
        full = grown is not None and (len(grown.raw) > CHECKPOINT_EVERY_SCANS or grown.size > OPEN_SIZE_MAX)
        if full and not self._asked:
            self.ask()

    @property
    def first_scan(self) -> int | None:
        """The oldest scan that is remembered; None when there is none."""
        if self._packed:
            return self._packed[0].first
        return self._open.checkpoint.scan_no + 1 if self._open is not None and len(self._open.raw) > 1 else None

    def frozen(self) -> list[Chunk]:
        """All that is remembered, oldest first."""
        grown = [self._open.packed()] if self._open is not None and len(self._open.raw) > 1 else []
        return [*self._packed, *grown]

    def _follow(self, record: Record, raw: bytes) -> None:
        grown = self._open
        if record.kind is RecordKind.CHECKPOINT:
            self._close()
            self._open, self._asked = OpenChunk.begun(record, raw), False
        elif grown is not None and record.scan_no == grown.last + 1:
            grown.add(record, raw)
        elif grown is not None:
            self._lose()

    def _lose(self) -> None:
        self.lost_count += 1
        self._close()
        self.ask()

    def _close(self) -> None:
        if self._open is not None and len(self._open.raw) > 1:
            self._packed.append(self._open.packed())
        self._open = None
        packed, limits = self._packed, self._limits
        while len(packed) > 1 and (
            packed[-1].wall_ns - packed[1].wall_ns > limits.keep_ns
            or sum(len(chunk.packed) for chunk in packed) > limits.size_max
        ):
            packed.popleft()
