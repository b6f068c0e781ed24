"""Replays a recording from end to end and says whether it is the run it was, to the bit, and where not."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from runtime.image.recordring import Part, Record
from runtime.scan.change.changeplan import memory_after
from runtime.scan.record.chunk import Chunk
from runtime.scan.record.replay import Replay

OnScan = Callable[[Replay, Record], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a replay found. `diverged`: the first scan with another frame or state than recorded, and which."""

    scans: int
    frames: int
    states: int
    gaps: tuple[tuple[int, int], ...]
    diverged: tuple[int, str] | None

    @property
    def exact(self) -> bool:
        """True when nothing differs."""
        return self.diverged is None


def verify(replays: Mapping[int, Replay], chunks: Sequence[Chunk], on_scan: OnScan = lambda *_: None) -> Verified:
    """Run every recorded scan, with the replay of its version; compare every output frame, the states that were noted,
    and what an online change between two chunks made of the state. Stops at a difference."""
    scans = states = 0
    before: Chunk | None = None
    for chunk in chunks:
        stretch, replay = chunk.stretch(), replays[chunk.version]
        noted = dict(chunk.states)
        if before is not None and before.version != chunk.version and before.last + 1 == chunk.first:
            states += 1
            if not _is_carried_over(replays[before.version], replay, stretch.checkpoint):
                return Verified(scans, scans, states, gaps_of(chunks), (before.last, "change-over"))
        before = chunk
        replay.restore(stretch.checkpoint)
        for record in stretch.records:
            same = replay.step(record)
            scans += 1
            on_scan(replay, record)
            if not same:
                return Verified(scans, scans, states, gaps_of(chunks), (record.scan_no, "output frame"))
            expected = noted.get(record.scan_no)
            if expected is not None:
                states += 1
                if hashlib.sha256(replay.scan.memory).hexdigest() != expected:
                    return Verified(scans, scans, states, gaps_of(chunks), (record.scan_no, "application memory"))
    return Verified(scans, scans, states, gaps_of(chunks), None)


def _is_carried_over(former: Replay, now: Replay, checkpoint: Record) -> bool:
    """True when the new version began with what the moves make of the former one's last state."""
    expected = memory_after(
        former.scan.manifest,
        now.scan.manifest,
        old_initial=former.initial,
        new_initial=now.initial,
        memory=bytes(former.scan.memory),
    )
    return [content for part, _, content in checkpoint.parts if part is Part.MEMORY] == [expected]


def gaps_of(chunks: Sequence[Chunk]) -> tuple[tuple[int, int], ...]:
    """Between which scans records are missing; a smaller second number is a new start of the scan process.

    A chunk begins after the scan of its checkpoint: that scan is the last of the chunk before.
    """
    return tuple((a.last, b.first) for a, b in pairwise(chunks) if b.first != a.last + 1)
