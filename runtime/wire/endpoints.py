"""The endpoints of a controller: three sockets in its run directory, two of them over TCP as well."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq

from runtime.core.fault import ConfigFault

SOCKET_PATH_MAX = 107
"""Bytes of a Unix socket's path without the closing zero (Linux unix(7), sun_path)."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Keys (Z85) for a connection over TCP: the controller's public one, and both of who connects."""

    server: str
    public: str
    secret: str = field(repr=False)

    def secure(self, socket: "zmq.Socket[Any]") -> None:
        """Have what the socket connects to from now on be that controller, and encrypted (CurveZMQ, ZeroMQ RFC 26)."""
        socket.curve_serverkey = self.server.encode()
        socket.curve_publickey = self.public.encode()
        socket.curve_secretkey = self.secret.encode()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """ZeroMQ addresses: `request` (ROUTER), `stream` (XPUB) and `events` (PULL), all bound by the gateway.

    `run` None: of a controller on another machine, which takes no events from here; `curve` has the keys then.
    """

    run: Path | None
    request: str
    stream: str
    events: str
    curve: Curve | None = None

    @property
    def name(self) -> str:
        """The run directory's, which is the site's; from afar the address."""
        return self.run.name if self.run is not None else self.request.removeprefix("tcp://")


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


def far_endpoints(host: str, port: int, curve: Curve) -> Endpoints:
    """The endpoints of a controller that is reached over TCP: requests at `port`, the stream at the next one."""
    return Endpoints(None, tcp_address(host, port), tcp_address(host, port + 1), "", curve)


def tcp_address(host: str, port: int) -> str:
    """As ZeroMQ writes it."""
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"


def socket_path(endpoint: str) -> Path:
    """The file of an `ipc://` endpoint."""
    return Path(endpoint.removeprefix("ipc://"))
