"""How a process with an event loop follows an online change, and ends."""

import asyncio
import signal
from collections.abc import Callable
from typing import Protocol

from runtime.core.fault import PlcFault
from runtime.node.link import LinkEnd, Order


class Follower(Protocol):
    """A process that goes over to another version without being started anew."""

    async def prepare(self, order: Order) -> None:
        """Make everything ready. Raises PlcFault or OSError when this version cannot be followed."""
        ...

    def settled(self) -> None:
        """The scan has changed over: go over too."""
        ...

    def forget(self) -> None:
        """Nothing came of what was prepared."""
        ...


async def follow(link: LinkEnd, follower: Follower) -> None:
    """Carry out the supervisor's orders until cancelled."""
    orders: asyncio.Queue[Order | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(link.fileno(), lambda: orders.put_nowait(link.receive()))
    prepared = 0
    try:
        while (order := await orders.get()) is not None:
            if order.do == "prepare":
                prepared = order.version if await _prepared(link, follower, order) else 0
            elif order.version == prepared:
                if order.do == "settled":
                    follower.settled()
                else:
                    follower.forget()
                prepared = 0
    finally:
        loop.remove_reader(link.fileno())


async def _prepared(link: LinkEnd, follower: Follower, order: Order) -> bool:
    try:
        await follower.prepare(order)
    except (PlcFault, OSError) as fault:
        link.answer(order.version, str(fault))
        return False
    link.answer(order.version)
    return True


def end_on_sigterm(stop: asyncio.Event, *, before_stop: Callable[[], None]) -> None:
    """From now on SIGTERM sets `stop`."""

    def on_signal() -> None:
        before_stop()
        stop.set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, on_signal)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
