"""Messages of one member to another as one content: version, sender, target, then each message with its size.

A message is its kind, its size, its term, and the fields of the kind in the order of `_FIELDS`. What a member says in
one turn to another goes in one content, for each wakes a thread at both ends and is sealed by itself.

Two members of one version understand each other; another version is refused as a whole, and counted. What no kind of
Raft's is (state frames and their acknowledgements) travels as a `Parcel`, whose content is not looked into here.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from runtime.cluster.encoding import (
    NUMBER_MAX,
    Malformed,
    Reader,
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

VERSION = 3


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
_FLAG = _Form(small_bytes, Reader.flag, "B")
_ENTRIES = _Form(entries_bytes, Reader.entries)
_SNAPSHOT = _Form(snapshot_bytes, Reader.snapshot)

_FIELDS: dict[type[Message], dict[str, _Form]] = {
    VoteRequest: {
        "last_index": _NUMBER,
        "last_term": _NUMBER,
        "trial": _FLAG,
        "handed_over": _FLAG,
        "silence": _NUMBER,
    },
    VoteReply: {"granted": _FLAG, "trial": _FLAG, "silence": _NUMBER},
    Heartbeat: {"round": _NUMBER, "commit": _NUMBER},
    HeartbeatReply: {"round": _NUMBER},
    Append: {"previous_index": _NUMBER, "previous_term": _NUMBER, "entries": _ENTRIES, "commit": _NUMBER},
    AppendReply: {"accepted": _FLAG, "index": _NUMBER, "hint": _NUMBER},
    InstallSnapshot: {"snapshot": _SNAPSHOT},
    HandOver: {},
    Released: {},
    Parcel: {},
}
"""In the order of their numbers on the wire: new kinds come last."""
_KINDS = tuple(_FIELDS)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_HEADS_MAX = 64
"""Heads that are remembered: a member sends and hears few, hundreds of times a second."""
_PART = struct.Struct("<BIQ")
"""Before each message: its kind, the bytes of its fields, its term."""
FIELDS_AT = _PART.size
PARCEL_CONTENT_AT = FIELDS_AT + 1
"""In a part: the fields of a message; and after its label the content of a parcel."""
PART_SIZE_AT = struct.calcsize("<B")


class _Short:
    """A kind of message whose fields are all of fixed size: written and read in one go, for it comes with each beat."""

    def __init__(self, kind: type[Message], fields: dict[str, _Form]) -> None:
        self._kind = kind
        self._names = tuple(fields)
        self._flags = tuple(name for name, form in fields.items() if form is _FLAG)
        self._part = struct.Struct(_PART.format + "".join(form.code for form in fields.values()))
        self._start = (_NUMBERS[kind], self._part.size - _PART.size)
        self._values = attrgetter("term", *fields)

    def write(self, message: Message) -> bytes:
        """The whole part."""
        return self._part.pack(*self._start, *self._values(message))

    def read(self, content: bytes, at: int, end: int, head: "_Head") -> Message:
        """The message of the part from `at` to `end`. Raises Malformed."""
        if end - at != self._part.size:
            raise Malformed(f"{end - at} bytes where {self._part.size} are expected")
        _, _, term, *values = self._part.unpack_from(content, at)
        if term > NUMBER_MAX or max(values) > NUMBER_MAX:
            raise Malformed("a number past every index and term")
        fields = dict(zip(self._names, values, strict=True))
        for name in self._flags:
            if fields[name] > 1:
                raise Malformed(f"{fields[name]} is neither yes nor no")
            fields[name] = fields[name] == 1
        return self._kind(source=head.source, target=head.target, term=term, **fields)


class _Wrapped:
    """A parcel: one comes with each scan, too."""

    def __init__(self) -> None:
        self._number = _NUMBERS[Parcel]

    def write(self, message: Parcel) -> bytes:
        """The whole part."""
        content = message.content
        return _PART.pack(self._number, 1 + len(content), message.term) + small_bytes(message.label) + content

    def read(self, content: bytes, at: int, end: int, head: "_Head") -> Parcel:
        """The parcel of the part from `at` to `end`. Raises Malformed."""
        label = at + _PART.size
        if label >= end:
            raise Malformed("a parcel without a label")
        term = _PART.unpack_from(content, at)[2]
        if term > NUMBER_MAX:
            raise Malformed("a term past every other")
        return Parcel(
            source=head.source, target=head.target, term=term, label=content[label], content=content[label + 1 : end]
        )


_OFTEN: dict[type[Message], Any] = {
    kind: _Short(kind, fields)
    for kind, fields in _FIELDS.items()
    if fields and all(form.code for form in fields.values())
}
_OFTEN[Parcel] = _Wrapped()
"""Kinds that are not put together field by field."""


@dataclass(frozen=True, slots=True)
class _Head:
    source: str
    target: str


def encode(*messages: Message) -> bytes:
    """Messages of one sender to one target, as one content."""
    return content_of(messages[0].source, messages[0].target, map(part_of, messages))


def content_of(source: str, target: str, parts: Iterable[bytes]) -> bytes:
    """What `part_of` made of messages of that sender to that target, as one content."""
    return b"".join((_head_bytes(source, target), *parts))


def part_of(message: Message) -> bytes:
    """A message, as what follows a head."""
    kind = type(message)
    often = _OFTEN.get(kind)
    if often is not None:
        part: bytes = often.write(message)
        return part
    fields = b"".join(form.write(getattr(message, name)) for name, form in _FIELDS[kind].items())
    return _PART.pack(_NUMBERS[kind], len(fields), message.term) + fields


def field_at(kind: type[Message], name: str) -> int:
    """Where in a part a field of that kind lies, which with those before it is of fixed size."""
    names = list(_FIELDS[kind])
    return FIELDS_AT + struct.calcsize("<" + "".join(_FIELDS[kind][n].code for n in names[: names.index(name)]))


def decode(content: bytes) -> list[Message]:
    """The messages of these bytes, which may be anybody's; at least one. Raises Malformed, OtherVersion, and nothing
    else."""
    at = _head_size(content)
    head = _head(content[:at])
    messages: list[Message] = []
    while at < len(content) or not messages:
        start = at
        if start + _PART.size > len(content):
            raise Malformed(f"{len(content) - start} bytes where a message is expected")
        number, size, _ = _PART.unpack_from(content, start)
        at = start + _PART.size + size
        if number >= len(_KINDS) or at > len(content):
            raise Malformed(f"{size} bytes of a kind {number} at {start} of {len(content)}")
        often = _OFTEN.get(_KINDS[number])
        messages.append(often.read(content, start, at, head) if often is not None else _long(content[start:at], head))
    return messages


def _long(part: bytes, head: _Head) -> Message:
    number, _, term = _PART.unpack_from(part)
    kind, reader = _KINDS[number], Reader(part, _PART.size)
    if term > NUMBER_MAX:
        raise Malformed("a term past every other")
    fields = {name: form.read(reader) for name, form in _FIELDS[kind].items()}
    reader.end()
    message: Message = kind(source=head.source, target=head.target, term=term, **fields)
    _check(message)
    return message


@lru_cache(maxsize=_HEADS_MAX)
def _head_bytes(source: str, target: str) -> bytes:
    return b"".join((small_bytes(VERSION), text_bytes(source), text_bytes(target)))


def _head_size(content: bytes) -> int:
    """Bytes before the first message, or all there are where the head is not whole."""
    target = 2 + content[1] if len(content) > 1 else len(content)
    return target + 1 + content[target] if len(content) > target else len(content)


@lru_cache(maxsize=_HEADS_MAX)
def _head(content: bytes) -> _Head:
    """Raises Malformed, OtherVersion."""
    reader = Reader(content)
    version = reader.small()
    if version != VERSION:
        raise OtherVersion(f"version {version} of the protocol, here it is {VERSION}")
    return _Head(reader.text(), reader.text())


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
