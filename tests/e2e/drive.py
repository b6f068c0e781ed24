"""The device of a pair's end-to-end tests: it records each write, refuses an older term, and can be late with one."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal
from runtime.drivers.modbus.server import CLIENT
from tests.e2e.registers import Registers

LOOK_S = 0.005


class Drive(Registers):
    """The device: its registers, and every write that it took, in order: when (monotonic ns), first register, words.

    A write of an older term, where it carries one, is refused and counted. `clients`: who wrote each, as a connection.
    """

    def __init__(self, *, host: str, enter: Callable[[], None]) -> None:
        self.writes: list[tuple[int, int, tuple[int, ...]]] = []
        self.clients: list[str] = []
        self.refused = 0
        self._hold_at: int | None = None
        self._held, self._go_on = threading.Event(), threading.Event()
        super().__init__([0] * 10, host=host, enter=enter)

    def value(self, number: int) -> int:
        """Of the output register of that number, as it is now."""
        return self.number(2 * number)

    @property
    def term(self) -> int:
        """The newest that came with a write; 0 while none did."""
        return self.number(8)

    def terms_written(self) -> list[int]:
        """Of every write that carried one."""
        return [term for _, address, words in self.writes if (term := term_of(address, words))]

    def scans_written(self, since_ns: int = 0) -> list[tuple[int, int]]:
        """(ms, scan number) of every write of the counter."""
        return [
            (at_ns // 1_000_000, (words[0] << 16) + words[1])
            for at_ns, address, words in self.writes
            if address == 0 and len(words) >= 2 and at_ns >= since_ns
        ]

    def hold(self, number: int, limit_s: float) -> bool:
        """Let the next write of that output be under way until `release`; whether there was one in time."""
        self._held.clear()
        self._go_on.clear()
        self._hold_at = 2 * number
        return self._held.wait(limit_s)

    def release(self) -> None:
        """What is under way arrives."""
        self._hold_at = None
        self._go_on.set()

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        if self._hold_at is not None and address <= self._hold_at < address + len(words):
            self._hold_at = None
            self._held.set()
            while not self._go_on.is_set():  # noqa: ASYNC110 - a threading.Event cannot be awaited
                await asyncio.sleep(LOOK_S)
        self.took(address, words)

    def took(self, address: int, words: Sequence[int]) -> None:
        term = term_of(address, words)
        if term and term < self.term:
            self.refused += 1
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE, "an older term")
        self.writes.append((time.monotonic_ns(), address, tuple(words)))
        self.clients.append(CLIENT.get())
        super().took(address, words)


def term_of(address: int, words: Sequence[int]) -> int:
    """What came with a write; 0: none."""
    return (words[-2] << 16) + words[-1] if address + len(words) == 10 else 0
