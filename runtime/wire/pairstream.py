"""A client that listens to and asks both controllers of a pair as if they were one: whichever drives.

Both are heard all the time, so that going over waits for nothing. Only what the chosen one says is passed on, after a
message of topic CHOSEN that says who that is.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Final, Self

from runtime.wire.client import TIMEOUT_MS
from runtime.wire.endpoints import Endpoints
from runtime.wire.fault import NoAnswerFault
from runtime.wire.leaderchoice import LeaderChoice
from runtime.wire.messages import STATUS
from runtime.wire.stream import StreamClient, StreamMessage

CHOSEN: Final = "chosen"
"""Topic of {"name": who is listened to from now on, "others": those that are not}."""
LOOK_S = 0.1
QUEUE_MAX = 256
"""Messages that wait for a slow reader; newer ones are dropped."""


class PairStream:
    """A hmi.feed.Link over several controllers, by name. For one asyncio loop."""

    def __init__(self, ends: Mapping[str, Endpoints], *, timeout_ms: int = TIMEOUT_MS) -> None:
        self._links = {name: StreamClient(where, site=name, timeout_ms=timeout_ms) for name, where in ends.items()}
        self._choice = LeaderChoice(tuple(ends))
        self._timeout_ms = timeout_ms
        self._topics: set[str] = set()
        self._queue: asyncio.Queue[StreamMessage] = asyncio.Queue(QUEUE_MAX)
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for name, link in self._links.items():
            await self._stack.enter_async_context(link)
            link.subscribe(STATUS)
            self._tasks.append(asyncio.create_task(self._listen(name, link)))
        self._tasks.append(asyncio.create_task(self._watch()))
        self._say_chosen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def subscribe(self, topic: str) -> None:
        """Ask for a topic of whoever is chosen."""
        if topic != STATUS:
            self._topics.add(topic)
            self._links[self._choice.name].subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        """Stop asking for it."""
        if topic in self._topics:
            self._topics.discard(topic)
            self._links[self._choice.name].unsubscribe(topic)

    async def messages(self) -> AsyncIterator[StreamMessage]:
        """What the chosen one says, for ever; status frames always."""
        while True:
            yield await self._queue.get()

    async def request(self, op: str, *, timeout_ms: int | None = None, **fields: Any) -> dict[str, Any]:
        """The result of an operation of the chosen one. Raises RefusedFault with its words, or NoAnswerFault: also when
        it falls silent meanwhile and another is listened to."""
        asked = self._choice.name
        reply = asyncio.create_task(self._links[asked].request(op, timeout_ms=timeout_ms, **fields))
        try:
            while not reply.done():
                await asyncio.wait({reply}, timeout=LOOK_S)
                if not reply.done() and asked != self._choice.name and not self._is_heard(asked):
                    raise NoAnswerFault(
                        f"{asked}, which was asked, is silent, and {self._choice.name} is listened to now",
                        where=op,
                        mend="it is unknown whether it acted",
                    )
            return reply.result()
        finally:
            reply.cancel()

    def _is_heard(self, name: str) -> bool:
        return self._choice.is_heard(name, time.monotonic_ns())

    async def _listen(self, name: str, link: StreamClient) -> None:
        async for message in link.messages():
            if message.topic == STATUS:
                pair = message.body.get("pair")
                drives, term = (bool(pair["drives"]), int(pair["term"])) if pair else (False, 0)
                self._choice.heard(name, drives=drives, term=term, now_ns=time.monotonic_ns())
                self._look()
            if name == self._choice.name:
                self._pass_on(message)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._look()

    def _look(self) -> None:
        before = self._choice.name
        if self._choice.look(time.monotonic_ns()):
            for topic in self._topics:
                self._links[before].unsubscribe(topic)
                self._links[self._choice.name].subscribe(topic)
            self._say_chosen()

    def _say_chosen(self) -> None:
        name = self._choice.name
        self._pass_on(StreamMessage(CHOSEN, {"name": name, "others": [n for n in self._links if n != name]}))

    def _pass_on(self, message: StreamMessage) -> None:
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait(message)
