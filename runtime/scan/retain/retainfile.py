"""Retained values on disk: two files written in turn, so that a power cut at any instant leaves a whole state.

Each file is one state: header, layout (names and types of the variables, with the offsets of their values), values,
and a SHA-256 over all of it; bytes behind that are left over from a longer state and mean nothing. A state is written
over the *older* file and synced before the next one starts, so whatever a cut leaves of the file being written, the
other one is whole: the last or the one-before-last state is there, never a mixture of two. When a write fails, the
next one goes to the same file again, because the other holds the only state that is known to be whole.
"""

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from runtime.core.tag import TagTable

FILES = ("retain.a", "retain.b")
_MAGIC = b"VRETAIN1"
_HEADER = struct.Struct("<8sQqQQ")
"""Magic, sequence number, wall clock ns at the save, bytes of layout, bytes of values."""
_DIGEST_SIZE = hashlib.sha256().digest_size
_LAYOUT_MAX = 1 << 26
"""Far above any site's table of names, so that a damaged length cannot ask for all memory."""


@dataclass(frozen=True, slots=True)
class RetainLayout:
    """Which variables a state holds; their offsets count in its values.

    `given` are the initial values, in hex, that the site file gave its parameters when the state was saved.
    """

    variables: TagTable
    given: Mapping[str, str]

    def packed(self) -> bytes:
        """As bytes; the same for every state of one version of the programs, so made once."""
        told = {"variables": self.variables.to_packed(), "given": dict(self.given)}
        return zlib.compress(json.dumps(told, separators=(",", ":")).encode())

    @classmethod
    def unpacked(cls, packed: bytes) -> "RetainLayout":
        """The layout that `packed` made."""
        told: dict[str, Any] = json.loads(zlib.decompress(packed))
        return cls(TagTable.from_packed(told["variables"]), told["given"])


@dataclass(frozen=True, slots=True)
class RetainedState:
    """One whole state as it was saved."""

    sequence: int
    saved_wall_ns: int
    layout: bytes
    values: bytes


class Damaged(Exception):
    """The file holds no whole state."""


class Disk(Protocol):
    """What the store needs of a file system; names are those of FILES."""

    def read(self, name: str) -> bytes | None:
        """The file's bytes, None when there is none. Raises OSError."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Over the start of the file, made when missing. Nothing is durable yet."""
        ...

    def sync(self, name: str) -> None:
        """The file's content and its name in the directory are durable when this returns. Raises OSError."""
        ...

    def set_aside(self, name: str, suffix: str) -> None:
        """Rename the file to `name.suffix`, over an earlier one; nothing when it is not there."""
        ...


class Folder:
    """A directory as a Disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> bytes | None:
        """See Disk."""
        path = self._directory / name
        return path.read_bytes() if path.exists() else None

    def write(self, name: str, content: bytes) -> None:
        """See Disk."""
        fd = os.open(self._directory / name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            written = 0
            while written < len(content):
                written += os.pwrite(fd, content[written:], written)
        finally:
            os.close(fd)

    def sync(self, name: str) -> None:
        """See Disk."""
        for path in (self._directory / name, self._directory):
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def set_aside(self, name: str, suffix: str) -> None:
        """See Disk."""
        path = self._directory / name
        if path.exists():
            path.replace(path.with_name(f"{name}.{suffix}"))


class RetainStore:
    """The two files. One writer; readers may look at any time, and find a whole state or none."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._next: str | None = None
        self._sequence = 0

    def newest(self) -> tuple[RetainedState | None, dict[str, str]]:
        """The newest whole state, if any; and of each file that is damaged or cannot be read, why."""
        found, problems = self._states()
        return max(found.values(), key=lambda s: s.sequence, default=None), problems

    def save(self, *, layout: bytes, values: bytes, wall_ns: int) -> None:
        """Make this the newest state; durable when it returns. Raises OSError; then the state before it stands."""
        if self._next is None:
            self._find_place()
        assert self._next is not None
        self._disk.write(self._next, encode(RetainedState(self._sequence + 1, wall_ns, layout, values)))
        self._disk.sync(self._next)
        self._sequence += 1
        self._next = FILES[1 - FILES.index(self._next)]

    def drop(self, suffix: str) -> None:
        """No state any more; the files are kept under another name for whoever wants to look."""
        for name in FILES:
            self._disk.set_aside(name, suffix)
        self._next = None

    def _find_place(self) -> None:
        found, _ = self._states()
        newest = max(found, key=lambda name: found[name].sequence, default=FILES[1])
        self._sequence = max((s.sequence for s in found.values()), default=0)
        self._next = FILES[1 - FILES.index(newest)]

    def _states(self) -> tuple[dict[str, RetainedState], dict[str, str]]:
        found: dict[str, RetainedState] = {}
        problems: dict[str, str] = {}
        for name in FILES:
            try:
                content = self._disk.read(name)
                if content:
                    found[name] = decode(content)
            except Damaged as damaged:
                problems[name] = str(damaged)
            except OSError as fault:
                problems[name] = fault.strerror or str(fault)
        return found, problems


def encode(state: RetainedState) -> bytes:
    """A state as a file's bytes."""
    header = _HEADER.pack(_MAGIC, state.sequence, state.saved_wall_ns, len(state.layout), len(state.values))
    content = header + state.layout + state.values
    return content + hashlib.sha256(content).digest()


def decode(content: bytes) -> RetainedState:
    """The state of a file's bytes. Raises Damaged when it is not whole."""
    if len(content) < _HEADER.size:
        raise Damaged("it is too short")
    magic, sequence, wall_ns, layout_size, values_size = _HEADER.unpack_from(content)
    end = _HEADER.size + layout_size + values_size
    if magic != _MAGIC:
        raise Damaged("it is no file of retained values")
    if max(layout_size, values_size) > _LAYOUT_MAX or len(content) < end + _DIGEST_SIZE:
        raise Damaged("it is cut off")
    if hashlib.sha256(content[:end]).digest() != content[end : end + _DIGEST_SIZE]:
        raise Damaged("its checksum is wrong")
    values_at = _HEADER.size + layout_size
    return RetainedState(sequence, wall_ns, content[_HEADER.size : values_at], content[values_at:end])
