"""A serial line without a wire: two pseudo-terminals back to back, as socat makes them, and devices at one end."""

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from runtime.drivers.modbus.rtu import crc_of, frame_of
from runtime.drivers.modbus.server import Unit, answer


class PtyPair:
    """What goes in at one end comes out at the other. `ends` are the devices to open."""

    def __init__(self) -> None:
        self._masters: list[int] = []
        self._slaves: list[int] = []
        self.ends: list[str] = []
        for _ in range(2):
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._masters.append(master)
            self._slaves.append(slave)  # kept open: a line stays when a device on it goes
            self.ends.append(os.ttyname(slave))

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for here, there in (self._masters, self._masters[::-1]):
            loop.add_reader(here, lambda here=here, there=there: os.write(there, os.read(here, 4096)))
        return self

    def __exit__(self, *_: object) -> None:
        for master in self._masters:
            asyncio.get_running_loop().remove_reader(master)
        for fd in (*self._masters, *self._slaves):
            os.close(fd)


Reply = Callable[[bytes], Awaitable[list[bytes]]]
"""What comes back for a frame, piece by piece."""


@dataclass
class PlayedLine:
    """Devices on the other end of a line; takes a request for a frame when its checksum is right."""

    units: dict[int, Unit]
    frames: list[bytes] = field(default_factory=list)
    spoil: Reply | None = None
    heard: bytes = b""

    async def hear(self, some: bytes) -> list[bytes]:
        self.heard += some
        if len(self.heard) < 4 or crc_of(self.heard[:-2]) != self.heard[-2:]:
            return []
        frame, self.heard = self.heard, b""
        self.frames.append(frame)
        if self.spoil is not None:
            return await self.spoil(frame)
        return [await self.reply(frame)]

    async def reply(self, frame: bytes) -> bytes:
        unit = self.units.get(frame[0])
        return b"" if unit is None else frame_of(frame[0], await answer(unit, frame[1:-2]))


@contextlib.asynccontextmanager
async def served_on_pty(played: PlayedLine) -> AsyncIterator[str]:
    """The device to open for a client of `played`."""
    with PtyPair() as pair:
        fd = os.open(pair.ends[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[None]] = set()

        async def serve(some: bytes) -> None:
            for piece in await played.hear(some):
                os.write(fd, piece)
                await asyncio.sleep(0.002)

        def take() -> None:
            task = loop.create_task(serve(os.read(fd, 4096)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        loop.add_reader(fd, take)
        try:
            yield pair.ends[0]
        finally:
            loop.remove_reader(fd)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            os.close(fd)


@contextlib.asynccontextmanager
async def served_on_tcp(played: PlayedLine) -> AsyncIterator[int]:
    """The port of a converter to the line."""

    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while some := await reader.read(4096):
                for piece in await played.hear(some):
                    writer.write(piece)
                    await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.get_running_loop().create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
