"""Messages as bytes: version, kind, sender, target, term, then the fields of the kind in the order of `_FIELDS`.

Two members of one version understand each other; another version is refused as a whole, and counted. What no kind of
Raft's is (state frames and their acknowledgements) travels as a `Parcel`, whose content is not looked into here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.cluster.encoding import (
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
    write: Callable[[Any], bytes]
    read: Callable[[Reader], Any]


_NUMBER = _Form(number_bytes, Reader.number)
_SMALL = _Form(small_bytes, Reader.small)
_FLAG = _Form(small_bytes, Reader.flag)
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


def encode(message: Message) -> bytes:
    """A message as bytes."""
    kind = type(message)
    head = (small_bytes(VERSION), small_bytes(_NUMBERS[kind]), text_bytes(message.source), text_bytes(message.target))
    fields = (form.write(getattr(message, name)) for name, form in _FIELDS[kind].items())
    return b"".join((*head, number_bytes(message.term), *fields))


def decode(content: bytes) -> Message:
    """The message of these bytes, which may be anybody's. Raises Malformed, OtherVersion, and nothing else."""
    reader = Reader(content)
    version = reader.small()
    if version != VERSION:
        raise OtherVersion(f"version {version} of the protocol, here it is {VERSION}")
    number = reader.small()
    if number >= len(_KINDS):
        raise Malformed(f"{number} is no kind of message")
    kind = _KINDS[number]
    source, target, term = reader.text(), reader.text(), reader.number()
    fields = {name: form.read(reader) for name, form in _FIELDS[kind].items()}
    reader.end()
    message = kind(source=source, target=target, term=term, **fields)
    _check(message)
    return message


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
