"""A link without sockets: plays the frames it is given, answers requests from a table, records what was asked."""

import asyncio
import copy
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from synthetic_site import EVENTS, FAULTS, IO, STATS, tags

from runtime.wire.fault import NoAnswerFault, RefusedFault
from runtime.wire.stream import StreamMessage


class PlayedLink:
    """A link that plays frames given to it and answers requests from a table; records what was asked."""

    def __init__(self, frames: list[tuple[str, dict[str, Any]]], *, infos: list[dict[str, Any]] | None = None) -> None:
        self.infos = infos if infos is not None else tags()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.topics: set[str] = set()
        self.answers: dict[str, Any] = {
            "hello": {"site": "demo", "version": "0.1.0"},
            "tags": {"tags": self.infos, "commands": ["mode", "grid_target", "reset"]},
            "events": {"events": EVENTS},
            "stats": STATS,
            "io": IO,
            "faults": FAULTS,
            "read": {"values": [{"name": "grid_target_1_kw", "value": 0.0, "type": "REAL", "unit": "kW"}]},
            "command": {"state": "done"},
            "write": {"done": True, "scan": 1_060_001},
            "force": {},
            "force_prepared": {"applied": []},
            "forces": {"forces": [], "prepared": []},
            "unforce": {"removed": []},
            "acknowledge": {},
            "stats_reset": {},
        }
        self._queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        for frame in frames:
            self._queue.put_nowait(frame)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def play(self, topic: str, frame: dict[str, Any]) -> None:
        self._queue.put_nowait((topic, frame))

    @property
    def drained(self) -> bool:
        return self._queue.empty()

    def subscribe(self, topic: str) -> None:
        self.topics.add(topic)

    def unsubscribe(self, topic: str) -> None:
        self.topics.discard(topic)

    async def messages(self) -> AsyncIterator[StreamMessage]:
        while True:
            topic, frame = await self._queue.get()
            yield StreamMessage(topic, frame)

    async def request(self, op: str, *, timeout_ms: int | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ARG002
        self.asked.append((op, fields))
        answer = self.answers[op]
        if isinstance(answer, NoAnswerFault | RefusedFault):
            raise answer
        return copy.deepcopy(answer)
