"""The gateway's ZeroMQ sockets: bound in the run directory, readable for the owner alone."""

import os
from dataclasses import dataclass
from typing import Any

import zmq
import zmq.asyncio

from runtime.core.fault import ConfigFault
from runtime.wire.endpoints import Endpoints, socket_path

REQUEST_SIZE_MAX = 1024 * 1024
"""Bytes of one request; a client that sends more is cut off."""
STREAM_QUEUE_MAX = 32
"""Frames that wait for one slow subscriber: three seconds; newer ones are dropped for it alone."""
REPLY_QUEUE_MAX = 256
EVENT_QUEUE_MAX = 1_000
_SOCKET_MODE = 0o600

Socket = zmq.asyncio.Socket


@dataclass(frozen=True, slots=True)
class Sockets:
    """`request` ROUTER, `stream` XPUB, `events` PULL."""

    where: Endpoints
    context: zmq.asyncio.Context
    request: Socket
    stream: Socket
    events: Socket

    def close(self) -> None:
        """Unbind all, and remove their files (libzmq leaves them)."""
        for socket in (self.request, self.stream, self.events):
            socket.close(linger=0)
        self.context.term()
        for endpoint in (self.where.request, self.where.stream, self.where.events):
            socket_path(endpoint).unlink(missing_ok=True)


async def received(socket: Socket) -> list[bytes]:
    """The next message's parts. Cancelled while it waits, it leaves the message in the socket.

    A receive of zmq.asyncio takes the message first and wakes its task later; a task cancelled in between, as when the
    gateway goes over to other programs, has lost it. Waiting takes nothing, and the receive then suspends nowhere.
    """
    while not await socket.poll():
        pass
    parts: list[bytes] = await socket.recv_multipart(zmq.NOBLOCK)
    return parts


def bind_all(where: Endpoints) -> Sockets:
    """Bind the three sockets; files that a killed gateway left are replaced. Raises ConfigFault when one cannot be had.

    Nobody else can hold them: the run directory is locked by this controller's supervisor.
    """
    context = zmq.asyncio.Context()
    sockets = Sockets(where, context, context.socket(zmq.ROUTER), context.socket(zmq.XPUB), context.socket(zmq.PULL))
    sockets.request.setsockopt(zmq.MAXMSGSIZE, REQUEST_SIZE_MAX)
    sockets.request.setsockopt(zmq.SNDHWM, REPLY_QUEUE_MAX)
    sockets.stream.setsockopt(zmq.SNDHWM, STREAM_QUEUE_MAX)
    sockets.stream.setsockopt(zmq.MAXMSGSIZE, REQUEST_SIZE_MAX)
    sockets.events.setsockopt(zmq.RCVHWM, EVENT_QUEUE_MAX)
    sockets.events.setsockopt(zmq.MAXMSGSIZE, REQUEST_SIZE_MAX)
    try:
        for socket, endpoint in (
            (sockets.request, where.request),
            (sockets.stream, where.stream),
            (sockets.events, where.events),
        ):
            _bind(socket, endpoint)
    except OSError as error:
        sockets.close()
        raise ConfigFault(
            f"a socket of the gateway cannot be made: {error.strerror}",
            where=str(where.run),
            mend="see that the run directory exists and is writable for the user who runs Voltscan",
        ) from error
    return sockets


def _bind(socket: "zmq.Socket[Any]", endpoint: str) -> None:
    before = os.umask(0o777 & ~_SOCKET_MODE)  # never open to others, not even between bind and chmod
    try:
        socket.bind(endpoint)
    finally:
        os.umask(before)
    socket_path(endpoint).chmod(_SOCKET_MODE)
