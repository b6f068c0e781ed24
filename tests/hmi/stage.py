"""Sets the stage for a console on made-up frames and a clock that stands still."""

from collections.abc import Callable
from typing import Any

from played_link import PlayedLink
from synthetic_site import SECOND_NS, T0_NS, FixedClock, status_frame
from textual.pilot import Pilot

from hmi.app import Console

LAST_SECOND = 590
PAUSES_MAX = 200
"""Turns of the event loop that a condition may take; more means that it will not come true."""


class Stage:
    """A console, its link and its clock. It draws only when told."""

    def __init__(self, *, frames: int = LAST_SECOND, **changes: Any) -> None:
        self.clock = FixedClock(T0_NS + LAST_SECOND * SECOND_NS)
        past = [("status", status_frame(second)) for second in range(LAST_SECOND - frames + 1, LAST_SECOND)]
        self.link = PlayedLink([*past, ("status", status_frame(LAST_SECOND, **changes))] if frames else [])
        self.app = Console(
            lambda: self.link, endpoint="/run/voltscan/demo", client="hmi-4711", clock=self.clock.clock, draw_hz=0
        )
        self.expects_frames = frames > 0

    def last_frame(self, **changes: Any) -> tuple[str, dict[str, Any]]:
        """The newest frame, once more."""
        return "status", status_frame(LAST_SECOND, **changes)

    async def heard(self, pilot: Pilot[Any]) -> None:
        """Wait until the frames and the answers to the greeting are in, then draw."""
        if self.expects_frames:
            await until(pilot, lambda: bool(self.app.model.infos) and bool(self.app.model.events))
        await self.drawn(pilot)

    async def drawn(self, pilot: Pilot[Any]) -> None:
        """Draw until layout has settled: banners and tables change heights."""
        for _ in range(3):
            self.app.redraw()
            await pilot.pause()

    async def press(self, pilot: Pilot[Any], *keys: str) -> None:
        """Type keys, one at a time, and draw."""
        await pilot.press(*keys)
        await pilot.pause()
        self.app.redraw()
        await pilot.pause()


async def until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Let the event loop run until the condition holds."""
    for _ in range(PAUSES_MAX):
        if condition():
            return
        await pilot.pause()
    raise AssertionError("the condition never came true")
