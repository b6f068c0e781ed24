"""A driver's sleep between two pieces of work: until a time, or until somebody has something for it."""

import asyncio


class Rest:
    """For one sleeper. A `wake` while nobody sleeps ends the next sleep at once, unless `clear` comes before it.

    One future and one timer a sleep: `asyncio.Event` under `asyncio.timeout` costs several times as much, and fifty
    links sleep some hundred times a second.
    """

    def __init__(self) -> None:
        self._woken = False
        self._sleeper: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """End the sleep."""
        self._woken = True
        self._end()

    def clear(self) -> None:
        """Forget a `wake`: what it was about is being seen to."""
        self._woken = False

    async def sleep(self, seconds: float) -> None:
        """Sleep for so long at most."""
        if self._woken:
            return
        loop = asyncio.get_running_loop()
        self._sleeper = loop.create_future()
        timer = loop.call_later(seconds, self._end)
        try:
            await self._sleeper
        finally:
            timer.cancel()
            self._sleeper = None

    def _end(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)
