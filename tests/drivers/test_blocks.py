"""A whole read decoded at once says what the general codec says point by point."""

import struct
from random import Random

import pytest
from io_points import MS, input_point, modbus_wire
from registers import plan_of

from runtime.drivers.codec import raw_of_words
from runtime.drivers.modbus.blocks import Block
from runtime.drivers.modbus.requests import words_of
from runtime.iomap.plan.plan import CounterPoint, ExponentPoint, ReadRequest
from runtime.iomap.wire import ModbusWire, Table

WORDS = 24
KINDS = ("u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bit", "flag", "bcd16", "bcd32", "string")


def chance_wire(chance: Random) -> ModbusWire:
    """Any point that a map can name, anywhere in the block: points overlap each other as they like."""
    kind, changes = chance.choice(KINDS), {}
    if kind == "bit":
        changes["bit"] = chance.randrange(16)
    elif kind == "string":
        changes["chars"] = chance.randint(1, 8)
    elif kind in ("u16", "i16", "u32", "i32") and chance.random() < 0.5:
        low, high = sorted(chance.randrange(16 if kind.endswith("16") else 32) for _ in range(2))
        changes["bits"] = (low, high)
    orders = {of: chance.choice(("big", "big", "little")) for of in ("word_order", "byte_order")}
    wire = modbus_wire(kind, **changes, **orders)
    return modbus_wire(kind, **changes, **orders, address=100 + chance.randrange(WORDS - wire.words + 1))


def block_of(wires: list[ModbusWire], table: Table = Table.HOLDING) -> Block:
    """The first and the last of them are an exponent and a counter, the others inputs."""
    scale, *inputs, counter = wires
    device = plan_of(
        inputs=tuple(input_point(f"p{entry}", entry, wire) for entry, wire in enumerate(inputs)),
        exponents=(ExponentPoint(name="scale", wire=scale),),
        counters=(CounterPoint(name="counter", wire=counter, frozen_after_ns=MS),),
    )
    read = ReadRequest(
        group="g",
        table=table,
        address=100,
        count=WORDS,
        period_ns=MS,
        entries=tuple(range(len(inputs))),
        exponents=(0,),
        counters=(0,),
    )
    return Block.of(device, read)


@pytest.mark.parametrize("seed", range(100))
def test_block_when_its_points_lie_anyhow_then_each_is_what_the_codec_says(seed: int) -> None:
    chance = Random(seed)
    wires = [chance_wire(chance) for _ in range(chance.randint(2, 20))]
    came = chance.randbytes(2 * WORDS)
    words = struct.unpack(f">{WORDS}H", came)
    scale, *inputs, counter = (raw_of_words(wire, words[wire.address - 100 : wire.end - 100]) for wire in wires)
    found = list(block_of(wires).raws(came))
    assert [repr(raw) for raw in found] == [repr(raw) for raw in (*inputs, scale, counter)]


def test_block_when_it_is_of_bits_then_the_lowest_address_is_the_lowest_bit() -> None:
    wires = [modbus_wire("bit", table="coil", address=100 + at) for at in (0, 23, 8, 1, 3)]
    block = block_of(wires, Table.COIL)
    came = bytes((0b1001, 0b1, 0b1000_0000))
    assert list(block.raws(came)) == [1, 1, 0, 1, 1]
    assert words_of(Table.COIL, came, 10) == [1, 0, 0, 1, 0, 0, 0, 0, 1, 0]
