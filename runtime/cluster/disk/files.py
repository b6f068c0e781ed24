"""The few things that storage asks of a file system, and a folder that does them.

Only `sync` and `sync_folder` make anything durable: the first a file's bytes, the second what names there are.
"""

import fcntl
import os
from pathlib import Path
from typing import Protocol

from runtime.core.fault import ConfigFault


class Files(Protocol):
    """One folder. Every method raises OSError."""

    def names(self) -> list[str]:
        """All files in it."""
        ...

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        ...

    def create(self, name: str, content: bytes) -> None:
        """A new file, in place of one of that name."""
        ...

    def append(self, name: str, content: bytes) -> None:
        """At the end of a file."""
        ...

    def sync(self, name: str) -> None:
        """What the file holds is durable when this returns."""
        ...

    def rename(self, name: str, to: str) -> None:
        """Give a file another name, in place of one that has it."""
        ...

    def remove(self, name: str) -> None:
        """Take a file away."""
        ...

    def sync_folder(self) -> None:
        """Which names there are is durable when this returns."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Folder:
    """A directory as Files, made when missing, for this process alone while it is open."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigFault when it cannot be had, or another process has it."""
        self._path = path
        self._open: dict[str, int] = {}
        try:
            _make(path)
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            os.close(self._fd)
            raise ConfigFault(
                "another process has the state of this member",
                where=str(path),
                mend="stop it; every member of the group has a name and a folder of its own",
            ) from fault
        except OSError as fault:
            raise ConfigFault(
                f"the folder for the state of this member cannot be used: {fault.strerror}",
                where=str(path),
                mend="let the user who runs Voltscan write it, or set another state_dir",
            ) from fault

    def __str__(self) -> str:
        return str(self._path)

    def names(self) -> list[str]:
        """See Files."""
        return sorted(file.name for file in self._path.iterdir())

    def read(self, name: str) -> bytes:
        """See Files."""
        return (self._path / name).read_bytes()

    def create(self, name: str, content: bytes) -> None:
        """See Files."""
        self._release(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._open[name] = os.open(name, flags, 0o600, dir_fd=self._fd)
        self._write(name, content)

    def append(self, name: str, content: bytes) -> None:
        """See Files."""
        self._write(name, content)

    def sync(self, name: str) -> None:
        """See Files. A file's length counts as its content (fdatasync(2))."""
        os.fdatasync(self._open[name])

    def rename(self, name: str, to: str) -> None:
        """See Files."""
        os.rename(name, to, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        self._release(to)
        if name in self._open:
            self._open[to] = self._open.pop(name)

    def remove(self, name: str) -> None:
        """See Files."""
        self._release(name)
        os.unlink(name, dir_fd=self._fd)

    def sync_folder(self) -> None:
        """See Files."""
        os.fsync(self._fd)

    def close(self) -> None:
        """See Files."""
        for name in list(self._open):
            self._release(name)
        os.close(self._fd)

    def _write(self, name: str, content: bytes) -> None:
        left = memoryview(content)
        while left:
            left = left[os.write(self._open[name], left) :]

    def _release(self, name: str) -> None:
        if name in self._open:
            os.close(self._open.pop(name))


def _make(path: Path) -> None:
    """The folder and those above it; each one's name is durable in the one above."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        above = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(above)
        finally:
            os.close(above)
