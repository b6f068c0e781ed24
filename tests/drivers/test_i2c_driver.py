"""The I2C driver in io's loop: chips that stop answering, that are other chips, that take longer than they may."""

import sys
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fakei2c import FakeBus
from io_points import MS, input_point, output_point
from iobench import IoBench

from runtime.core.fault import DriverFault
from runtime.core.quality import Quality
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.i2c.bus import Smbus
from runtime.drivers.i2c.driver import I2cDevice, i2c_driver
from runtime.iomap.i2citem import ChipRegister, I2cChip
from runtime.iomap.plan.plan import DevicePlan, Heartbeat, LinkPlan
from runtime.iomap.plan.settings import I2cSettings
from runtime.iomap.wire import I2cWire, Numeric

GOOD, BAD = Quality.GOOD, Quality.BAD
NUMBER = Numeric(bits=16, signed=True, floating=False, scale=1 / 256)
LINK = LinkPlan(
    name="bus", settings=I2cSettings(bus=1), timeout_ns=50 * MS, backoff_min_ns=5 * MS, backoff_max_ns=10 * MS
)


def lm75(name: str = "air_1", address: int = 0x48, identity: tuple[int, int] | None = None) -> DevicePlan:
    wire = I2cWire(item=ChipRegister(register=0, width="i16"), is_output=False, number=NUMBER)
    limit = I2cWire(item=ChipRegister(register=3, width="i16"), is_output=True, number=NUMBER)
    return DevicePlan(
        name=name,
        profile="lm75",
        nature="sensor",
        served=False,
        inputs=(input_point("t_c", 0, wire, period_ns=5 * MS),),  # type: ignore[arg-type]
        outputs=(output_point("limit_c", 0, 80.0, wire=limit, read_back=True),) if name == "air_1" else (),
        i2c=I2cChip(name="registers", address=address, identity=identity),
    )


def bench(bus: FakeBus, *devices: DevicePlan) -> IoBench:
    make = lambda context: BlockingDriver(context, lambda plan: I2cDevice(plan, lambda: bus))  # type: ignore[arg-type] # noqa: E731
    return IoBench(LINK, *devices, registry={"i2c": make})


def bus_of(*addresses: int) -> FakeBus:
    return FakeBus({address: bytearray(b"\x19\x80" + bytes(30)) for address in addresses})


async def test_chip_when_it_stops_answering_then_bad_once_told_and_back_without_a_hand() -> None:
    bus = bus_of(0x48, 0x49)
    async with bench(bus, lm75(), lm75("air_2", 0x49)) as io:
        await io.until(lambda: io.reading("air_1") == io.reading("air_2") == (25.5, GOOD))
        bus.silent.add(0x48)
        await io.until(lambda: io.reading("air_1") == (25.5, BAD))
        errors = io.engine.statistics["air_1"].errors
        await io.until(lambda: io.engine.statistics["air_1"].errors > errors + 2)
        assert io.reading("air_2") == (25.5, GOOD)  # the other chip on the bus lives
        bus.silent.clear()
        await io.until(lambda: io.reading("air_1") == (25.5, GOOD))
    assert [e for e in io.events if "air_1 lost" in e] == [
        "error: air_1 lost: no chip answers (bus, address 0x48); its inputs are BAD"
    ]


async def test_output_when_driven_then_written_and_fail_safe_on_the_way_down() -> None:
    bus = bus_of(0x48)
    async with bench(bus, lm75()) as io:
        io.drive(70.0)
        await io.until(lambda: (0x48, 3, "4600") in bus.log)
    assert bus.log[-1] == (0x48, 3, "5000")


async def test_output_when_the_chip_does_not_keep_it_then_told_once() -> None:
    bus = bus_of(0x48)
    bus.on_write = lambda _bus, address, register, _payload: bus.chips[address].__setitem__(register, 0)
    async with bench(bus, lm75()) as io:
        io.drive(70.0)
        await io.until(lambda: any("refuses to keep limit_c" in e for e in io.events))
    assert sum("refuses to keep" in e for e in io.events) == 1


async def test_heartbeat_when_outputs_are_driven_then_the_driver_counts_and_else_it_stands() -> None:
    bus, number = bus_of(0x48), Numeric(bits=8, signed=False, floating=False)
    wire = I2cWire(item=ChipRegister(register=9, width="u8"), is_output=True, number=number)
    beat = Heartbeat(point="life", wire=wire, kind="toggle", period_ns=5 * MS, minimum=3, maximum=4)
    async with bench(bus, replace(lm75(), heartbeats=(beat,))) as io:
        await io.until(lambda: io.reading("air_1") == (25.5, GOOD))
        assert not [told for told in bus.log if told[1] == 9]
        io.drive(70.0)
        await io.until(lambda: len([told for told in bus.log if told[1] == 9]) >= 4)
    assert [payload for _, register, payload in bus.log if register == 9][:4] == ["03", "04", "03", "04"]


async def test_chip_when_its_identity_is_wrong_then_told() -> None:
    async with bench(bus_of(0x48), lm75(identity=(7, 0xA1))) as io:
        await io.until(lambda: bool(io.events))
    assert "register 0x07 holds 0x00, this chip's holds 0xA1 (bus, address 0x48); is it another chip?" in io.events[0]


async def test_bus_when_a_call_hangs_then_bad_within_its_time_out_and_io_goes_on() -> None:
    bus, hangs, go_on = bus_of(0x48), threading.Event(), threading.Event()
    read = bus.read

    def hanging(address: int, register: int, count: int) -> bytes:
        if hangs.is_set():
            go_on.wait(20)
        return read(address, register, count)

    bus.read = hanging  # type: ignore[method-assign]
    async with bench(bus, lm75()) as io:
        await io.until(lambda: io.reading("air_1") == (25.5, GOOD))
        hangs.set()
        await io.until(lambda: io.reading("air_1") == (25.5, BAD))  # io's loop is free to see it
        hangs.clear()
        go_on.set()
        await io.until(lambda: io.reading("air_1") == (25.5, GOOD))
    assert any("no answer within 50 ms" in e for e in io.events)


@pytest.mark.parametrize("came", [[], [1, 2], [1, 2, 3, 4, 5]])
def test_bus_when_a_block_has_another_length_then_a_fault_and_no_number(
    monkeypatch: pytest.MonkeyPatch, came: list[int]
) -> None:
    library = SimpleNamespace(SMBus=lambda _: SimpleNamespace(read_i2c_block_data=lambda *_: came))
    monkeypatch.setitem(sys.modules, "smbus2", library)
    with pytest.raises(DriverFault, match=f"the chip gave {len(came)} bytes where 4 were asked for"):
        Smbus(1).read(0x48, 0, 4)


async def test_library_when_not_installed_then_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smbus2", None)
    async with IoBench(LINK, lm75(), registry={"i2c": i2c_driver}) as io:
        await io.until(lambda: bool(io.events))
    assert "smbus2 is not installed; install it: pip install 'voltscan[gpio]'" in io.events[0]


async def test_bus_when_there_is_none_then_told() -> None:
    link = LinkPlan(name="bus", settings=I2cSettings(bus=250))
    async with IoBench(link, lm75(), registry={"i2c": i2c_driver}) as io:
        await io.until(lambda: bool(io.events))
    assert "(/dev/i2c-250); is the bus switched on" in io.events[0]
