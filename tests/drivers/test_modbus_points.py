"""Points of all shapes between the client and a device over loopback: powers of ten, texts, bits of a register."""

import pytest
from io_points import MS, input_point, modbus_wire, output_point
from registers import Registers, plan_of, polling, read, without_function

from runtime.core.quality import Quality
from runtime.iomap.plan.plan import CounterPoint, DevicePlan, ExponentPoint
from runtime.iomap.wire import Exponent

NO_EXPONENT = 0x8000
GOOD, BAD = Quality.GOOD, Quality.BAD
SCALED = modbus_wire("i16", address=10, exponent=Exponent("f_sf"))
SCALED_SETPOINT = modbus_wire("i16", address=20, exponent=Exponent("p_sf"))


def sunspec_like() -> DevicePlan:
    return plan_of(
        inputs=(input_point("f_hz", 0, SCALED),),
        outputs=(output_point("p_w", 0, wire=SCALED_SETPOINT),),
        exponents=(
            ExponentPoint(name="f_sf", wire=modbus_wire("i16", address=11)),
            ExponentPoint(name="p_sf", wire=modbus_wire("i16", address=21)),
        ),
        reads=(read(11, exponents=(0,)), read(21, exponents=(1,)), read(10, entries=(0,))),
    )


async def test_scale_when_the_device_gives_it_then_read_first_and_values_follow_it() -> None:
    device = Registers({10: 4999, 11: 0xFFFE, 20: 0, 21: 2})
    async with polling(device, sunspec_like(), 12_300.0) as bench:
        await bench.until(lambda: bench.readings == [(49.99, GOOD)], "the scaled value")
        await bench.until(lambda: device.words[20] == 123, "the scaled set point")
        assert device.asked[:2] == [11, 21]
        device.words[21] = 1  # the set point is written anew by a scale that has changed
        await bench.until(lambda: device.words[20] == 1230, "the set point by the new scale")
    assert device.written_at(20)[:2] == [(123,), (1230,)]


async def test_scale_when_the_device_has_none_then_bad_and_not_written_and_told_once() -> None:
    device = Registers({10: 4999, 11: NO_EXPONENT, 20: 7, 21: NO_EXPONENT})
    async with polling(device, sunspec_like(), 12_300.0) as bench:
        await bench.until(lambda: device.asked.count(21) > 3, "the scales are asked for again")
        assert bench.readings == [(None, BAD)]
        assert device.written == []
        assert [event for event in bench.events if "no scale" in event] == [
            f"warning: device_1 gives no scale in {name} (-32768 is not -10 to 10): "
            "what it scales is BAD, and is not written until it does"
            for name in ("f_sf", "p_sf")
        ]
        device.words[21] = 0
        await bench.until(lambda: device.words[20] == 12_300, "written once the scale is known")


async def test_texts_and_fields_when_read_then_values_of_their_kinds() -> None:
    device = Registers({0: 0x454D, 1: 0x3334, 2: 0x3000, 3: 0xAB5C, 4: 0x0012, 5: 0x3456})
    points = (
        input_point("model", 0, modbus_wire("string", chars=6, address=0), type_name="STRING[6]"),
        input_point("mode", 1, modbus_wire("u16", bits=(4, 7), address=3), type_name="UINT"),
        input_point("serial", 2, modbus_wire("bcd32", address=4), type_name="UDINT"),
    )
    async with polling(device, plan_of(inputs=points, reads=(read(0, 6, (0, 1, 2)),))) as bench:
        await bench.until(
            lambda: bench.readings == [("EM340", GOOD), (5, GOOD), (123_456, GOOD)],
            "all shapes",
        )
        device.words[4] = 0x00A2
        await bench.until(lambda: bench.readings[2] == (123_456, BAD), "no digits: BAD with the last value")


def outputs_of_one_register() -> DevicePlan:
    return plan_of(
        outputs=(
            output_point("start", 0, False, wire=modbus_wire("bit", bit=3), type_name="BOOL"),
            output_point("mode", 1, 0, wire=modbus_wire("u16", bits=(8, 11)), type_name="UINT"),
            output_point("label", 2, "", wire=modbus_wire("string", chars=4, address=1), type_name="STRING[4]"),
        )
    )


@pytest.mark.parametrize("mask_write", [True, False])
async def test_bits_when_written_then_their_neighbours_stay(mask_write: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Registers({0: 0xF0F7, 1: 0, 2: 0})
    if not mask_write:
        monkeypatch.setattr("runtime.drivers.modbus.server.parse_request", without_function(22))
    async with polling(device, outputs_of_one_register(), True, 5, "ON") as bench:
        await bench.until(lambda: device.words == {0: 0xF5FF, 1: 0x4F4E, 2: 0}, "bits and text")
        bench.drive(False, 10, "OFF")
        await bench.until(lambda: device.words == {0: 0xFAF7, 1: 0x4F46, 2: 0x4600}, "other bits and text")
    told = [event for event in bench.events if "function 22" in event]
    assert told == (
        []
        if mask_write
        else ["info: device_1 has no function 22: bits of a register are read, changed and written back"]
    )


async def test_device_when_its_counter_stands_then_all_is_bad_until_it_moves() -> None:
    device = Registers({0: 230, 5: 1})
    plan = plan_of(
        inputs=(input_point("u_v", 0, modbus_wire(address=0)),),
        counters=(CounterPoint(name="life", wire=modbus_wire(address=5), frozen_after_ns=150 * MS),),
        reads=(read(5, counters=(0,)), read(0, entries=(0,))),
    )
    async with polling(device, plan) as bench:
        await bench.until(lambda: bench.readings == [(230, GOOD)], "a reading")
        await bench.until(lambda: bench.readings == [(230, BAD)], "BAD when the counter stands")
        device.words[5] = 2
        await bench.until(lambda: bench.readings == [(230, GOOD)], "GOOD when it moves")
    assert [event for event in bench.events if "life" in event] == [
        "warning: device_1: life has not moved for 0.15 s: its inputs are BAD",
        "info: device_1: life moves again",
    ]


async def test_device_when_a_register_is_none_then_only_its_point_is_bad_and_told_once() -> None:
    device = Registers({address: address for address in range(8) if address != 5})
    points = tuple(input_point(f"p{n}", n, modbus_wire(address=n)) for n in range(8))
    async with polling(device, plan_of(inputs=points, reads=(read(0, 8, tuple(range(8))),))) as bench:
        await bench.until(lambda: device.asked.count(0) > 10, "polls")
        assert bench.readings == [(n, GOOD) if n != 5 else (None, BAD) for n in range(8)]
        assert device.asked.count(5) == 1
    assert [event for event in bench.events if "refuses" in event] == [
        "warning: device_1 refuses reading holding registers 5 to 5: illegal data address (code 2)"
    ]
