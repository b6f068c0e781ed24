"""One io engine on the real clock with hand-made frames: `outputs` by entry; waits for states, never for times."""

import asyncio
import time
from collections.abc import Callable
from random import Random
from types import TracebackType
from typing import Self

from io_points import MS, FakeFrame, Right

from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.drivers.base import Registry
from runtime.drivers.engine import IoEngine
from runtime.iomap.plan.plan import DevicePlan, IoPlan, LinkPlan

PATIENCE_S = 120.0


class IoBench:
    """All devices on one link."""

    def __init__(
        self,
        link: LinkPlan,
        *devices: DevicePlan,
        registry: Registry,
        patience_s: float = PATIENCE_S,
        fail_safe_after_ns: int = 300 * MS,
        pair: Right | None = None,
    ) -> None:
        self.events: list[str] = []
        self.frame: FakeFrame | None = None
        self._patience_s = patience_s
        plan = IoPlan(
            site="x",
            served=False,
            fail_safe_after_ns=fail_safe_after_ns,
            links=(link,),
            devices={link.name: devices},
        )
        self.engine = IoEngine(
            plan,
            pages={},
            frames=self,
            clock=time.monotonic_ns,
            on_event=lambda level, text: self.events.append(f"{level}: {text}"),
            registry=registry,
            random=Random(1),
            pair=pair,
        )
        self._stop = asyncio.Event()

    def latest(self) -> FakeFrame | None:
        return self.frame

    def drive(self, *values: Value, driving: bool = True) -> None:
        """A frame that stays valid for an hour."""
        valid_until_ns = time.monotonic_ns() + 3_600_000 * MS
        self.frame = FakeFrame(values=values, valid_until_ns=valid_until_ns, driving=driving)

    def reading(self, device: str, entry: int = 0) -> tuple[Value | None, Quality]:
        return self.engine.pages[device].readings[entry][:2]

    def stamp_ns(self, device: str, entry: int = 0) -> int:
        return self.engine.pages[device].readings[entry][2]

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        deadline = time.monotonic() + self._patience_s
        while not holds():
            if self.task.done():
                self.task.result()
                raise AssertionError("the engine ended")
            assert time.monotonic() < deadline, f"never: {what}; events: {self.events}"
            await asyncio.sleep(0.005)

    def start(self) -> Self:
        """Run until `stop`; `async with` does both."""
        self.task = asyncio.create_task(self.engine.run(self._stop))
        return self

    async def stop(self) -> None:
        self._stop.set()
        await self.task

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        await asyncio.gather(self.task, return_exceptions=kind is not None)
