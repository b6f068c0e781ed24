"""Lines of the kernel's own simulated chip: edges, debounce, outputs, a line that another holds, a chip unplugged."""

import contextlib
import time
from pathlib import Path

import pytest
from io_points import MS, FakeFrame, input_point, output_point
from iobench import IoBench

from runtime.core.quality import Quality
from runtime.drivers.registry import DRIVERS
from runtime.iomap.places import chip_place
from runtime.iomap.plan.plan import DevicePlan, InputPoint, LinkPlan
from runtime.iomap.plan.settings import GpioSettings
from runtime.iomap.wire import GpioWire, Numeric

LINES = Path("/sys/devices/platform/gpio-sim.0")
pytestmark = [
    pytest.mark.needs_kernel_io,
    pytest.mark.skipif(not LINES.exists(), reason="needs gpio-sim: make test-vm"),
]
GOOD, BAD = Quality.GOOD, Quality.BAD
BIT = Numeric(bits=1, signed=False, floating=False, boolean=True)
LINK = LinkPlan(
    name="lines",
    settings=GpioSettings(chip="labchip"),
    timeout_ns=5000 * MS,
    backoff_min_ns=20 * MS,
    backoff_max_ns=50 * MS,
)
HOUR_NS = 3_600_000 * MS
PATIENCE_S = 60.0
"""The lab's processor is emulated."""


def pull(offset: int, *, up: bool) -> None:
    next(LINES.glob(f"gpiochip*/sim_gpio{offset}/pull")).write_text("pull-up" if up else "pull-down")


def level(offset: int) -> bool:
    return next(LINES.glob(f"gpiochip*/sim_gpio{offset}/value")).read_text().strip() == "1"


def chip_path() -> str:
    return next(f"/dev/{p.parent.name}" for p in LINES.glob("gpiochip*/sim_gpio0"))


def plug_in(there: bool) -> None:
    Path("/sys/kernel/config/gpio-sim/lab/live").write_text("1" if there else "0")


def inputs(**lines: dict[str, object]) -> DevicePlan:
    points: list[InputPoint] = []
    for entry, (name, changes) in enumerate(lines.items()):
        wire = GpioWire(point=name, line=name.upper(), is_output=False, number=BIT, **changes)  # type: ignore[arg-type]
        points.append(input_point(name, entry, wire, type_name="BOOL", period_ns=HOUR_NS))  # type: ignore[arg-type]
    return DevicePlan(name="in_1", profile="x", nature="io_module", served=False, inputs=tuple(points))


def relay(fail_safe: bool | None) -> DevicePlan:
    wire = GpioWire(point="relay", line="RELAY", is_output=True, number=BIT)
    point = output_point("relay", 0, fail_safe, wire=wire, type_name="BOOL", read_back=True)
    return DevicePlan(name="relay_1", profile="x", nature="io_module", served=False, outputs=(point,))


def bench(*devices: DevicePlan) -> IoBench:
    return IoBench(LINK, *devices, registry=DRIVERS, patience_s=PATIENCE_S)


async def test_input_when_its_line_changes_then_the_edge_comes_with_the_kernels_time() -> None:
    pull(0, up=False)
    pull(1, up=True)
    async with bench(inputs(estop={}, limit={"active_low": True})) as io:
        await io.until(lambda: (io.reading("in_1", 0), io.reading("in_1", 1)) == ((False, GOOD), (False, GOOD)))
        before_ns = io.stamp_ns("in_1", 0)
        pull(0, up=True)
        await io.until(lambda: io.reading("in_1", 0) == (True, GOOD))
        assert io.stamp_ns("in_1", 0) > before_ns  # one clock with the scan: CLOCK_MONOTONIC
        pull(1, up=False)
        await io.until(lambda: io.reading("in_1", 1) == (True, GOOD))
        pull(0, up=False)
        await io.until(lambda: io.reading("in_1", 0) == (False, GOOD))


async def test_input_when_it_bounces_then_one_edge_comes() -> None:
    pull(0, up=False)
    taken: list[object] = []
    async with bench(inputs(estop={"debounce_ms": 2000})) as io:
        await io.until(lambda: io.reading("in_1") == (False, GOOD))
        page = io.engine.pages["in_1"]
        take = page.take
        page.take = lambda *told: (taken.append(told), take(*told))[1]  # type: ignore[method-assign, assignment]
        for _ in range(5):
            pull(0, up=True)
            pull(0, up=False)
        pull(0, up=True)
        await io.until(lambda: io.reading("in_1") == (True, GOOD))
    assert len(taken) == 1


async def test_output_when_driven_then_the_line_has_its_level_and_fail_safe_is_there_before_it_is_let_go() -> None:
    async with bench(relay(fail_safe=False)) as io:
        io.drive(True)
        await io.until(lambda: level(2))
        io.drive(False)
        await io.until(lambda: not level(2))
        io.drive(True)
        await io.until(lambda: level(2))
        await io.stop()
        assert not level(2)
    assert not [e for e in io.events if "refuses" in e]


async def test_output_when_frames_stop_then_fail_safe() -> None:
    async with bench(relay(fail_safe=True)) as io:
        io.drive(False)
        await io.until(lambda: io.engine.statistics["relay_1"].requests > 1 and not level(2))
        io.frame = FakeFrame(values=(False,), valid_until_ns=time.monotonic_ns())
        await io.until(lambda: level(2))


async def test_line_when_another_holds_it_then_told_and_taken_as_soon_as_it_is_free() -> None:
    import gpiod

    with contextlib.ExitStack() as held:
        held.enter_context(gpiod.request_lines(chip_path(), consumer="thief", config={0: gpiod.LineSettings()}))
        async with bench(inputs(estop={})) as io:
            await io.until(lambda: bool(io.events))
            assert "line ESTOP is taken by thief" in io.events[0]
            held.close()
            await io.until(lambda: io.reading("in_1")[1] is GOOD)


async def test_chip_when_it_is_unplugged_then_bad_and_back_without_a_hand() -> None:
    """gpio-sim takes the chip away and brings it back: what a USB expander does."""
    polled = inputs(estop={})
    point = input_point("estop", 0, polled.inputs[0].wire, type_name="BOOL", period_ns=200 * MS)  # type: ignore[arg-type]
    device = DevicePlan(name="in_1", profile="x", nature="io_module", served=False, inputs=(point,))
    async with bench(device) as io:
        await io.until(lambda: io.reading("in_1")[1] is GOOD)
        plug_in(False)
        await io.until(lambda: io.reading("in_1")[1] is BAD)
        plug_in(True)
        await io.until(lambda: io.reading("in_1")[1] is GOOD)


def test_chip_when_told_by_path_name_or_label_then_one_place() -> None:
    assert {chip_place(name) for name in (chip_path(), Path(chip_path()).name, "labchip")} == {("gpio", chip_path())}
