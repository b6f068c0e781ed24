"""The devices that the measurement polls, in a process of their own: their work must not count as the client's."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.server import ModbusServer

WORDS = 100
CHANGE_S = (0.15, 0.25)
"""Between two changes of the input whose way is measured: at random, so that no poll is in step with them."""
OUTPUT_ADDRESS = 90


@dataclass
class Echo:
    """Times of a number's way: put into one device's register 0, awaited in another's register OUTPUT_ADDRESS."""

    number: int = 0
    changed_s: float = 0.0
    ways_s: list[float] = field(default_factory=list)

    def change(self) -> None:
        """The input takes its next value."""
        self.number = self.number % 60_000 + 1
        self.changed_s = time.monotonic()

    def came(self, number: int) -> None:
        """An output was written; of each number the first time counts."""
        if number == self.number and self.changed_s > 0.0:
            self.ways_s.append(time.monotonic() - self.changed_s)
            self.changed_s = 0.0


class Peer:
    """A device of holding registers that move with each read. The first and the second take part in the echo."""

    def __init__(self, place: int, echo: Echo) -> None:
        self._place = place
        self._echo = echo
        self._reads = 0

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:  # noqa: ARG002
        """See `drivers.modbus.server.Unit`."""
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:  # noqa: ARG002
        """See `drivers.modbus.server.Unit`."""
        self._reads += 1
        words = [(self._reads + at) & 0xFFFF for at in range(address, address + count)]
        if self._place == 0 and address == 0:
            words[0] = self._echo.number
        return words

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:  # noqa: ARG002
        """See `drivers.modbus.server.Unit`."""
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        """See `drivers.modbus.server.Unit`."""
        if self._place == 1 and address == OUTPUT_ADDRESS:
            self._echo.came(words[0])


def serve(pipe: Connection, count: int) -> None:
    """Play `count` devices, and one that takes connections and never answers; their ports go into the pipe.

    Ends when something comes out of the pipe, and answers with the ways that were measured.
    """
    asyncio.run(_serve(pipe, count))


async def _serve(pipe: Connection, count: int) -> None:
    echo = Echo()
    servers = [ModbusServer({1: Peer(place, echo)}, host="127.0.0.1", port=0) for place in range(count)]
    for server in servers:
        await server.start()
    held: list[asyncio.StreamWriter] = []
    dead = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    pipe.send([server.port for server in servers] + [dead.sockets[0].getsockname()[1]])
    changing = asyncio.create_task(_change(echo))
    asked = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), asked.set)
    await asked.wait()
    asyncio.get_running_loop().remove_reader(pipe.fileno())
    changing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await changing
    with contextlib.suppress(OSError):
        pipe.send(echo.ways_s)
    dead.close()
    for writer in held:
        writer.close()
    for server in servers:
        await server.stop()


async def _change(echo: Echo) -> None:
    chance = random.Random(1)  # noqa: S311 - when a value changes is no secret
    while True:
        await asyncio.sleep(chance.uniform(*CHANGE_S))
        echo.change()
