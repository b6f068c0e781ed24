"""Spans: application memory cut into few long pieces that hold the inputs, so that restoring them is copying.

Tags of a device lie beside each other more often than not. Inputs without a gap between them form a *whole* span,
copied as it is. Where others lie in between (an output in the same structure, padding), the span is *mixed*, of whole
8-byte words, and a mask tells whose each byte is. A gap longer than GAP_MAX ends a span. An input that no program
stores into needs no restoring at all.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP_MAX = 32
"""Bytes of others that are rather stepped over than left out: half a cache line, which is fetched anyway."""
WHOLE_MIN = 64
"""Bytes from which on a call of memcpy costs less than words with a mask."""
_WORD = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """`size` bytes from `offset` on in application memory."""

    offset: int
    size: int

    @property
    def end(self) -> int:
        """Behind its last byte."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Spans:
    """Where inputs lie. `mask` is as long as the memory: a byte of ones for each byte of an input."""

    whole: tuple[Piece, ...]
    mixed: tuple[Piece, ...]
    mask: bytes


def overlap(inputs: Iterable[Piece]) -> bool:
    """True when two inputs share a byte, as variables at addresses (`AT %IW4`, `AT %IB8`) may."""
    ordered = sorted(inputs, key=lambda piece: (piece.offset, piece.end))
    return any(one.end > other.offset for one, other in pairwise(ordered))


def apart(pieces: Iterable[Piece], stretches: Sequence[tuple[int, int]]) -> list[Piece]:
    """The pieces that share no byte with stretches of memory (first byte, behind the last), given in order."""
    ends = [end for _, end in stretches]
    found = []
    for piece in pieces:
        number = bisect_right(ends, piece.offset)
        if number == len(stretches) or stretches[number][0] >= piece.end:
            found.append(piece)
    return found


def find_spans(inputs: Iterable[Piece], memory_size: int) -> Spans:
    """The spans of inputs that do not overlap, in memory of so many bytes, a multiple of 8."""
    mask = bytearray(memory_size)
    runs: list[list[Piece]] = []
    for piece in sorted(inputs, key=lambda piece: piece.offset):
        mask[piece.offset : piece.end] = b"\xff" * piece.size
        if not runs or piece.offset - runs[-1][-1].end > 0:
            runs.append([])
        runs[-1].append(piece)
    solid = [Piece(run[0].offset, run[-1].end - run[0].offset) for run in runs]
    whole = tuple(piece for piece in solid if piece.size >= WHOLE_MIN)
    return Spans(whole, tuple(_mixed([piece for piece in solid if piece.size < WHOLE_MIN])), bytes(mask))


def _mixed(pieces: list[Piece]) -> list[Piece]:
    """Pieces in order, joined over gaps, widened to whole words. A word may also hold bytes of a whole span: that is
    the same value twice."""
    made: list[Piece] = []
    for piece in pieces:
        start, end = piece.offset // _WORD * _WORD, (piece.end + _WORD - 1) // _WORD * _WORD
        if made and start - made[-1].end <= GAP_MAX:
            start = made.pop().offset
        made.append(Piece(start, end - start))
    return made
