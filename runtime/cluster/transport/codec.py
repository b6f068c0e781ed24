"""Messages as bytes: version, kind, sender, target, term, then the fields of the kind in the order of `_FIELDS`.

Two members of one version understand each other; another version is refused as a whole, and counted. What no kind of
Raft's is (state frames and their acknowledgements) travels as a `Parcel`, whose content is not looked into here.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from runtime.cluster.encoding import (
    NUMBER_MAX,
    Malformed,
    Reader,
    blob_bytes,
    entries_bytes,
    number_bytes,
    small_bytes,
    snapshot_bytes,
    text_bytes,
)
from runtime.raft.message import (
    Append,
    AppendReply,
    HandOver,
    Heartbeat,
    HeartbeatReply,
    InstallSnapshot,
    Message,
    Released,
    VoteReply,
    VoteRequest,
)

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel(Message):
    """Bytes for another part of the target; `label` (0 to 255) tells which."""

    label: int
    content: bytes


class OtherVersion(Malformed):
    """Whole perhaps, but from another version of this code."""


@dataclass(frozen=True, slots=True)
class _Form:
    """`code`: of the value in a `struct`, where all are of one size."""

    write: Callable[[Any], bytes]
    read: Callable[[Reader], Any]
    code: str = ""


_NUMBER = _Form(number_bytes, Reader.number, "Q")
_SMALL = _Form(small_bytes, Reader.small, "B")
_FLAG = _Form(small_bytes, Reader.flag, "B")
_BLOB = _Form(blob_bytes, Reader.blob)
_ENTRIES = _Form(entries_bytes, Reader.entries)
_SNAPSHOT = _Form(snapshot_bytes, Reader.snapshot)

_FIELDS: dict[type[Message], dict[str, _Form]] = {
    VoteRequest: {"last_index": _NUMBER, "last_term": _NUMBER, "trial": _FLAG, "handed_over": _FLAG},
    VoteReply: {"granted": _FLAG, "trial": _FLAG},
    Heartbeat: {"round": _NUMBER, "commit": _NUMBER},
    HeartbeatReply: {"round": _NUMBER},
    Append: {"previous_index": _NUMBER, "previous_term": _NUMBER, "entries": _ENTRIES, "commit": _NUMBER},
    AppendReply: {"accepted": _FLAG, "index": _NUMBER, "hint": _NUMBER},
    InstallSnapshot: {"snapshot": _SNAPSHOT},
    HandOver: {},
    Released: {},
    Parcel: {"label": _SMALL, "content": _BLOB},
}
"""In the order of their numbers on the wire: new kinds come last."""
_KINDS = tuple(_FIELDS)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_HEADS_MAX = 64
"""Heads that are remembered: a member sends and hears few, hundreds of times a second."""


class _Short:
    """A kind of message whose fields are all of fixed size: written and read in one go, for it comes with each beat."""

    def __init__(self, fields: dict[str, _Form]) -> None:
        self._names = tuple(fields)
        self._flags = tuple(name for name, form in fields.items() if form is _FLAG)
        self._words = struct.Struct("<Q" + "".join(form.code for form in fields.values()))
        self._values = attrgetter("term", *fields)

    def write(self, message: Message) -> bytes:
        """Term and fields."""
        return self._words.pack(*self._values(message))

    def read(self, content: bytes, at: int) -> tuple[int, dict[str, Any]]:
        """Term and fields again, which must be all that follows. Raises Malformed."""
        if len(content) != at + self._words.size:
            raise Malformed(f"{len(content)} bytes where {at + self._words.size} are expected")
        term, *values = self._words.unpack_from(content, at)
        if term > NUMBER_MAX or max(values) > NUMBER_MAX:
            raise Malformed("a number past every index and term")
        fields = dict(zip(self._names, values, strict=True))
        for name in self._flags:
            if fields[name] > 1:
                raise Malformed(f"{fields[name]} is neither yes nor no")
            fields[name] = fields[name] == 1
        return term, fields


_SHORT = {
    kind: _Short(fields) for kind, fields in _FIELDS.items() if fields and all(form.code for form in fields.values())
}


def encode(message: Message) -> bytes:
    """A message as bytes."""
    kind = type(message)
    head, short = _head_bytes(_NUMBERS[kind], message.source, message.target), _SHORT.get(kind)
    if short is not None:
        return head + short.write(message)
    fields = (form.write(getattr(message, name)) for name, form in _FIELDS[kind].items())
    return b"".join((head, number_bytes(message.term), *fields))


def decode(content: bytes) -> Message:
    """The message of these bytes, which may be anybody's. Raises Malformed, OtherVersion, and nothing else."""
    at = _head_size(content)
    kind, source, target = _head(content[:at])
    short = _SHORT.get(kind)
    if short is not None:
        term, fields = short.read(content, at)
        return kind(source=source, target=target, term=term, **fields)
    reader = Reader(content, at)
    term = reader.number()
    fields = {name: form.read(reader) for name, form in _FIELDS[kind].items()}
    reader.end()
    message = kind(source=source, target=target, term=term, **fields)
    _check(message)
    return message


@lru_cache(maxsize=_HEADS_MAX)
def _head_bytes(kind: int, source: str, target: str) -> bytes:
    return b"".join((small_bytes(VERSION), small_bytes(kind), text_bytes(source), text_bytes(target)))


def _head_size(content: bytes) -> int:
    """Bytes before the term, or all there are where the head is not whole."""
    target = 3 + content[2] if len(content) > 2 else len(content)
    return target + 1 + content[target] if len(content) > target else len(content)


@lru_cache(maxsize=_HEADS_MAX)
def _head(content: bytes) -> tuple[type[Message], str, str]:
    """Kind, source and target. Raises Malformed, OtherVersion."""
    reader = Reader(content)
    version = reader.small()
    if version != VERSION:
        raise OtherVersion(f"version {version} of the protocol, here it is {VERSION}")
    number = reader.small()
    if number >= len(_KINDS):
        raise Malformed(f"{number} is no kind of message")
    return _KINDS[number], reader.text(), reader.text()


def _check(message: Message) -> None:
    """What the core takes for granted of a message, whoever it is from."""
    if isinstance(message, Append) and message.entries:
        first, last = message.entries[0], message.entries[-1]
        if first.index != message.previous_index + 1 or first.term < message.previous_term:
            raise Malformed("entries that do not follow their predecessor")
        if last.term > message.term:
            raise Malformed("an entry of a term to come")
    if isinstance(message, InstallSnapshot) and message.snapshot.term > message.term:
        raise Malformed("a snapshot of a term to come")
