"""Each fault of a played Modbus device: the reply to a read and to a write while it lasts, and after it."""

from collections.abc import Sequence
from random import Random

import pytest

from runtime.drivers.modbus.pdu import Table
from runtime.drivers.modbus.server import NoReply, answer
from runtime.iomap.plan.playedfaults import FaultKind, FaultPlan
from runtime.sim.played.faultyunit import FaultyUnit

SECOND_NS = 1_000_000_000
START_S, END_S = 10, 20
READ = bytes.fromhex("03 0000 0004")
WRITE = bytes.fromhex("06 0002 0007")


class Registers:
    """Four registers that count up with each read, and the last write."""

    def __init__(self) -> None:
        self.value = 0
        self.written: tuple[int, ...] = ()

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        raise NotImplementedError

    async def read_words(self, _table: Table, _address: int, count: int) -> Sequence[int]:
        self.value += 1
        return [self.value] * count

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        raise NotImplementedError

    async def write_words(self, _address: int, words: Sequence[int]) -> None:
        self.written = tuple(words)


class Bench:
    def __init__(self, kind: FaultKind) -> None:
        self.now_ns = 0
        self.registers = Registers()
        fault = FaultPlan(
            kind=kind,
            start_ns=START_S * SECOND_NS,
            end_ns=END_S * SECOND_NS,
            delay_ns=1_000_000,
            period_ns=4 * SECOND_NS,
        )
        self.unit = FaultyUnit(self.registers, [fault], clock=lambda: self.now_ns, random=Random(1))

    async def ask(self, at_s: float, pdu: bytes = READ) -> str:
        """The reply at a time; empty when there is none."""
        self.now_ns = int(at_s * SECOND_NS)
        try:
            return (await answer(self.unit, pdu)).hex()
        except NoReply:
            return ""


FINE = {n: "0308" + f"{n:04x}" * 4 for n in range(1, 9)}


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("silent", "", ""),
        ("bus_off", "", ""),
        ("exception", "8304", "8304"),
        ("delay", FINE[2], FINE[3]),
        ("wrong_length", "0304" + "0002" * 2, "0304" + "0003" * 2),
        ("frozen", FINE[2], FINE[2]),
    ],
)
async def test_read_when_the_device_has_a_fault_then_its_reply_is_that_of_the_fault(
    kind: FaultKind, first: str, second: str
) -> None:
    bench = Bench(kind)
    assert await bench.ask(START_S - 0.1) == FINE[1]
    assert await bench.ask(START_S) == first
    assert await bench.ask(END_S - 0.1) == second
    assert await bench.ask(END_S) == FINE[bench.registers.value]


async def test_read_when_garbage_then_of_the_right_length_and_never_the_same() -> None:
    bench = Bench("garbage")
    replies = {await bench.ask(START_S + n) for n in range(8)}
    assert len(replies) == 8
    assert {reply[:4] for reply in replies} == {"0308"}


async def test_read_when_flapping_then_silent_for_the_second_half_of_each_period() -> None:
    bench = Bench("flapping")
    answers = [bool(await bench.ask(START_S + n)) for n in range(10)]
    assert answers == [True, True, False, False] * 2 + [True, True]


@pytest.mark.parametrize(
    ("kind", "reply", "taken"),
    [("silent", "", ()), ("exception", "8604", ()), ("frozen", WRITE.hex(), ()), ("garbage", WRITE.hex(), (7,))],
)
async def test_write_when_the_device_has_a_fault_then_it_is_taken_or_lost(
    kind: FaultKind, reply: str, taken: tuple[int, ...]
) -> None:
    bench = Bench(kind)
    assert await bench.ask(START_S, WRITE) == reply
    assert bench.registers.written == taken
