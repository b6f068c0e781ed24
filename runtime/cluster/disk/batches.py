"""A file of batches, each durable before the next is begun; what a crash may leave of it, and what it may not.

A batch is a header (magic, the file's own mark, number, size and CRC-32 of the body, CRC-32 of the header) and a body.
Because a write begins only once the batch before it is synced, a power cut can harm nothing but the last batch: that is
*torn*, was never acknowledged, and is left out. A batch that is not whole and has anything of a later one behind it was
synced: then the disk has lost or changed what it had promised to keep, and nothing in the file is believed any more.

In the very last batch a flipped bit looks like a tear. So an empty batch, the *seal*, follows as soon as nothing else
is to be written: behind it, every flipped bit is found. (Alagappan et al., "Protocol-Aware Recovery for Consensus-Based
Storage", FAST 2018, 3.3, tells crash from corruption by the same means.)
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

MARK_SIZE = 8
"""Bytes drawn by chance for each file: what looks like a batch inside a batch's body is none of this file."""
_MAGIC = b"VRF1"
_HEADER = struct.Struct(f"<4s{MARK_SIZE}sQII")
_CRC = struct.Struct("<I")
HEADER_SIZE = _HEADER.size + _CRC.size


class Damaged(Exception):
    """The file does not hold what was synced into it."""


@dataclass(frozen=True, slots=True)
class _Header:
    mark: bytes
    number: int
    size: int
    crc: int


def batch_bytes(mark: bytes, number: int, body: bytes) -> bytes:
    """One batch; the first of a file has number 0."""
    header = _HEADER.pack(_MAGIC, mark, number, len(body), zlib.crc32(body))
    return header + _CRC.pack(zlib.crc32(header)) + body


def read_batches(content: bytes) -> Sequence[bytes]:
    """The bodies of a file's batches, without one that is torn. Raises Damaged."""
    first = _header(content, 0)
    if first is None:
        raise Damaged("its beginning is not that of a log")
    bodies: list[bytes] = []
    at = 0
    while at < len(content):
        header = _header(content, at)
        if header is None or header.mark != first.mark:
            _check_torn(content, at, first.mark)
            break
        if header.number != len(bodies):
            raise Damaged(f"batch {header.number} stands where {len(bodies)} should, at byte {at}")
        end = at + HEADER_SIZE + header.size
        body = content[at + HEADER_SIZE : end]
        if len(body) < header.size or zlib.crc32(body) != header.crc:
            if end < len(content):
                raise Damaged(f"batch {header.number} at byte {at} has changed since it was written")
            break
        bodies.append(body)
        at = end
    if not bodies:  # a file gets its name only when its first batch is durable
        raise Damaged("its first batch has changed since it was written")
    return bodies


def _check_torn(content: bytes, at: int, mark: bytes) -> None:
    """Nothing of a later batch follows, so this one may never have been synced."""
    found = content.find(_MAGIC + mark, at + 1)
    while found >= 0:
        if _header(content, found) is not None:
            raise Damaged(f"what stands at byte {at} has changed since it was written")
        found = content.find(_MAGIC + mark, found + 1)


def _header(content: bytes, at: int) -> _Header | None:
    whole = content[at : at + HEADER_SIZE]
    if len(whole) < HEADER_SIZE or whole[:4] != _MAGIC:
        return None
    if _CRC.unpack_from(whole, _HEADER.size)[0] != zlib.crc32(whole[: _HEADER.size]):
        return None
    _, mark, number, size, crc = _HEADER.unpack_from(whole)
    return _Header(mark, number, size, crc)
