"""The endpoints of a controller: three sockets in its run directory."""

import os
from dataclasses import dataclass
from pathlib import Path

from runtime.core.fault import ConfigFault

SOCKET_PATH_MAX = 107
"""Bytes of a Unix socket's path without the closing zero (Linux unix(7), sun_path)."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """ZeroMQ addresses: `request` (ROUTER), `stream` (XPUB) and `events` (PULL), all bound by the gateway."""

    run: Path
    request: str
    stream: str
    events: str


def endpoints(run: Path) -> Endpoints:
    """The endpoints of the controller with this run directory.

    Raises ConfigFault when the directory's path is too long for a socket.
    """
    run = run.absolute()
    longest = os.fsencode(run / "request.sock")
    if len(longest) > SOCKET_PATH_MAX:
        raise ConfigFault(
            f"the path of a socket here takes {len(longest)} bytes, the system allows {SOCKET_PATH_MAX}",
            where=str(run),
            mend="set XDG_RUNTIME_DIR to a shorter directory, or give the site a shorter name",
        )
    return Endpoints(run, f"ipc://{run}/request.sock", f"ipc://{run}/stream.sock", f"ipc://{run}/events.sock")


def socket_path(endpoint: str) -> Path:
    """The file of an `ipc://` endpoint."""
    return Path(endpoint.removeprefix("ipc://"))
