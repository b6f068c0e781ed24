"""Who may connect: the keys of the group's members, asked for by libzmq whenever somebody wants to.

Source: ZeroMQ RFC 27 (ZAP), https://rfc.zeromq.org/spec/27/. The handshake before it (RFC 26, CURVE) proves that who
connects has the secret key; here is only looked up whose it is. The name goes with every message of the connection, so
no member can speak in another's name.
"""

from collections.abc import Mapping
from typing import Any

import zmq
from zmq.utils import z85

ENDPOINT = "inproc://zeromq.zap.01"
_VERSION = b"1.0"
_NOT_NOW = b"300"
"""Whoever is refused for good (400) never connects again (libzmq ends the session): not even to a member that has got
to know it since, by a new group file."""
_PARTS = 7
"""Version, request id, domain, address, identity, mechanism, and for CURVE the public key (32 bytes)."""


class Admission:
    """Answers for one context. `refused` counts who was turned away."""

    def __init__(self, context: "zmq.Context[Any]", members: Mapping[str, str]) -> None:
        """`members`: name by public key, in Z85."""
        self._members = dict(members)
        self.refused = 0
        self.socket: zmq.Socket[Any] = context.socket(zmq.REP)
        self.socket.linger = 0
        self.socket.bind(ENDPOINT)

    def answer(self) -> None:
        """Answer all who wait."""
        while self.socket.poll(0):
            asked = self.socket.recv_multipart()
            request_id = asked[1] if len(asked) > 1 else b""
            name = self._name(asked)
            self.refused += not name
            status, text = (b"200", b"OK") if name else (_NOT_NOW, b"no member of this group")
            self.socket.send_multipart([_VERSION, request_id, status, text, name.encode(), b""])

    def _name(self, asked: list[bytes]) -> str:
        """Whose key it is; empty for nobody's."""
        if len(asked) != _PARTS or asked[0] != _VERSION or asked[5] != b"CURVE" or len(asked[6]) != 32:
            return ""
        return self._members.get(z85.encode(asked[6]).decode(), "")
