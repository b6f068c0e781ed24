"""A stretch of records, packed: a checkpoint and the scans after it, delta coded and deflated, and states to verify.

Delta coding: the numbers in a record's header become differences to those of the record before (modulo 2^64), each page
its exclusive-or with the page of the same device before. What hardly changes becomes zeros, which deflate to nothing.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.core.fault import ConfigFault
from runtime.image.recordring import PART_HEADER, RECORD_HEADER, Part, Record, parse_records, version_of
from runtime.scan.record.replay import Stretch

_WORDS = struct.Struct("<10Q")
_U64 = (1 << 64) - 1
_KEPT_WORDS = 2
"""Length and kind stay as they are: they say where the next record is."""
LEVEL = 3
"""Half the time of zlib's own level, for two fifths more bytes of a busy site; one at rest packs to nothing anyway."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A packed stretch. `version`: of the programs, which an online change counts on. `states`: scan numbers and
    SHA-256 of application memory after them. `wall_ns`: of its end.
    """

    first: int
    last: int
    version: int
    wall_ns: int
    packed: bytes
    states: tuple[tuple[int, str], ...]

    def stretch(self) -> Stretch:
        """What was packed. Raises ConfigFault when the bytes are damaged."""
        try:
            checkpoint, *records = parse_records(_undone(zlib.decompress(self.packed)))
        except (zlib.error, ValueError, struct.error) as damage:
            raise ConfigFault(
                f"the records of scans {self.first} to {self.last} are damaged: {damage}",
                where="recording",
                mend="take the file again from where it was recorded",
            ) from damage
        return Stretch(checkpoint, tuple(records))


@dataclass(slots=True)
class OpenChunk:
    """A stretch that is still growing; `raw` are its records as they came, the checkpoint first."""

    checkpoint: Record
    raw: list[bytes]
    last: int
    wall_ns: int
    states: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0

    @classmethod
    def begun(cls, checkpoint: Record, raw: bytes) -> "OpenChunk":
        """A stretch of no scans yet."""
        return cls(checkpoint, [raw], checkpoint.scan_no, checkpoint.wall_ns, size=len(raw))

    def add(self, record: Record, raw: bytes) -> None:
        """The next scan."""
        self.raw.append(raw)
        self.size += len(raw)
        self.last, self.wall_ns = record.scan_no, record.wall_ns

    def packed(self) -> Chunk:
        """As it is now, packed."""
        packed = zlib.compress(_deltas(self.raw), LEVEL)
        states = tuple(s for s in self.states if self.checkpoint.scan_no < s[0] <= self.last)
        return Chunk(self.checkpoint.scan_no + 1, self.last, version_of(self.checkpoint), self.wall_ns, packed, states)


def split_records(raw: bytes) -> Iterable[tuple[Record, bytes]]:
    """Each record with its own bytes."""
    at = 0
    for record in parse_records(raw):
        length = RECORD_HEADER.unpack_from(raw, at)[0]
        yield record, raw[at : at + length]
        at += length


def _deltas(raws: Iterable[bytes]) -> bytes:
    former = (0,) * 10
    pages: dict[int, bytes] = {}
    out: list[bytes] = []
    for raw in raws:
        words = _WORDS.unpack_from(raw)
        changed = [words[i] if i < _KEPT_WORDS else (words[i] - former[i]) & _U64 for i in range(10)]
        out += [_WORDS.pack(*changed), _pages_crossed(raw, pages, undo=False)]
        former = words
    return b"".join(out)


def _undone(coded: bytes) -> bytes:
    former = [0] * 10
    pages: dict[int, bytes] = {}
    out: list[bytes] = []
    at = 0
    while at < len(coded):
        words = list(_WORDS.unpack_from(coded, at))
        length = words[0]
        if length < _WORDS.size or length % 8 or at + length > len(coded):
            raise ValueError(f"a record cannot have {length} bytes here")
        former = [words[i] if i < _KEPT_WORDS else (words[i] + former[i]) & _U64 for i in range(10)]
        out += [_WORDS.pack(*former), _pages_crossed(coded[at : at + length], pages, undo=True)]
        at += length
    return b"".join(out)


def _pages_crossed(raw: bytes, pages: dict[int, bytes], *, undo: bool) -> bytes:
    """The parts of a record with its pages crossed with the former ones; `pages` keeps the plain pages."""
    if len(raw) == _WORDS.size:
        return b""
    out: list[bytes] = []
    at = _WORDS.size
    while at < len(raw):
        part, index, size = PART_HEADER.unpack_from(raw, at)
        content = raw[at + PART_HEADER.size : at + PART_HEADER.size + size]
        out.append(raw[at : at + PART_HEADER.size])
        if part == Part.PAGE:
            crossed = _crossed(content, pages.get(index, b""))
            pages[index] = crossed if undo else content
            content = crossed
        out.append(content)
        at += PART_HEADER.size + size
    return b"".join(out)


def _crossed(content: bytes, former: bytes) -> bytes:
    if len(content) != len(former):
        return content
    return (int.from_bytes(content, "little") ^ int.from_bytes(former, "little")).to_bytes(len(content), "little")


assert RECORD_HEADER.size == _WORDS.size
