"""Which outputs go in one request, in which order, and by which function: real frames over loopback."""

from pathlib import Path

import pytest
from io_points import input_point, modbus_wire, output_point
from playedsite import planned
from registers import Registers, plan_of, polling, read, row, without_function

from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal
from runtime.iomap.plan.merge import write_runs
from runtime.iomap.plan.plan import DevicePlan, OutputPoint

PARSE = "runtime.drivers.modbus.server.parse_request"


def outputs(*at: int, table: str = "holding", **changes: object) -> tuple[OutputPoint, ...]:
    """One-word outputs at these addresses."""
    return tuple(
        output_point(f"p{address}", entry, 0, wire=modbus_wire(address=address, table=table), **changes)
        for entry, address in enumerate(at)
    )


def joined(points: tuple[OutputPoint, ...], **changes: object) -> DevicePlan:
    return plan_of(outputs=points, write_runs=write_runs(points, alone=()), **changes)


async def test_outputs_when_neighbours_are_due_together_then_one_request_and_only_what_changed() -> None:
    device = Registers(row())
    async with polling(device, joined(outputs(10, 11, 12, 20)), 1, 2, 3, 4) as bench:
        await bench.until(lambda: device.words[20] == 4, "all written")
        assert sorted(device.written) == [(10, (1, 2, 3)), (20, (4,))]
        bench.drive(1, 5, 6, 4)
        await bench.until(lambda: device.words[12] == 6, "the changed ones")
        assert device.written[2:] == [(11, (5, 6))]


async def test_coils_when_neighbours_are_due_together_then_one_request() -> None:
    device = Registers(row(0))
    async with polling(device, joined(outputs(3, 4, 5, table="coil")), 1, 0, 1) as bench:
        await bench.until(lambda: device.words[5] == 1, "all written")
        assert device.written == [(3, (1, 0, 1))]


async def test_outputs_when_the_device_takes_few_registers_then_no_request_has_more() -> None:
    device = Registers(row())
    async with polling(device, joined(outputs(*range(10, 15)), max_write_words=2), *range(1, 6)) as bench:
        await bench.until(lambda: len(device.written) >= 3, "all written")
        assert device.written == [(10, (1, 2)), (12, (3, 4)), (14, (5,))]


async def test_outputs_when_the_profile_joins_none_then_each_alone() -> None:
    device = Registers(row())
    async with polling(device, plan_of(outputs=outputs(10, 11)), 1, 2) as bench:
        await bench.until(lambda: device.words[11] == 2, "both written")
        assert device.written == [(10, (1,)), (11, (2,))]


async def test_outputs_when_one_of_a_request_is_refused_then_the_others_are_written_and_it_alone_is_told() -> None:
    async def refuse(address: int) -> None:
        if address == 11 or (address == 10 and not device.words.get(200)):
            device.words[200] = 1  # the first request holds all three
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)

    device = Registers(row(), mood=refuse)
    async with polling(device, joined(outputs(10, 11, 12)), 1, 2, 3) as bench:
        await bench.until(lambda: (device.words[10], device.words[12]) == (1, 3), "the others")
        bench.drive(7, 2, 8)
        await bench.until(lambda: (device.words[10], device.words[12]) == (7, 8), "one by one")
    assert device.words[11] == 11
    assert [event for event in bench.events if "one request" in event or "refuses" in event][:2] == [
        (
            "info: device_1 does not take p10, p11, p12 in one request (illegal data value (code 3)): "
            "they are written one by one"
        ),
        "warning: device_1 refuses writing p11: illegal data value (code 3)",
    ]


async def test_outputs_when_the_device_has_no_function_16_then_written_by_6(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PARSE, without_function(16))
    device = Registers(row())
    async with polling(device, joined(outputs(10, 11)), 1, 2) as bench:
        await bench.until(lambda: device.words[11] == 2, "both written")
        bench.drive(3, 4)
        await bench.until(lambda: device.words[11] == 4, "both written again")
    assert sum("one request" in event for event in bench.events) == 1


async def test_outputs_when_the_profile_orders_them_then_the_control_word_comes_last() -> None:
    device = Registers(row())
    points = outputs(10, 11, 12)
    plan = plan_of(outputs=points, write_runs=write_runs(points, alone=("p10", "p12")), write_order=(2, 0))
    async with polling(device, plan, 1, 2, 3) as bench:
        await bench.until(lambda: len(device.written) == 3, "all written")
        assert sorted(device.written) == [(10, (1,)), (11, (2,)), (12, (3,))]
        for step in range(4, 8):
            bench.drive(step, 2, step)
            await bench.until(lambda step=step: device.words[10] == step, "the control word")  # type: ignore[misc]
    ordered = [(address, words[0]) for address, words in device.written if address != 11]
    assert ordered[:10] == [(12, 3), (10, 1), *((at, value) for value in range(4, 8) for at in (12, 10))]


def read_along_plan(*, read_back: bool = False) -> DevicePlan:
    return plan_of(
        inputs=(input_point("u_v", 0, modbus_wire(address=50)),),
        outputs=outputs(10, read_back=read_back),
        reads=(read(50, entries=(0,)),),
        read_write=True,
    )


async def test_output_when_the_profile_asks_for_function_23_then_a_poll_comes_back_with_the_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PARSE, without_function(3))  # what is read at all is read by function 23
    device = Registers(row())
    async with polling(device, read_along_plan(), 1) as bench:
        for value in range(2, 6):
            bench.drive(value)
            await bench.until(lambda value=value: device.words[10] == value, "written")  # type: ignore[misc]
        await bench.until(lambda: 50 in device.asked, "read along")
        assert set(device.asked) == {50}
        assert bench.engine.pages["device_1"].readings[0][0] == 11


async def test_output_when_read_back_by_function_23_then_one_request_does_both() -> None:
    device = Registers(row())
    async with polling(device, read_along_plan(read_back=True), 1) as bench:
        await bench.until(lambda: device.words[10] == 1, "written")
        await bench.until(lambda: device.asked.count(50) > 3, "polls")
        assert device.asked.count(10) == 1
        device.keeps = False
        bench.drive(2)
        told = "warning: device_1 refuses to keep p10: it holds 1.0 instead of 2"
        await bench.until(lambda: told in bench.events, "told")


async def test_output_when_the_device_lacks_function_23_then_told_once_and_written_by_6(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PARSE, without_function(23))
    device = Registers(row())
    async with polling(device, read_along_plan(), 1) as bench:
        await bench.until(lambda: device.words[10] == 1, "written")
        bench.drive(2)
        await bench.until(lambda: device.words[10] == 2, "written again")
    assert sum("no function 23" in event for event in bench.events) == 1


async def test_device_when_stopped_then_fail_safe_values_go_in_the_order_of_the_profile() -> None:
    device = Registers(row())
    plan = plan_of(outputs=outputs(10, 11, 12, 13), write_runs=((0, 1),), write_order=(3, 2))
    async with polling(device, plan, 1, 2, 3, 4) as bench:
        await bench.until(lambda: len(device.written) >= 3, "all written")
    assert [device.words[at] for at in range(10, 14)] == [0, 0, 0, 0]
    safe = [address for address, words in device.written if words[0] == 0]
    assert safe.index(13) < safe.index(12)


def test_runs_when_outputs_touch_then_joined_but_not_parts_nor_what_is_read_back_or_alone() -> None:
    points = (
        output_point("a", 0, wire=modbus_wire("f32", address=4)),
        output_point("b", 1, wire=modbus_wire("f32", address=6)),
        output_point("c", 2, wire=modbus_wire("bit", address=8, bit=1)),
        output_point("d", 3, wire=modbus_wire(address=9)),
        output_point("e", 4, wire=modbus_wire(address=10), read_back=True),
        output_point("f", 5, wire=modbus_wire(address=11)),
        output_point("g", 6, wire=modbus_wire(address=12)),
        output_point("h", 7, wire=modbus_wire(address=13)),
        output_point("i", 8, wire=modbus_wire(address=14, table="coil")),
    )
    assert write_runs(points, alone=["h"]) == ((0, 1), (5, 6))


PCS = """maker = "Test"
model = "x"
version = "1"
source = { document = "none", page = "1" }
natures = ["sensor"]
protocol = "modbus"
[modbus]
group = "fast"
max_words = 10
write_order = ["p_set_kw", "control"]
read_write = true
[groups]
fast = { period_ms = 100 }
[points]
p_set_kw = { register = 0, type = "f32", access = "rw" }
q_set_kvar = { register = 2, type = "f32", access = "rw" }
p_max_kw = { register = 4, type = "f32", access = "rw" }
control = { register = 6, type = "u16", access = "rw" }
"""
SITE = (
    '[links.l]\nkind = "modbus_tcp"\n[devices.pcs_1]\nprofile = "pcs"\nlink = "l"\n[devices.pcs_1.points]\n'
    + "".join(f"{name} = {{ fail_safe = 0 }}\n" for name in ("control", "p_max_kw", "p_set_kw", "q_set_kvar"))
)


@pytest.mark.parametrize(
    ("profile", "together", "words_max"),
    [
        (PCS, (("q_set_kvar", "p_max_kw"),), 10),
        (PCS.replace("read_write = true", "read_write = true\nmax_write_words = 2"), (("q_set_kvar", "p_max_kw"),), 2),
        (PCS.replace("read_write = true", "read_write = true\nwrite_together = false"), (), 10),
    ],
)
def test_profile_when_it_says_how_to_write_then_the_plan_does(
    tmp_path: Path, profile: str, together: tuple[tuple[str, ...], ...], words_max: int
) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "pcs.toml").write_text(profile)
    _, (plan,) = planned(tmp_path, SITE, serve=False)
    names = [point.name for point in plan.outputs]
    assert tuple(tuple(names[place] for place in run) for run in plan.write_runs) == together
    assert [names[place] for place in plan.write_order] == ["p_set_kw", "control"]
    assert (plan.max_write_words, plan.read_write) == (words_max, True)
