"""Consoles from afar: requests and stream over TCP as well, encrypted, for those whose keys the group file names.

CURVE (ZeroMQ RFC 26) proves that who connects has the secret key of the public one that is looked up. The sockets in
the run directory stay as they are: who can open those is this controller's own user.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import zmq
import zmq.asyncio

from runtime.cluster.keys import KeyPair
from runtime.cluster.transport.admission import Admission
from runtime.gateway.sockets import Sockets
from runtime.wire.client import HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS
from runtime.wire.consoles import ConsolePlace, Consoles
from runtime.wire.endpoints import tcp_address
from runtime.wire.messages import Severity

LISTEN_AGAIN_S = 2.0
"""After this long it is tried again for an address that cannot be had."""


class FarConsoles:
    """For one asyncio loop; the sockets are the gateway's own."""

    def __init__(self, consoles: Consoles, keys: KeyPair, sockets: Sockets) -> None:
        self._place = consoles.places.get(consoles.member)
        self._keys = keys
        self._sockets = sockets
        self._admitted = {key: name for name, key in consoles.admitted.items()}

    async def run(self, tell: Callable[[Severity, str], Any]) -> None:
        """Serve until cancelled; without a place of its own this returns at once. What people should know is told."""
        if self._place is None:
            return
        admission = Admission(zmq.Context.shadow(self._sockets.context.underlying), self._admitted)
        waiting = zmq.asyncio.Socket(admission.socket)
        try:
            await self._bind(self._place, tell)
            while True:
                refused = admission.refused
                await waiting.poll()
                admission.answer()
                if admission.refused > refused == 0:
                    tell("warning", "somebody whose key the group file does not name wants to connect a console")
        finally:
            admission.socket.close()

    async def _bind(self, place: ConsolePlace, tell: Callable[[Severity, str], Any]) -> None:
        told = False
        for socket, port in ((self._sockets.request, place.port), (self._sockets.stream, place.port + 1)):
            self._secure(socket)
            address = tcp_address(place.listen, port)
            while (why := _bind(socket, address)) is not None:
                if not told:
                    tell("error", f"consoles from afar cannot be served at {address}: {why}")
                    told = True
                await asyncio.sleep(LISTEN_AGAIN_S)

    def _secure(self, socket: "zmq.Socket[Any]") -> None:
        """What is bound from now on is encrypted; what was bound before stays as it is (options go with each bind)."""
        socket.curve_server = True
        socket.curve_secretkey = self._keys.secret.encode()
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)


def _bind(socket: "zmq.Socket[Any]", address: str) -> str | None:
    """Why it cannot be had; None when it is."""
    try:
        socket.bind(address)
    except zmq.ZMQError as fault:
        return fault.strerror or str(fault)
    return None
