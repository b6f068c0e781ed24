"""Raft's values as bytes, on the disk and between members: little-endian, every length before what it counts.

Who reads believes nothing: `Reader` raises Malformed for bytes that end early, are left over, or cannot have been
written here, and for nothing else.
"""

import struct
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeVar

from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry, EntryKind, Snapshot

NAME_SIZE_MAX = 64
"""Bytes of a member's name."""
NUMBER_MAX = 1 << 62
"""Of an index, a term or a round; a group that counts a billion a second gets there in 146 years."""
MEMBERS_MAX = 16
"""Of one role; a pair has three members in all, and a learner or two while a box is replaced."""
_U8, _U32, _U64 = (struct.Struct(form) for form in ("<B", "<I", "<Q"))
_KINDS = (EntryKind.NOTHING, EntryKind.COMMAND, EntryKind.CONFIGURATION)
"""By number on the disk and on the wire: new ones come last."""

_T = TypeVar("_T")


class Malformed(ValueError):
    """These bytes were not written by this code, or not all of them are here."""


class Reader:
    """Takes values off the front of bytes. Every method raises Malformed when they are not there."""

    def __init__(self, content: bytes, at: int = 0) -> None:
        self._content = content
        self._at = at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self._at + size
        if end > len(self._content):
            raise Malformed(f"{size} bytes expected at {self._at}, but it ends at {len(self._content)}")
        taken = self._content[self._at : end]
        self._at = end
        return taken

    def small(self) -> int:
        """A number of one byte."""
        return self.take(1)[0]

    def flag(self) -> bool:
        """A byte that is 0 or 1."""
        value = self.small()
        if value > 1:
            raise Malformed(f"{value} is neither yes nor no")
        return value == 1

    def count(self) -> int:
        """A number of four bytes."""
        value: int = _U32.unpack(self.take(_U32.size))[0]
        return value

    def number(self) -> int:
        """An index, a term or a round."""
        value: int = _U64.unpack(self.take(_U64.size))[0]
        if value > NUMBER_MAX:
            raise Malformed(f"{value} is past every index and term")
        return value

    def blob(self) -> bytes:
        """Bytes of any length."""
        return self.take(self.count())

    def text(self) -> str:
        """A member's name; empty is none."""
        size = self.small()
        if size > NAME_SIZE_MAX:
            raise Malformed(f"a name of {size} bytes")
        try:
            return self.take(size).decode()
        except UnicodeDecodeError as fault:
            raise Malformed("a name that is no text") from fault

    def several(self, one: Callable[[], _T], *, most: int) -> tuple[_T, ...]:
        """A counted row of values."""
        size = self.count()
        if size > most:
            raise Malformed(f"{size} values where {most} is the most")
        return tuple(one() for _ in range(size))

    def configuration(self) -> Configuration:
        """What `configuration_bytes` wrote."""
        controllers, witnesses, learners = (self.several(self.text, most=MEMBERS_MAX) for _ in range(3))
        return Configuration(controllers=controllers, witnesses=witnesses, learners=learners)

    def entry(self) -> Entry:
        """What `entry_bytes` wrote."""
        index, term, kind = self.number(), self.number(), self.small()
        if kind >= len(_KINDS):
            raise Malformed(f"{kind} is no kind of entry")
        content = self.blob()
        configuration = self.configuration() if _KINDS[kind] is EntryKind.CONFIGURATION else None
        return Entry(index=index, term=term, kind=_KINDS[kind], content=content, configuration=configuration)

    def entries(self) -> tuple[Entry, ...]:
        """A counted row of entries. Each index follows the one before, and terms never go back."""
        entries = self.several(self.entry, most=len(self._content))
        for before, entry in pairwise(entries):
            if entry.index != before.index + 1 or entry.term < before.term:
                raise Malformed(f"entry {entry.index} of term {entry.term} after {before.index} of {before.term}")
        return entries

    def snapshot(self) -> Snapshot:
        """What `snapshot_bytes` wrote."""
        index, term, configuration = self.number(), self.number(), self.configuration()
        return Snapshot(index=index, term=term, configuration=configuration, content=self.blob())

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._content):
            raise Malformed(f"{len(self._content) - self._at} bytes too many")


def small_bytes(value: int) -> bytes:
    """A number below 256, or a flag."""
    return _U8.pack(value)


def count_bytes(value: int) -> bytes:
    """A number below 2^32."""
    return _U32.pack(value)


def number_bytes(value: int) -> bytes:
    """An index, a term or a round."""
    return _U64.pack(value)


def blob_bytes(content: bytes) -> bytes:
    """Bytes with their length."""
    return _U32.pack(len(content)) + content


def text_bytes(name: str) -> bytes:
    """A name with its length."""
    content = name.encode()
    assert len(content) <= NAME_SIZE_MAX, f"the name {name!r} is too long"
    return _U8.pack(len(content)) + content


def configuration_bytes(configuration: Configuration) -> bytes:
    """Who takes part."""
    roles = (configuration.controllers, configuration.witnesses, configuration.learners)
    return b"".join(_U32.pack(len(names)) + b"".join(text_bytes(name) for name in names) for names in roles)


def entry_bytes(entry: Entry) -> bytes:
    """One entry of the log."""
    head = number_bytes(entry.index) + number_bytes(entry.term) + small_bytes(_KINDS.index(entry.kind))
    assert (entry.configuration is not None) == (entry.kind is EntryKind.CONFIGURATION)
    tail = configuration_bytes(entry.configuration) if entry.configuration is not None else b""
    return head + blob_bytes(entry.content) + tail


def entries_bytes(entries: Iterable[Entry]) -> bytes:
    """A counted row of entries."""
    each = [entry_bytes(entry) for entry in entries]
    return count_bytes(len(each)) + b"".join(each)


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """What compacted entries came to."""
    head = number_bytes(snapshot.index) + number_bytes(snapshot.term) + configuration_bytes(snapshot.configuration)
    return head + blob_bytes(snapshot.content)
