"""The line between the supervisor and one of its processes, over which an online change is arranged.

Messages are small JSON objects, one a packet. The supervisor says

    {"do": "prepare", "version": N, "folder": ...}   with the file descriptor of the version's image segment
    {"do": "change", "version": N}                   to scan, once everybody is ready
    {"do": "settled", "version": N}                  to the others, once the scan has changed over
    {"do": "forget", "version": N}                   nothing came of it

and hears {"version": N, "ready": true} or {"version": N, "ready": false, "why": ...}.
"""

import array
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PACKET_MAX = 16_384
_WHY_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Order:
    """What the supervisor wants of a process. `image_fd` comes with `prepare` and belongs to the receiver."""

    do: str
    version: int
    folder: Path
    image_fd: int


class Link:
    """The supervisor's end. `child_fd` is inherited by each process that is started in this role."""

    def __init__(self) -> None:
        self._own, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._own.setblocking(False)
        self.child_fd = self._theirs.fileno()

    def drain(self) -> None:
        """Forget what a process that died has not read, and what it said last."""
        for end in (self._own, self._theirs):
            for _ in _packets(end):
                pass

    def send(self, do: str, version: int, *, folder: Path = Path(), image_fd: int = -1) -> None:
        """Say it; a process that does not read any more loses it."""
        raw = json.dumps({"do": do, "version": version, "folder": str(folder)}).encode()
        try:
            socket.send_fds(self._own, [raw], [image_fd] if image_fd >= 0 else [])
        except (BlockingIOError, BrokenPipeError, ConnectionError):
            return

    def answers(self, version: int) -> Iterator[tuple[bool, str]]:
        """What the process has said about a version since the last look: ready or not, and why not."""
        for raw in _packets(self._own):
            told: dict[str, Any] = json.loads(raw)
            if told["version"] == version:
                yield bool(told["ready"]), str(told.get("why", ""))

    def close(self) -> None:
        """Both ends."""
        self._own.close()
        self._theirs.close()


def _packets(end: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            raw, fd = _receive(end, socket.MSG_DONTWAIT)
        except (BlockingIOError, ConnectionError):
            return
        if fd >= 0:
            os.close(fd)
        if not raw:
            return
        yield raw


def _receive(end: socket.socket, flags: int) -> tuple[bytes, int]:
    """A packet and the file descriptor that came with it, -1 for none (recv_fds of Python 3.11 ignores its flags)."""
    fds = array.array("i")
    raw, ancillary, _, _ = end.recvmsg(_PACKET_MAX, socket.CMSG_SPACE(fds.itemsize), flags)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return raw, fds[0] if fds else -1


class LinkEnd:
    """A process's end."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)

    def fileno(self) -> int:
        """For whoever waits on several things."""
        return self._socket.fileno()

    def receive(self) -> Order | None:
        """Wait for the next order; None when the supervisor is gone."""
        raw, fd = _receive(self._socket, 0)
        if not raw:
            return None
        told: dict[str, Any] = json.loads(raw)
        return Order(told["do"], told["version"], Path(told["folder"]), fd)

    def close(self) -> None:
        """Say and hear no more."""
        self._socket.close()

    def answer(self, version: int, why_not: str = "") -> None:
        """Ready, or why not."""
        told = {"version": version, "ready": not why_not, "why": why_not[:_WHY_MAX]}
        self._socket.send(json.dumps(told).encode())
