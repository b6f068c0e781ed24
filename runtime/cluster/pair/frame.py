"""State frames: the whole state of the leader's programs after one scan, or what changed in it since the one before.

As bytes: a header of fixed shape with a CRC of it and of what follows, then the memory or its changed blocks.
`memory_sum` is the check sum of the whole memory after the frame, so that a standby that applied a delta to the wrong
base finds out.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from runtime.image.delta import Differ, check_sum, patch

_HEAD_FIELDS = {
    "magic": "B",
    "term": "Q",
    "scan_no": "Q",
    "base_scan": "Q",
    "plc_now_ns": "q",
    "applied_index": "Q",
    "size": "I",
    "memory_sum": "Q",
    "version": "Q",
    "life": "Q",
}
_HEAD = struct.Struct("<" + "".join(_HEAD_FIELDS.values()))
HEAD_SIZE = _HEAD.size
ALL_LINKS = (1 << 64) - 1
"""No link is reached: io itself stands."""
_MAGIC = 0x5B
_COUNT = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Application memory after scan `scan_no`, of which version of the programs and with which commands in it."""

    scan_no: int
    plc_now_ns: int
    applied_index: int
    memory: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One scan's state on its way. `base_scan` 0: whole; else `body` holds what changed since that scan's.

    `life`: the standby's that it is meant for. What was under way to an earlier life, and is older than what that one
    acknowledged, must not look like a new state to one that has just begun with none.
    """

    term: int
    scan_no: int
    base_scan: int
    plc_now_ns: int
    applied_index: int
    size: int
    memory_sum: int
    version: int
    life: int
    body: bytes


class Need(IntEnum):
    """What the standby needs to go on."""

    NOTHING = 0
    WHOLE = 1
    """It cannot apply deltas just now."""
    PROGRAM = 2
    """It runs other programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameAck:
    """The standby holds the state of every frame of that term up to `scan_no`, or says what it needs."""

    term: int
    scan_no: int
    need: Need
    life: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a controller tells the other of itself, now and then.

    `life`: since when it runs, as a number that no earlier life had. `state_term`, `scan_no`: the state it holds; 0:
    none. `version`: of the programs that its scan runs. `links_lost`: a bit for each driven link that its io reaches no
    more. `wanted`: the version that a leader is about to go over to. `prepared`: that which a standby could go over to
    at once. `refused`: that which it cannot, and `why_not`. `reaches_witness`: whether that answers it.
    """

    source: str
    life: int
    term: int
    state_term: int
    scan_no: int
    version: int
    links_lost: int
    wanted: int = 0
    prepared: int = 0
    refused: int = 0
    why_not: str = ""
    reaches_witness: bool = True


StreamMessage = Frame | FrameAck | Standing


@lru_cache(maxsize=2)
def _differ(size: int) -> Differ:
    """Of the version that runs, and of the next one."""
    return Differ(size)


def make_frame(state: State, before: State | None, *, term: int, version: int, life: int) -> Frame:
    """The frame that leads from `before` to `state`; a whole one where that is shorter or there is no `before`."""
    body, base, memory_sum = state.memory, 0, 0
    if before is not None and len(before.memory) == len(state.memory):
        changed, memory_sum = _differ(len(body)).delta(before.memory, body)
        if len(changed) < len(body):
            body, base = changed, before.scan_no
    if not base:
        memory_sum = check_sum(state.memory)
    return Frame(
        term=term,
        scan_no=state.scan_no,
        base_scan=base,
        plc_now_ns=state.plc_now_ns,
        applied_index=state.applied_index,
        size=len(state.memory),
        memory_sum=memory_sum,
        version=version,
        life=life,
        body=body,
    )


def take_frame(frame: Frame, before: State | None) -> State | None:
    """The state after the frame; None when it does not fit on `before` or is damaged."""
    if frame.base_scan == 0:
        memory = frame.body
    elif before is None or before.scan_no != frame.base_scan or len(before.memory) != frame.size:
        return None
    else:
        patched = patch(before.memory, frame.body)
        if patched is None:
            return None
        memory = patched
    if len(memory) != frame.size or check_sum(memory) != frame.memory_sum:
        return None
    return State(scan_no=frame.scan_no, plc_now_ns=frame.plc_now_ns, applied_index=frame.applied_index, memory=memory)


def encode_frame(frame: Frame) -> bytes:
    """The frame as bytes."""
    head = _HEAD.pack(
        _MAGIC,
        frame.term,
        frame.scan_no,
        frame.base_scan,
        frame.plc_now_ns,
        frame.applied_index,
        frame.size,
        frame.memory_sum,
        frame.version,
        frame.life,
    )
    return head + _COUNT.pack(zlib.crc32(frame.body, zlib.crc32(head))) + frame.body


def head_at(name: str) -> int:
    """Where in a frame as bytes a number of its head lies."""
    names = list(_HEAD_FIELDS)
    return struct.calcsize("<" + "".join(_HEAD_FIELDS[n] for n in names[: names.index(name)]))


def decode_frame(content: bytes) -> Frame | None:
    """The frame again; None for bytes that are damaged or none."""
    body = _HEAD.size + _COUNT.size
    if len(content) < body or content[0] != _MAGIC:
        return None
    head = content[: _HEAD.size]
    if zlib.crc32(content[body:], zlib.crc32(head)) != _COUNT.unpack_from(content, _HEAD.size)[0]:
        return None
    _, term, scan_no, base, plc_now_ns, applied, size, memory_sum, version, life = _HEAD.unpack(head)
    return Frame(
        term=term,
        scan_no=scan_no,
        base_scan=base,
        plc_now_ns=plc_now_ns,
        applied_index=applied,
        size=size,
        memory_sum=memory_sum,
        version=version,
        life=life,
        body=content[body:],
    )
