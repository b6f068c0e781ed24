"""A peer that is gone without a word (power cut, pulled cable) is found out by the kernel, not only by requests."""

import socket

KEEPALIVE_IDLE_S = 5
KEEPALIVE_PERIOD_S = 2
KEEPALIVE_TRIES = 3
USER_TIMEOUT_MS = 10_000
"""What is sent and not acknowledged for this long breaks the connection: with the keep-alive, well within the 30 s in
which a link has to recover."""


def detect_half_open(connection: socket.socket) -> None:
    """Let the kernel probe a connection that rests, and give one up on which nothing gets through."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_PERIOD_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_TRIES)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
