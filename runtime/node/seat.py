"""What a process of a controller is given when it is started, and how it follows an online change."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.core.fault import PlcFault
from runtime.node.link import LinkEnd, Order


@dataclass(frozen=True, slots=True)
class Seat:
    """`folder` holds the files of the version that runs, `number` counts versions; the descriptors are inherited.

    In a pair there are eventfds, else -1: by `bell_fd` scan tells redundancy of each scan, by `io_bell_fd` scan and
    redundancy tell io that there may be something to write.
    """

    run_dir: Path
    folder: Path
    number: int
    control_fd: int
    image_fd: int
    link_fd: int
    bell_fd: int = -1
    io_bell_fd: int = -1

    @classmethod
    def from_words(cls, words: list[str]) -> "Seat":
        """The seat that `words` wrote."""
        run_dir, folder, *numbers = words
        return cls(Path(run_dir), Path(folder), *map(int, numbers))

    def words(self) -> tuple[str, ...]:
        """As words of a command line."""
        return tuple(map(str, (self.run_dir, self.folder, self.number, *self._fds)))

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that there are."""
        return tuple(fd for fd in self._fds if fd >= 0)

    @property
    def bells(self) -> tuple[int, ...]:
        """Those that scan rings."""
        return tuple(fd for fd in (self.bell_fd, self.io_bell_fd) if fd >= 0)

    @property
    def _fds(self) -> tuple[int, ...]:
        return (self.control_fd, self.image_fd, self.link_fd, self.bell_fd, self.io_bell_fd)


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
