"""Drivers run from the shell, without a controller: points are read, or one of them is written."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from runtime.core.elementary import Value
from runtime.drivers.base import EventLevel
from runtime.drivers.engine import IoEngine
from runtime.drivers.registry import DRIVERS
from runtime.iomap.plan.plan import IoPlan

LOOK_S = 0.05
"""How often a session looks whether it is done."""


@dataclass(frozen=True, slots=True)
class GivenFrame:
    """An output frame of values that a person gave."""

    values: Sequence[Value]
    term: int = 1
    valid_until_ns: int = 1 << 62
    driving: bool = True
    scan_no: int = 1
    leased: bool = True


@dataclass(slots=True)
class _Source:
    frame: GivenFrame | None

    def latest(self) -> GivenFrame | None:
        return self.frame


@dataclass(slots=True)
class Session:
    """A plan at work. `events` are what its drivers told. Without `values` nothing is ever written."""

    plan: IoPlan
    values: Sequence[Value] | None = None
    events: list[str] = field(default_factory=list)

    def run(self, *, seconds: float, done: Callable[[IoEngine], bool]) -> bool:
        """Work until `done`, at most so long; True when it was. Outputs are left as they are then."""
        return asyncio.run(self._run(seconds, done))

    async def _run(self, seconds: float, done: Callable[[IoEngine], bool]) -> bool:
        engine = IoEngine(
            self.plan,
            pages={},
            frames=_Source(None if self.values is None else GivenFrame(self.values)),
            clock=time.monotonic_ns,
            on_event=self._told,
            registry=DRIVERS,
            random=Random(),  # noqa: S311 - spreads reconnects in time, guards nothing
        )
        leave, end_s = asyncio.Event(), time.monotonic() + seconds
        work = asyncio.create_task(engine.run(asyncio.Event(), hand_over=leave))
        try:
            while not (finished := done(engine)) and time.monotonic() < end_s and not work.done():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)
            return finished
        finally:
            leave.set()
            await work

    def _told(self, level: EventLevel, text: str) -> None:
        if level != "info" and not text.startswith("outputs to fail-safe"):
            self.events.append(text)
