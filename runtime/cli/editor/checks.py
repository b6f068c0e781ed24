"""When the texts in an editor are compiled: after a moment of silence, one at a time, the newest ones.

A large project takes seconds to compile, so nobody waits for it: it happens in a thread, and what was typed meanwhile
is compiled when that has ended. What was found in a text that has changed since is not told.
"""

import asyncio
from collections.abc import Awaitable, Callable

PAUSE_S = 0.25
"""Silence after a key stroke before the program is compiled."""


class Checks:
    """Runs `check` for documents that have changed; on the event loop, which `check` leaves for what takes long."""

    def __init__(self, check: Callable[[str], Awaitable[None]], pause_s: float = PAUSE_S) -> None:
        self._check = check
        self._pause_s = pause_s
        self._wanted: dict[str, None] = {}
        self._is_typed = False
        self._running: asyncio.Task[None] | None = None

    def want(self, uri: str) -> None:
        """A document has changed: it is checked next, in the text it has then."""
        self._wanted.pop(uri, None)
        self._wanted[uri] = None
        self._is_typed = True
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._wanted:
            while self._is_typed:
                self._is_typed = False
                await asyncio.sleep(self._pause_s)
            uri, _ = self._wanted.popitem()
            await self._check(uri)
