"""A client that asks and waits: what the command line uses."""

import itertools
import os
import time
from types import TracebackType
from typing import Any, Self

import zmq

from runtime.wire.endpoints import Endpoints, endpoints
from runtime.wire.fault import NoAnswerFault, RefusedFault
from runtime.wire.messages import MESSAGE_SIZE_MAX, decode_reply, encode_request
from runtime.wire.rundir import find_site, is_running

TIMEOUT_MS = 4_000
"""How long a request may take. A gateway that was killed is back within 3 s."""
COMMAND_MARGIN_MS = 1_000
"""A command's answer may take its time to live and this."""
RECONNECT_MS = 100
HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS = 500, 2_000
"""Of connections over TCP. They are encrypted, and so need some milliseconds of a processor to be made anew."""


class Client:
    """Requests to one controller, one at a time. Use it in one thread, as a context manager."""

    def __init__(self, where: Endpoints, *, site: str = "", timeout_ms: int = TIMEOUT_MS) -> None:
        self.site = site or where.name
        self.name = f"cli-{os.getpid()}-{time.time_ns() // 1_000_000}"
        self.timeout_ms = timeout_ms
        self._where = where
        self._ids = itertools.count(1)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        configure_dealer(self._socket, where)
        self._socket.connect(where.request)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        self._context.term()

    def request(self, op: str, *, timeout_ms: int | None = None, **fields: Any) -> dict[str, Any]:
        """The result of an operation.

        Raises RefusedFault with the gateway's words, or NoAnswerFault that says what does not run.
        """
        limit_ms = self.timeout_ms if timeout_ms is None else timeout_ms
        deadline_ns = time.monotonic_ns() + limit_ms * 1_000_000
        request_id = next(self._ids)
        if not self._wait(zmq.POLLOUT, deadline_ns):
            raise no_answer(self._where, self.site, op, limit_ms)
        self._socket.send(encode_request(request_id, op, fields))
        while self._wait(zmq.POLLIN, deadline_ns):
            answered, result = decode_reply(self._socket.recv())
            if answered != request_id:
                continue  # the late answer to a request that was given up
            if isinstance(result, RefusedFault):
                raise result
            return result
        raise no_answer(self._where, self.site, op, limit_ms)

    def command(self, name: str, value: Any, *, ttl_ms: int = 5_000) -> dict[str, Any]:
        """Send a command under this client's name and wait for how it ends."""
        seq = next(self._ids)
        return self.request(
            "command",
            timeout_ms=ttl_ms + COMMAND_MARGIN_MS,
            name=name,
            value=value,
            client=self.name,
            seq=seq,
            ttl_ms=ttl_ms,
        )

    def write(self, name: str, value: Any, *, ttl_ms: int = 2_000) -> dict[str, Any]:
        """Write any variable once, and wait until the scan has taken it."""
        return self.request("write", name=name, value=value, client=self.name, seq=next(self._ids), ttl_ms=ttl_ms)

    def _wait(self, event: int, deadline_ns: int) -> bool:
        rest_ms = (deadline_ns - time.monotonic_ns()) // 1_000_000
        return bool(self._socket.poll(max(0, rest_ms), event))


def connect(site: str | None = None, *, timeout_ms: int = TIMEOUT_MS) -> Client:
    """A client of the named controller, or of the only one that runs on this machine.

    Raises ConfigFault when there is none, or when there are several and none is named.
    """
    name, run = find_site(site)
    return Client(endpoints(run), site=name, timeout_ms=timeout_ms)


def configure_dealer(socket: "zmq.Socket[Any]", where: Endpoints) -> None:
    """Never queue a request for a gateway that is away: a command must not arrive when it is long forgotten."""
    socket.setsockopt(zmq.IMMEDIATE, 1)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_SIZE_MAX)
    configure_far(socket, where)


def configure_far(socket: "zmq.Socket[Any]", where: Endpoints) -> None:
    """Over TCP: keys, and an end of a connection whose other side is gone without a word."""
    if where.curve is not None:
        where.curve.secure(socket)
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)
        socket.setsockopt(zmq.CONNECT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)


def no_answer(where: Endpoints, site: str, op: str, timeout_ms: int) -> NoAnswerFault:
    """The fault of a request that nobody answered: says whether the controller runs at all."""
    if where.run is None:
        return NoAnswerFault(
            f"{site!r} did not answer `{op}` within {timeout_ms} ms",
            where=where.request,
            mend="see that it runs, has a console_port in the group file, and that the file names this key there",
        )
    if is_running(where.run):
        return NoAnswerFault(
            f"controller {site!r} runs, but its gateway did not answer `{op}` within {timeout_ms} ms",
            where=str(where.run),
            mend="try again: a gateway that died is back within 3 s; see the supervisor's log if it is not",
        )
    return NoAnswerFault(
        f"nothing answers `{op}` for site {site!r}: no controller runs there",
        where=str(where.run),
        mend="start it: voltscan run SITE.toml",
    )
