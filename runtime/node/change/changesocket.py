"""Where `voltscan download` and `rollback` reach a running controller: a socket of its supervisor in the run directory.

One request a connection, one packet each way, JSON. The kernel says who asks (SO_PEERCRED), so that the audit entry
names a user and not what somebody claims to be.
"""

import json
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.core.fault import ConfigFault
from runtime.node.change.versionnote import user_name

SOCKET = "change.sock"
FOLLOW = "follow"
"""What a standby's redundancy process asks for: go over to the version in the package, once it says so."""
FOLLOWED_PACKAGE = "followed.bin"
_PACKET_MAX = 262_144
_CREDENTIALS = struct.Struct("3i")
ANSWER_WITHIN_S = 60.0
"""Loading the code of a large site takes seconds; the supervisor gives up by itself long before this."""


@dataclass(slots=True)
class Asked:
    """One request and who made it. Answer it once."""

    request: dict[str, Any]
    by: str
    _connection: socket.socket

    def answer(self, told: dict[str, Any]) -> None:
        """Tell the asker; one that is gone need not hear it."""
        with suppress(OSError):
            self._connection.send(json.dumps(told).encode()[:_PACKET_MAX])
        self._connection.close()


class ChangeSocket:
    """The supervisor's end; never waits."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / SOCKET
        self._path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._listening.bind(str(self._path))
        self._path.chmod(0o600)
        self._listening.listen(4)
        self._silent: list[socket.socket] = []

    def asked(self) -> Asked | None:
        """The next request, if there is one."""
        with suppress(BlockingIOError):
            connection, _ = self._listening.accept()
            connection.setblocking(False)
            self._silent.append(connection)
        for connection in list(self._silent):
            try:
                raw = connection.recv(_PACKET_MAX)
                request = json.loads(raw) if raw else None
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                request = None
            self._silent.remove(connection)
            if isinstance(request, dict):
                return Asked(request, _who(connection), connection)
            connection.close()
        return None

    def close(self) -> None:
        """Stop listening."""
        for connection in self._silent:
            connection.close()
        self._listening.close()
        self._path.unlink(missing_ok=True)


def _who(connection: socket.socket) -> str:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return user_name(uid)


def ask(run_dir: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Ask the supervisor of a running controller and wait for its answer. Raises ConfigFault without one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(ANSWER_WITHIN_S)
        try:
            connection.connect(str(run_dir / SOCKET))
            connection.send(json.dumps(request).encode())
            raw = connection.recv(_PACKET_MAX)
        except OSError as fault:
            raise ConfigFault(
                f"the controller does not answer ({fault.strerror or fault})",
                where=str(run_dir),
                mend="see whether it runs: voltscan status",
            ) from fault
    if not raw:
        raise ConfigFault("the controller ended while it was asked", where=str(run_dir), mend="see its log")
    told: dict[str, Any] = json.loads(raw)
    return told
