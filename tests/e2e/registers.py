"""A Modbus device of the end-to-end tests: a row of holding registers, served by a thread of this process."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.server import ModbusServer
from tests.ports import free_port


class Registers:
    """Unit 1 on a port of its own. What it makes of a write is `took`. `enter`: what the serving thread does first."""

    def __init__(self, words: list[int], *, host: str = "127.0.0.1", enter: Callable[[], None] = lambda: None) -> None:
        self.host, self.port = host, free_port()
        self.words = words
        self._enter = enter
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._enter()
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = ModbusServer({1: self}, host=self.host, port=self.port)
        await server.start()
        while not self._stop.is_set():  # noqa: ASYNC110 - a threading.Event cannot be awaited
            await asyncio.sleep(0.05)
        await server.stop()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def number(self, address: int) -> int:
        """Of the two registers from there on."""
        return (self.words[address] << 16) + self.words[address + 1]

    def took(self, address: int, words: Sequence[int]) -> None:
        """These are the registers' now."""
        self.words[address : address + len(words)] = words

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION, f"{table} {address} {count}")

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION, f"{address} {bits}")

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:
        assert table in (Table.HOLDING, Table.INPUT)
        return self.words[address : address + count]

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        self.took(address, words)
