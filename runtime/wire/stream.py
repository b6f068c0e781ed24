"""A client that listens and asks on one asyncio loop: what the HMI uses."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import zmq
import zmq.asyncio

from runtime.wire.client import RECONNECT_MS, TIMEOUT_MS, configure_dealer, configure_far, no_answer
from runtime.wire.endpoints import Endpoints
from runtime.wire.fault import RefusedFault, WireFault
from runtime.wire.messages import MESSAGE_SIZE_MAX, STATUS, decode, decode_reply, encode_request

SILENCE_MS = 1_500
"""Without a status frame for this long there is no connection."""
RECEIVE_MAX = 64
"""Frames that wait for a slow reader; the oldest are kept, newer ones dropped by ZeroMQ."""


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """One message of the stream: its topic and its JSON (StatusFrame, TagsFrame, Event, or an event of a plant)."""

    topic: str
    body: dict[str, Any]


class StreamClient:
    """Subscribes to topics and makes requests; both links come back by themselves. For one asyncio loop.

    async with StreamClient(endpoints(run)) as link:
        link.subscribe("status")
        async for message in link.messages():
            ...
    """

    def __init__(self, where: Endpoints, *, site: str = "", timeout_ms: int = TIMEOUT_MS) -> None:
        self.site = site or where.name
        self.last_status_ns = 0
        """Monotonic time of the newest status frame; 0 before the first."""
        self._where = where
        self._timeout_ms = timeout_ms
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._replies: asyncio.Task[None] | None = None
        self._context = zmq.asyncio.Context()
        self._dealer = self._context.socket(zmq.DEALER)
        configure_dealer(self._dealer, where)
        self._sub = self._context.socket(zmq.SUB)
        self._sub.setsockopt(zmq.LINGER, 0)
        self._sub.setsockopt(zmq.RCVHWM, RECEIVE_MAX)
        self._sub.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        self._sub.setsockopt(zmq.MAXMSGSIZE, MESSAGE_SIZE_MAX)
        configure_far(self._sub, where)

    async def __aenter__(self) -> Self:
        self._dealer.connect(self._where.request)
        self._sub.connect(self._where.stream)
        self._replies = asyncio.create_task(self._take_replies())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all waiting requests and let go of the sockets."""
        if self._replies is not None:
            self._replies.cancel()
            await asyncio.gather(self._replies, return_exceptions=True)
        for future in self._waiting.values():
            future.cancel()
        self._dealer.close()
        self._sub.close()
        self._context.term()

    def subscribe(self, topic: str) -> None:
        """Ask for a topic; the gateway works for it only while somebody does."""
        self._sub.setsockopt(zmq.SUBSCRIBE, topic.encode())

    def unsubscribe(self, topic: str) -> None:
        """Stop asking for a topic."""
        self._sub.setsockopt(zmq.UNSUBSCRIBE, topic.encode())

    def is_connected(self, now_ns: int) -> bool:
        """True while status frames come (`now_ns` on the monotonic clock; needs the topic "status")."""
        return self.last_status_ns > 0 and now_ns - self.last_status_ns < SILENCE_MS * 1_000_000

    async def messages(self) -> AsyncIterator[StreamMessage]:
        """Every message of the subscribed topics, for ever; waits through outages."""
        while True:
            frames = await self._sub.recv_multipart()
            if len(frames) != 2:
                continue
            topic = frames[0].decode()
            if topic == STATUS:
                self.last_status_ns = time.monotonic_ns()
            yield StreamMessage(topic, decode(frames[1]))

    async def request(self, op: str, *, timeout_ms: int | None = None, **fields: Any) -> dict[str, Any]:
        """The result of an operation; several may be under way at once.

        Raises RefusedFault with the gateway's words, or NoAnswerFault.
        """
        limit_ms = self._timeout_ms if timeout_ms is None else timeout_ms
        request_id = next(self._ids)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        try:
            async with asyncio.timeout(limit_ms / 1_000):
                await self._dealer.send(encode_request(request_id, op, fields))
                return await future
        except TimeoutError:
            raise no_answer(self._where, self.site, op, limit_ms) from None
        finally:
            del self._waiting[request_id]

    async def _take_replies(self) -> None:
        while True:
            raw = await self._dealer.recv()
            try:
                answered, result = decode_reply(raw)
            except WireFault as fault:  # whoever waits must hear why nothing will come
                self._fail_all(fault)
                continue
            future = self._waiting.get(answered)
            if future is None or future.done():
                continue  # the late answer to a request that was given up
            if isinstance(result, RefusedFault):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _fail_all(self, fault: WireFault) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(fault)
