"""I2C by the kernel's stub chips: SMBus bytes, words and blocks as the chips' drivers use them, absent chips."""

from pathlib import Path

import pytest
from io_points import MS, input_point, output_point
from iobench import IoBench
from test_i2c_chips import HIGH, LOW

from runtime.core.quality import Quality
from runtime.drivers.i2c.bus import Smbus
from runtime.drivers.registry import DRIVERS
from runtime.iomap.i2citem import AdcChannel, ChipName, ChipRegister, ExpanderPin, I2cChip, I2cItem, SensorQuantity
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import I2cSettings
from runtime.iomap.wire import I2cWire, Numeric

STUBS = [p for p in Path("/sys/bus/i2c/devices").glob("i2c-*/name") if "SMBus stub" in p.read_text()]
pytestmark = [
    pytest.mark.needs_kernel_io,
    pytest.mark.skipif(not STUBS, reason="needs i2c-stub: make test-vm"),
]
GOOD, BAD = Quality.GOOD, Quality.BAD
FLOAT = Numeric(bits=64, signed=True, floating=True)
BIT = Numeric(bits=1, signed=False, floating=False, boolean=True)
PATIENCE_S = 60.0


def number() -> int:
    return int(STUBS[0].parent.name.removeprefix("i2c-"))


@pytest.fixture
def stub() -> Smbus:
    return Smbus(number())


def chip(
    name: ChipName, address: int, items: list[I2cItem], out: I2cItem | None = None, raw: Numeric = FLOAT
) -> DevicePlan:
    kind = "BOOL" if raw.boolean else "REAL"
    inputs = tuple(
        input_point(f"v_{n}", n, I2cWire(item=item, is_output=False, number=raw), period_ns=50 * MS, type_name=kind)  # type: ignore[arg-type]
        for n, item in enumerate(items)
    )
    outputs = () if out is None else (
        output_point("out", 0, 0, wire=I2cWire(item=out, is_output=True, number=raw), type_name=kind),
    )  # fmt: skip
    told = I2cChip(name=name, address=address)
    return DevicePlan(
        name="chip_1", profile="x", nature="sensor", served=False, inputs=inputs, outputs=outputs, i2c=told
    )


def bench(device: DevicePlan) -> IoBench:
    link = LinkPlan(
        name="bus",
        settings=I2cSettings(bus=number()),
        timeout_ns=10_000 * MS,
        backoff_min_ns=20 * MS,
        backoff_max_ns=50 * MS,
    )
    return IoBench(link, device, registry=DRIVERS, patience_s=PATIENCE_S)


async def test_ads1115_when_its_conversion_is_there_then_volts(stub: Smbus) -> None:
    stub.write(0x48, 0, (16384).to_bytes(2, "big"))  # the stub's config keeps bit 15, as the chip does when done
    async with bench(chip("ads1115", 0x48, [AdcChannel(channel="0", range_v=4.096, rate_hz=860)])) as io:
        await io.until(lambda: io.reading("chip_1") == (2.048, GOOD))
    assert stub.read(0x48, 1, 2) == b"\xc3\xe3"


async def test_registers_when_read_and_written_then_bytes_words_and_blocks(stub: Smbus) -> None:
    stub.write(0x50, 0x10, bytes.fromhex("e7"))
    stub.write(0x50, 0x20, bytes.fromhex("0102"))
    stub.write(0x50, 0x30, bytes.fromhex("80000001"))
    items: list[I2cItem] = [
        ChipRegister(register=0x10, width="i8"),
        ChipRegister(register=0x20, width="u16"),
        ChipRegister(register=0x30, width="i32"),
    ]
    raw = Numeric(bits=32, signed=True, floating=False)
    async with bench(chip("registers", 0x50, items, ChipRegister(register=0x40, width="u16"), raw)) as io:
        io.drive(4660.0)
        await io.until(
            lambda: [io.reading("chip_1", n) for n in range(3)] == [(v, GOOD) for v in (-25, 258, 1 - (1 << 31))]
        )
        await io.until(lambda: stub.read(0x50, 0x40, 2) == b"\x12\x34")


async def test_bme680_when_its_registers_are_there_then_four_values(stub: Smbus) -> None:
    for start, block in ((0x8A, LOW), (0xE1, HIGH), (0x1D, bytes.fromhex("8000509100756e8053fc000000a534"))):
        for offset, byte in enumerate(block):
            stub.write(0x50, start + offset, bytes([byte]))
    for register, byte in ((0xD0, 0x61), (0xF0, 0), (0x00, 0x2D), (0x02, 0x16), (0x04, 0x13)):
        stub.write(0x50, register, bytes([byte]))
    items: list[I2cItem] = [
        SensorQuantity(quantity="temperature"),
        SensorQuantity(quantity="humidity"),
        SensorQuantity(quantity="pressure"),
        SensorQuantity(quantity="gas"),
    ]
    async with bench(chip("bme680", 0x50, items)) as io:
        await io.until(lambda: all(io.reading("chip_1", n)[1] is GOOD for n in range(4)))
        got = [io.reading("chip_1", n)[0] for n in range(4)]
    assert got == [pytest.approx(v, rel=1e-3) for v in (20.23, 47.23, 1030.16, 449985.9)]


async def test_mcp23017_when_driven_then_its_latch_has_the_level_and_its_pins_are_read(stub: Smbus) -> None:
    stub.write(0x20, 0x14, b"\x00\x80")
    stub.write(0x20, 0x12, b"\x01\x00")
    async with bench(chip("mcp23017", 0x20, [ExpanderPin(pin=0)], ExpanderPin(pin=9), BIT)) as io:
        io.drive(True)
        await io.until(lambda: stub.read(0x20, 0x14, 2) == b"\x00\x82" and io.reading("chip_1") == (True, GOOD))
    assert stub.read(0x20, 0x00, 2) == b"\xff\xfd"
    assert stub.read(0x20, 0x14, 2) == b"\x00\x80"  # fail-safe on the way down, the other pin as it was


async def test_chip_when_there_is_none_then_told_and_bad(stub: Smbus) -> None:
    async with bench(chip("registers", 0x51, [ChipRegister(register=0, width="u8")])) as io:
        await io.until(lambda: bool(io.events))
    assert io.reading("chip_1") == (None, BAD)
    assert f"no chip answers (/dev/i2c-{number()}, address 0x51); is it wired and powered?" in io.events[0]
