"""Lines of a chip: edges with their time, debounce and bias handed to the kernel, outputs taken over and let go, lines
that are taken or gone."""

import asyncio
import errno
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from fakegpiod import FakeChip, FakeGpiod, Line
from gpiod import line
from io_points import MS, input_point, output_point
from iobench import IoBench

from runtime.core.fault import DriverFault
from runtime.core.quality import Quality
from runtime.drivers import gpio
from runtime.drivers.blocking import BlockingDriver
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import GpioSettings
from runtime.iomap.wire import GpioWire, Numeric

GOOD, BAD = Quality.GOOD, Quality.BAD
BIT = Numeric(bits=1, signed=False, floating=False, boolean=True)
SETTINGS = GpioSettings(chip="labchip")
HOUR_NS = 3_600_000 * MS


def wire(name: str, told: str, *, is_output: bool = False, **changes: object) -> GpioWire:
    return GpioWire(point=name, line=told, is_output=is_output, number=BIT, **changes)  # type: ignore[arg-type]


def estop(period_ns: int = HOUR_NS, **changes: object) -> DevicePlan:
    point = input_point("estop", 0, wire("estop", "ESTOP", **changes), type_name="BOOL", period_ns=period_ns)  # type: ignore[arg-type]
    return DevicePlan(name="button_1", profile="x", nature="io_module", served=False, inputs=(point,))


def relay(fail_safe: bool | None = False, **changes: object) -> DevicePlan:
    wired = wire("relay", "2", is_output=True, **changes)
    point = output_point("relay", 0, fail_safe, wire=wired, type_name="BOOL")
    return DevicePlan(name="relay_1", profile="x", nature="io_module", served=False, outputs=(point,))


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> FakeChip:
    made = FakeChip("/dev/gpiochip7", "labchip", [Line(name) for name in ("ESTOP", "LIMIT", "RELAY", "LAMP")])
    found = [Path("/dev/gpiochip0"), Path("/dev/gpiochip7")]
    monkeypatch.setattr(gpio.Path, "glob", lambda _self, _pattern: found)
    return made


def bench(chip: FakeChip, *devices: DevicePlan) -> IoBench:
    library = FakeGpiod(chip)
    link = LinkPlan(name="lines", settings=SETTINGS, backoff_min_ns=5 * MS, backoff_max_ns=10 * MS)
    make = lambda context: BlockingDriver(context, lambda plan: gpio.GpioLines(plan, SETTINGS, library=library))  # type: ignore[arg-type] # noqa: E731
    return IoBench(link, *devices, registry={"gpio": make})


async def test_input_when_an_edge_comes_then_the_page_has_it_with_the_time_of_the_edge(chip: FakeChip) -> None:
    async with bench(chip, estop(debounce_ms=20, bias="pull_up", active_low=True)) as io:
        await io.until(lambda: io.reading("button_1") == (True, GOOD))
        stamp_ns = io.stamp_ns("button_1") + 1
        chip.set(0, level=True, stamp_ns=stamp_ns)
        await io.until(lambda: io.reading("button_1") == (False, GOOD))
        assert io.stamp_ns("button_1") == stamp_ns
        settings = chip.lines[0].settings
        assert settings is not None
        assert (settings.bias, settings.debounce_period) == (line.Bias.PULL_UP, timedelta(milliseconds=20))
        assert settings.event_clock is line.Clock.MONOTONIC


async def test_input_when_no_edge_comes_then_polls_confirm_it(chip: FakeChip) -> None:
    async with bench(chip, estop(period_ns=10 * MS)) as io:
        await io.until(lambda: io.reading("button_1") == (False, GOOD))
        stamp_ns = io.stamp_ns("button_1")
        await io.until(lambda: io.stamp_ns("button_1") > stamp_ns)


async def test_output_when_driven_then_set_and_on_the_way_down_fail_safe_before_the_line_is_let_go(
    chip: FakeChip,
) -> None:
    let_go, levels = threading.Event(), []
    async with bench(chip, relay(fail_safe=False)) as io:
        io.drive(True)
        await io.until(lambda: chip.lines[2].level)
        request = chip.requests[0]
        request.release = lambda: (levels.append(chip.lines[2].level), let_go.set())[1]  # type: ignore[method-assign]
    assert await asyncio.to_thread(let_go.wait, 20)
    assert levels == [False]


@pytest.mark.parametrize(
    ("before", "level", "changes", "fail_safe", "first"),
    [
        (line.Direction.OUTPUT, True, {}, False, True),  # driven already: kept, whatever fail-safe is
        (line.Direction.OUTPUT, True, {"active_low": True, "initial": True}, False, True),
        (line.Direction.INPUT, True, {}, False, False),
        (line.Direction.INPUT, False, {}, True, True),
        (line.Direction.INPUT, False, {"initial": True}, False, True),
        (line.Direction.INPUT, False, {"initial": False, "active_low": True}, None, True),
    ],
)
async def test_output_when_taken_over_then_it_keeps_its_level_or_starts_as_the_map_says(
    chip: FakeChip, before: line.Direction, level: bool, changes: dict[str, object], fail_safe: bool | None, first: bool
) -> None:
    chip.lines[2].direction, chip.lines[2].level = before, level
    device = gpio.GpioLines(relay(fail_safe, **changes), SETTINGS, library=FakeGpiod(chip))  # type: ignore[arg-type]
    device.open()
    assert chip.lines[2].level is first
    device.close()


async def test_line_when_another_program_holds_it_then_told_once_and_taken_when_it_is_free(chip: FakeChip) -> None:
    chip.lines[0].consumer = "gpiomon"
    async with bench(chip, estop()) as io:
        await io.until(lambda: io.engine.statistics["button_1"].errors >= 3)
        assert io.reading("button_1") == (None, BAD)
        chip.lines[0].consumer = ""
        await io.until(lambda: io.reading("button_1") == (False, GOOD))
    assert [e for e in io.events if "line ESTOP is taken by gpiomon" in e] == io.events[:1]
    assert len(io.events) == 2


def test_output_when_it_cannot_be_taken_over_then_let_go_and_taken_by_the_next_attempt(chip: FakeChip) -> None:
    chip.lines[2].direction = line.Direction.OUTPUT
    lines = gpio.GpioLines(relay(), SETTINGS, library=FakeGpiod(chip))  # type: ignore[arg-type]
    chip.fails = errno.EIO
    with pytest.raises(DriverFault, match="Input/output error"):
        lines.open()
    assert chip.requests == []
    chip.fails = 0
    lines.open()
    assert chip.lines[2].consumer == "voltscan"
    lines.close()


async def test_chip_when_unplugged_then_bad_and_back_when_it_is_back(chip: FakeChip) -> None:
    async with bench(chip, estop(period_ns=5 * MS)) as io:
        await io.until(lambda: io.reading("button_1") == (False, GOOD))
        chip.gone = True
        await io.until(lambda: io.reading("button_1") == (False, BAD))
        chip.gone, chip.lines[0].level = False, True
        await io.until(lambda: io.reading("button_1") == (True, GOOD))


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda chip: setattr(chip, "label", "other"), "no such GPIO chip (labchip); there are: gpiochip7 (other)"),
        (lambda chip: setattr(chip, "gone", True), "this machine shows no GPIO chip"),
        (lambda chip: setattr(chip.lines[0], "name", "STOP"), "no line ESTOP (/dev/gpiochip7); `gpioinfo` lists"),
    ],
)
async def test_chip_or_line_when_not_there_then_told_with_what_there_is(
    chip: FakeChip, break_it: Callable[[FakeChip], None], told: str
) -> None:
    break_it(chip)
    async with bench(chip, estop()) as io:
        await io.until(lambda: bool(io.events))
    assert told in io.events[0]


async def test_library_when_not_installed_then_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    link = LinkPlan(name="lines", settings=SETTINGS)
    async with IoBench(link, estop(), registry={"gpio": gpio.gpio_driver}) as io:
        await io.until(lambda: bool(io.events))
    assert "gpiod is not installed; install it: pip install 'voltscan[gpio]'" in io.events[0]
