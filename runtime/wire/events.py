"""Events on their way from a controller's process to its gateway."""

import time

import zmq

from runtime.wire.endpoints import Endpoints
from runtime.wire.messages import Event, EventSource, Severity, encode

QUEUE_MAX = 200
"""Events that wait while the gateway is away; more are counted and dropped, the sender never waits."""
LINGER_MS = 200
"""A process that ends gives its last events this long to leave."""


class EventSender:
    """Hands events to the gateway without ever blocking. For one thread."""

    def __init__(self, where: Endpoints, source: EventSource) -> None:
        self.dropped = 0
        """Events that found the queue full since the start."""
        self._source: EventSource = source
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUSH)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE_MAX)
        self._socket.setsockopt(zmq.LINGER, LINGER_MS)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 100)
        self._socket.connect(where.events)

    def send(self, severity: Severity, text: str) -> None:
        """Queue an event with the wall clock of now."""
        event = Event(id=0, t_wall_ns=time.time_ns(), severity=severity, source=self._source, text=text)
        try:
            self._socket.send(encode(event), zmq.NOBLOCK)
        except zmq.Again:
            self.dropped += 1

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        self._context.term()
