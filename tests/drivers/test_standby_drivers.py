"""Devices on a standby: they are read, and nothing that hangs on them is touched until this controller leads."""

import struct
import time
from pathlib import Path
from types import SimpleNamespace

import can
import pytest
from fakegpiod import FakeChip, FakeGpiod, Line
from fakei2c import FakeBus
from io_points import MS, Right, input_point, output_point
from iobench import IoBench

from runtime.core.quality import Quality
from runtime.drivers import gpio
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.can.broadcast import TX_DELETE, Broadcaster
from runtime.drivers.i2c.driver import I2cDevice
from runtime.drivers.i2c.expander import GPIO, GPPU, IODIR, OLAT
from runtime.iomap.i2citem import ExpanderPin, I2cChip
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import GpioSettings, I2cSettings
from runtime.iomap.wire import GpioWire, I2cWire, Numeric

GOOD = Quality.GOOD
BIT = Numeric(bits=1, signed=False, floating=False, boolean=True)
ADDRESS = 0x20


def leads(right: Right) -> None:
    right.lease_until_ns, right.solo = time.monotonic_ns() + 3_600_000 * MS, True
    right.lead_term = 1


async def test_line_when_on_a_standby_then_inputs_are_read_and_outputs_requested_only_once_it_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chip = FakeChip("/dev/gpiochip7", "labchip", [Line(name) for name in ("ESTOP", "RELAY")])
    monkeypatch.setattr(gpio.Path, "glob", lambda _self, _pattern: [Path("/dev/gpiochip7")])
    settings, library = GpioSettings(chip="labchip"), FakeGpiod(chip)
    button = GpioWire(point="estop", line="ESTOP", is_output=False, number=BIT)
    relay = GpioWire(point="relay", line="RELAY", is_output=True, number=BIT, initial=False)
    plan = DevicePlan(
        name="lines_1",
        profile="x",
        nature="io_module",
        served=False,
        inputs=(input_point("estop", 0, button, type_name="BOOL", period_ns=5 * MS),),  # type: ignore[arg-type]
        outputs=(output_point("relay", 0, False, wire=relay, type_name="BOOL"),),
    )
    make = lambda context: BlockingDriver(context, lambda plan: gpio.GpioLines(plan, settings, library=library))  # type: ignore[arg-type] # noqa: E731
    right = Right()
    async with IoBench(LinkPlan(name="lines", settings=settings), plan, registry={"gpio": make}, pair=right) as io:
        io.drive(True)
        await io.until(lambda: io.reading("lines_1") == (False, GOOD))
        assert (chip.lines[1].settings, chip.lines[1].level) == (None, False)
        leads(right)
        await io.until(lambda: chip.lines[1].level, "relay")
        chip.set(0, level=True)
        await io.until(lambda: io.reading("lines_1") == (True, GOOD))
        right.lead_term = 0
        io.drive(False)
        stamp_ns = io.stamp_ns("lines_1")
        await io.until(lambda: io.stamp_ns("lines_1") > stamp_ns + 50 * MS)
        assert chip.lines[1].level  # neither the frame nor a fail-safe value
    assert [event for event in io.events if "outputs are" in event] == [
        "info: outputs are this controller's now",
        "info: outputs are left to the other controller",
    ]


async def test_expander_when_on_a_standby_then_its_outputs_keep_direction_and_level_until_it_leads() -> None:
    bus = FakeBus({ADDRESS: bytearray(32)})
    bus.chips[ADDRESS][IODIR : IODIR + 2] = b"\xff\xff"
    bus.chips[ADDRESS][GPIO] = 1
    door = I2cWire(item=ExpanderPin(pin=0, active_low=False, pull_up=True), is_output=False, number=BIT)
    fan = I2cWire(item=ExpanderPin(pin=8, active_low=False, pull_up=False), is_output=True, number=BIT)
    plan = DevicePlan(
        name="box_1",
        profile="x",
        nature="io_module",
        served=False,
        inputs=(input_point("door", 0, door, type_name="BOOL", period_ns=5 * MS),),  # type: ignore[arg-type]
        outputs=(output_point("fan", 0, False, wire=fan, type_name="BOOL"),),
        i2c=I2cChip(name="mcp23017", address=ADDRESS),
    )
    right = Right()
    make = lambda context: BlockingDriver(context, lambda plan: I2cDevice(plan, lambda: bus))  # type: ignore[arg-type] # noqa: E731
    link = LinkPlan(name="bus", settings=I2cSettings(bus=1))
    async with IoBench(link, plan, registry={"i2c": make}, pair=right) as io:
        io.drive(True)
        await io.until(lambda: io.reading("box_1") == (True, GOOD))
        assert bus.log == [(ADDRESS, GPPU, "0100"), (ADDRESS, IODIR, "ffff")]
        leads(right)
        await io.until(lambda: (ADDRESS, OLAT, "0001") in bus.log, "fan")
        assert (ADDRESS, IODIR, "fffe") in bus.log


def test_broadcast_when_the_right_to_send_ends_then_the_kernel_forgets_every_order() -> None:
    sent: list[bytes] = []
    made = object.__new__(Broadcaster)
    made._socket = SimpleNamespace(send=sent.append)  # type: ignore[assignment]
    made._orders = {}
    plain = can.Message(arbitration_id=0x123, is_extended_id=False, data=b"\x01")
    rated = can.Message(arbitration_id=0x18FEF017, is_fd=True, data=bytes(12))
    for frame in (plain, rated):
        made.keep(frame, period_ns=10 * MS, sends=5, now_ns=0)
    sent.clear()
    made.forget()
    heads = [struct.unpack_from("@3I4l2I", told) for told in sent]
    assert heads == [(TX_DELETE, 0, 0, 0, 0, 0, 0, 0x123, 0), (TX_DELETE, 0x800, 0, 0, 0, 0, 0, 0x98FEF017, 0)]
    made.forget()
    assert len(sent) == 2
