"""An asyncio loop whose clock jumps to the next timer whenever there is nothing to do: an hour takes a moment."""

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any


class _NoWait(selectors.BaseSelector):
    """Nobody waits in it: what would have been waited is added to the time."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now_s = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for something that no timer brings"
        self.now_s += max(0.0, timeout)
        return self._real.select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at time 0."""

    def __init__(self) -> None:
        self._no_wait = _NoWait()
        super().__init__(self._no_wait)

    def time(self) -> float:
        return self._no_wait.now_s

    def now_ns(self) -> int:
        return round(self.time() * 1e9)
