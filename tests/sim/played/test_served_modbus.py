"""A played Modbus device as its client sees it: raw PDUs, no socket."""

import struct
from random import Random

import pytest

from runtime.core.quality import Quality
from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.modbus.server import answer
from runtime.drivers.page import DevicePage
from runtime.drivers.sink import OutputSink
from runtime.image.frame import OutputFrame
from runtime.iomap.plan.plan import OutputPoint
from runtime.sim.played.unit import PlayedUnit
from tests.sim.played.served_site import checked

NOW_NS = 1000


class Bench:
    def __init__(self, device: str, **outputs: float) -> None:
        bindings, plan = checked("demo_plant")
        devices = next(d for d in plan.devices.values() if any(one.name == device for one in d))
        self.plan = next(d for d in devices if d.name == device)
        self.page = DevicePage(self.plan.inputs, None)
        self.sink = OutputSink(fail_safe_after_ns=1, start_ns=0)
        self.values = [0.0] * len(bindings.outputs)
        for name, value in outputs.items():
            point = self.plan.point(name)
            assert isinstance(point, OutputPoint)
            self.values[point.entry] = value
        self.drive(True)
        context = LinkContext(
            link=plan.links[0],
            devices=(self.plan,),
            pages={device: self.page},
            statistics={device: DeviceStatistics()},
            sink=self.sink,
            clock=lambda: NOW_NS,
            on_event=lambda _level, _text: None,
            random=Random(1),
        )
        self.unit = PlayedUnit(context, self.plan)

    def drive(self, driving: bool) -> None:
        self.sink.take(OutputFrame(1, 1, 0, 1 << 60, driving, tuple(self.values)), NOW_NS)

    async def ask(self, pdu_hex: str) -> str:
        return (await answer(self.unit, bytes.fromhex(pdu_hex))).hex()


@pytest.mark.parametrize(
    ("request_hex", "reply_hex"),
    [
        ("04 0028 0002", "0404 e240 0001"),  # p_kw 12.3456 as 123456 * 0.1 W, low word first
        ("04 0029 0001", "0402 0001"),  # the half of a value is its half, not zero
        ("04 0033 0001", "0402 01f4"),  # 50.0 Hz
        ("04 0026 0004", "0408 0000 0000 e240 0001"),  # the undocumented pair before it reads 0
        ("04 0012 0002", "0404 0000 0000"),  # a point that no tag drives reads 0
        ("04 0053 0001", "8402"),
        ("03 0028 0002", "8302"),  # the profile knows the input table only
        ("06 0028 0001", "8602"),
    ],
)
async def test_meter_when_read_then_registers_of_the_profile(request_hex: str, reply_hex: str) -> None:
    bench = Bench("grid_meter_1", p_kw=12.3456, f_hz=50.0)
    assert await bench.ask(request_hex) == reply_hex.replace(" ", "")


async def test_device_when_the_program_does_not_drive_then_busy_and_no_frozen_values() -> None:
    bench = Bench("grid_meter_1", p_kw=12.3456)
    bench.drive(False)
    assert await bench.ask("04 0028 0002") == "8406"


async def test_inverter_when_written_then_the_programs_input_is_good_with_the_time_of_the_write() -> None:
    bench = Bench("inverter_1")
    words = struct.pack(">ff", -42.5, 3.0).hex()
    assert await bench.ask(f"10 1838 0004 08 {words}") == "1018380004"
    assert await bench.ask("06 1202 0001") == "0612020001"
    readings = {p.name: r for p, r in zip(bench.page.points, bench.page.readings, strict=True)}
    assert readings["p_set_kw"] == (-42.5, Quality.GOOD, NOW_NS)
    assert readings["q_set_kvar"] == (3.0, Quality.GOOD, NOW_NS)
    assert readings["start_cmd"] == (True, Quality.GOOD, NOW_NS)
    assert readings["heartbeat"] == (None, Quality.BAD, 0)
    assert await bench.ask("03 1838 0002") == "0304" + words[:8]


async def test_inverter_when_a_write_reaches_beyond_its_registers_then_refused_whole() -> None:
    bench = Bench("inverter_1")
    assert await bench.ask("10 183a 0003 06 404000000001") == "9002"
    assert {quality for _, quality, _ in bench.page.readings} == {Quality.BAD}
